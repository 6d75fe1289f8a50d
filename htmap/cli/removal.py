"""Removing maps."""

from __future__ import annotations

import sys

import click

import htmap
from htmap.cli import messages
from htmap.cli.selection import Selection, chooses_maps
from htmap.exceptions import CorruptPack, MapWasRemoved, TagNotFound

_YES = click.option("--yes", "-y", is_flag=True, help="Do not ask before everything is removed.")


@click.command()
@chooses_maps()
@click.option(
    "--force",
    is_flag=True,
    help="Remove it also if the schedd cannot be had (jobs may run on), or it is damaged.",
)
@_YES
@click.pass_context
def remove(context: click.Context, selection: Selection, force: bool, yes: bool) -> None:
    """Remove maps for good: jobs, inputs and results."""
    if selection.takes_all() and not (yes or _agreed()):
        context.exit(1)
    for tag in selection.tags():
        try:
            htmap.load(tag).remove(force=force)
        except (TagNotFound, MapWasRemoved):
            continue  # by another process
        except CorruptPack as error:
            if not force:
                _tell_damage(tag, error)
                continue
            from htmap.management import discard

            discard(tag)
        click.echo(f"Removed map {tag}")


@click.command()
@click.option("--all", "everything", is_flag=True, help="Remove every map there is.")
@_YES
@click.pass_context
def clean(context: click.Context, everything: bool, yes: bool) -> None:
    """Remove the maps that were made without a tag."""
    from htmap.management import cleaning

    if everything and htmap.get_tags() and not (yes or _agreed()):
        context.exit(1)
    removed, nothing = [], True
    for tag, error in cleaning(all=everything):
        nothing = False
        if error is None:
            removed.append(tag)
        else:
            _tell_damage(tag, error)
    if removed:
        click.echo(f"Cleaned maps {', '.join(removed)}")
    elif nothing:
        click.echo("There is nothing to clean")


def _tell_damage(tag: str, error: CorruptPack) -> None:
    messages.error(f"map {tag}: {error}. `htmap remove --force {tag}` removes it")


def _agreed() -> bool:
    """Ask before everything goes, where there is somebody to ask."""
    if sys.stdin is None or not sys.stdin.isatty():
        return True
    everything = len(htmap.get_tags())
    return click.confirm(f"Remove all maps ({everything}) with their results?", err=True)

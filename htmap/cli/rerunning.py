"""Running components again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from htmap.cli import messages
from htmap.cli.completion import complete_tags
from htmap.cli.components import STATUS
from htmap.cli.selection import Selection, chooses_maps, do_to_each, existing_map
from htmap.statuses import ComponentStatus

if TYPE_CHECKING:
    from htmap import Map


@click.group()
def rerun() -> None:
    """Run components that have ended again."""


@rerun.command()
@click.argument("tag", shell_complete=complete_tags)
@click.argument("components", nargs=-1, type=int)
@click.option(
    "--status", type=STATUS, metavar="STATUS", help="Those that have it now, such as LOST."
)
def components(tag: str, components: tuple[int, ...], status: ComponentStatus | None) -> None:
    """Run some components of a map again, with the same inputs.

    COMPONENTS are their numbers, from 0. If one of them has not ended, none is run.
    """
    map_ = existing_map(tag)
    if status is not None:
        components = (*components, *map_.components_by_status()[status])
        if not components:
            messages.warning(f"map {map_.tag} has no component that is {status}")
            return
    elif not components:
        raise click.UsageError(
            "No components are given: name their numbers, or a --status. "
            f"`htmap rerun map {tag}` runs all of them."
        )
    chosen = sorted(set(components))
    map_.rerun(chosen)
    click.echo(f"Reran components {', '.join(map(str, chosen))} of map {map_.tag}")


@rerun.command("map")
@chooses_maps()
def whole(selection: Selection) -> None:
    """Run all components of maps again, with the same inputs.

    A map of which some have not ended is told about, and left as it is.
    """

    def run_again(map_: Map) -> None:
        map_.rerun()
        click.echo(f"Reran map {map_.tag}")

    do_to_each(selection, run_again)

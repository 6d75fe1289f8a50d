"""Where a map lies on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from htmap.cli import messages
from htmap.cli.completion import complete_tags
from htmap.cli.selection import NO_TAGS, existing, words_or_standard_input

if TYPE_CHECKING:
    from htmap.store.folder import MapFolder

_TARGETS = (
    "map",
    "tag",
    "events",
    "logs",
    "inputs",
    "outputs",
    "output_files",
)


def _complete(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[Any]]:
    tag, colon, beginning = incomplete.partition(":")
    if not colon:
        return complete_tags(context, parameter, incomplete)
    return [
        CompletionItem(f"{tag}:{target}") for target in _TARGETS if target.startswith(beginning)
    ]


@click.command()
@click.argument("targets", nargs=-1, metavar="TAG[:TARGET]...", shell_complete=_complete)
def path(targets: tuple[str, ...]) -> None:
    """Print the paths of a map's files.

    TARGET is map (the map's folder; the default), tag (the file that makes the tag its name),
    events (HTCondor's event log), logs (the folders of standard output and standard error),
    inputs, outputs, or output_files. What each run of the map has of its own is printed for every
    run, the last one at the end. Without any TAG, they are read from standard input if that is no
    terminal.
    """
    from htmap import recovery
    from htmap.store.folder import MapFolder

    chosen = [_parse(word) for word in words_or_standard_input(targets)]
    if not chosen:
        messages.warning(NO_TAGS)
    for tag, (_, target) in zip(existing(tag for tag, _ in chosen), chosen, strict=True):
        for each in _paths(MapFolder(recovery.find(tag)), tag, target):
            click.echo(each)


def _parse(word: str) -> tuple[str, str]:
    tag, _, target = word.partition(":")
    if target and target not in _TARGETS:
        raise click.UsageError(
            f"There is no target {target!r} ({word}); it is one of {', '.join(_TARGETS)}."
        )
    return tag, target or "map"


def _paths(folder: MapFolder, tag: str, target: str) -> Iterator[Path]:
    from htmap.store import claims

    if target == "map":
        yield folder.path
    elif target == "tag":
        yield claims.folder() / tag
    elif target == "events":
        yield folder.events
    else:
        for run in folder.runs():
            if target == "logs":
                yield from (run.stdout(0).parent, run.stderr(0).parent)
            elif target == "inputs":
                yield run.input(0).parent
            elif target == "outputs":
                yield run.output(0).parent
            else:
                yield run.files

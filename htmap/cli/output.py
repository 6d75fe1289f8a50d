"""What components wrote, and why they failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from htmap.cli import messages
from htmap.cli.completion import complete_tags
from htmap.cli.quantities import SECONDS
from htmap.cli.selection import Selection, chooses_maps, existing_map, maps_of
from htmap.exceptions import OutputNotFound

if TYPE_CHECKING:
    from htmap import Map
    from htmap.streams import Stream


@click.command()
@chooses_maps()
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Print at most N reports (0, the default, for all).",
)
def errors(selection: Selection, limit: int) -> None:
    """Print the error report of each component that failed."""
    printed = 0
    for map_ in maps_of(selection):
        for report in map_.error_reports():
            click.echo(report)
            printed += 1
            if printed == limit:
                return


def _reads_a_stream(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the arguments that say whose text it prints, and when."""
    for decorate in (
        click.option(
            "--timeout", type=SECONDS, metavar="SECONDS", help="Wait no longer than this."
        ),
        click.option(
            "--follow", "-f", is_flag=True, help="Print what it writes while it runs, to its end."
        ),
        click.argument("component", type=int),
        click.argument("tag", shell_complete=complete_tags),
    ):
        command = decorate(command)
    return command


@click.command()
@_reads_a_stream
def stdout(tag: str, component: int, timeout: float | None, follow: bool) -> None:
    """Print what a component wrote to standard output.

    COMPONENT is its number, from 0. Without --follow, all is printed once it has ended.
    """
    map_ = existing_map(tag)
    _print(map_, map_.stdout, component, timeout, follow)


@click.command()
@_reads_a_stream
def stderr(tag: str, component: int, timeout: float | None, follow: bool) -> None:
    """Print what a component wrote to standard error.

    COMPONENT is its number, from 0. Without --follow, all is printed once it has ended.
    """
    map_ = existing_map(tag)
    _print(map_, map_.stderr, component, timeout, follow)


def _print(map_: Map, stream: Stream, component: int, timeout: float | None, follow: bool) -> None:
    if follow:
        for piece in stream.follow(component, timeout):
            click.echo(piece, nl=False)
        return
    try:
        text = stream.get(component, timeout=0)
    except OutputNotFound:
        if timeout == 0:
            raise
        click.echo(f"Waiting for component {component} to end ...", err=True)
        text = stream.get(component, timeout)
    hold = map_.holds.get(component % len(map_))
    if hold is not None:
        messages.error(f"component {component} is held, and has not ended: {hold.reason}")
    click.echo(text, nl=False)

"""What is done to all jobs of a map: hold, release, pause, resume, vacate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from htmap.cli import messages
from htmap.cli.selection import Selection, chooses_maps, do_to_each

if TYPE_CHECKING:
    from htmap import Map


@click.command()
@chooses_maps()
def hold(selection: Selection) -> None:
    """Hold the jobs of maps until they are released."""
    _act(selection, lambda map_: map_.hold(), "Held")


@click.command()
@chooses_maps()
def release(selection: Selection) -> None:
    """Let held jobs of maps run, again from their beginning."""
    _act(selection, lambda map_: map_.release(), "Released")


@click.command()
@chooses_maps()
def pause(selection: Selection) -> None:
    """Pause the running jobs of maps where they are."""
    _act(selection, lambda map_: map_.pause(), "Paused")


@click.command()
@chooses_maps()
def resume(selection: Selection) -> None:
    """Let paused jobs of maps go on."""
    _act(selection, lambda map_: map_.resume(), "Resumed")


@click.command()
@chooses_maps()
def vacate(selection: Selection) -> None:
    """Send the running jobs of maps back to the queue."""
    _act(selection, lambda map_: map_.vacate(), "Vacated")


def _act(selection: Selection, action: Callable[[Map], None], done: str) -> None:
    def act(map_: Map) -> None:
        if map_.is_active:
            action(map_)
            click.echo(f"{done} map {map_.tag}")
        else:
            messages.warning(f"map {map_.tag} has no jobs: all its components have ended")

    do_to_each(selection, act)

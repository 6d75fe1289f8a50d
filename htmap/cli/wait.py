"""Waiting for maps."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import click

from htmap.cli import messages
from htmap.cli.news import wait_for
from htmap.cli.quantities import SECONDS
from htmap.cli.selection import Selection, chooses_maps, maps_of
from htmap.exceptions import MapWasRemoved, TimeoutError
from htmap.statuses import ComponentStatus

if TYPE_CHECKING:
    from htmap import Map

Counts = Mapping[ComponentStatus, int]
Draw = Callable[[Mapping[str, Counts]], None]

#: Those that a component does not leave by itself, and that are not well.
_STUCK = (
    ComponentStatus.ERRORED,
    ComponentStatus.REMOVED,
    ComponentStatus.LOST,
    ComponentStatus.HELD,
)
_STOPPED = (ComponentStatus.COMPLETED, *_STUCK)


@click.command()
@chooses_maps()
@click.option("--timeout", type=SECONDS, metavar="SECONDS", help="Wait no longer than this.")
def wait(selection: Selection, timeout: float | None) -> None:
    """Wait until no component is left that can go on.

    The exit status is 0 if all of them are COMPLETED, and 1 if any is ERRORED, REMOVED, LOST or
    HELD, or the time is over.
    """
    maps = list(maps_of(selection))
    with _drawing() as draw:
        last = _wait(maps, timeout, draw)
    for map_ in maps:
        _tell(map_, last[map_.tag])


def _wait(maps: list[Map], timeout: float | None, draw: Draw) -> dict[str, Counts]:
    from htmap.handle import News, look_at

    deadline = None if timeout is None else time.monotonic() + timeout
    counts: dict[str, Counts] = {map_.tag: {} for map_ in maps}
    waiting = maps
    look_at(maps)
    with News(maps) as news:
        while True:
            for map_ in waiting:
                counts[map_.tag] = _counts(map_)
            draw(counts)
            waiting = [map_ for map_ in waiting if _goes_on(counts[map_.tag])]
            if not waiting:
                return counts
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError(_late(timeout, {m.tag: counts[m.tag] for m in waiting}))
            wait_for(news, left)


def _counts(map_: Map) -> Counts:
    try:
        return map_._counts()
    except MapWasRemoved:
        return {}


def _goes_on(counts: Counts) -> bool:
    return any(number for status, number in counts.items() if status not in _STOPPED)


def _words(counts: Counts, statuses: Iterable[ComponentStatus]) -> str:
    return ", ".join(f"{counts[status]} {status}" for status in statuses if counts.get(status))


def _late(timeout: float | None, waiting: Mapping[str, Counts]) -> str:
    maps = "; ".join(f"map {tag}: {_words(counts, counts)}" for tag, counts in waiting.items())
    return f"after {timeout:g} s there are components that go on ({maps}). They do so: wait again"


def _tell(map_: Map, counts: Counts) -> None:
    """Say what is not well with a map that was waited for."""
    if not counts:
        messages.error(f"map {map_.tag} was removed")
    elif stuck := _words(counts, _STUCK):
        messages.error(
            f"map {map_.tag}: of {sum(counts.values())} components {stuck}. {_advice(map_, counts)}"
        )


def _advice(map_: Map, counts: Counts) -> str:
    advice = []
    if counts.get(ComponentStatus.HELD):
        advice.append(f"HTCondor's reason for the first hold: {_first_hold(map_)}")
    if any(status.is_failure and number for status, number in counts.items()):
        advice.append(f"`htmap errors {map_.tag}` shows what happened to those that failed")
    if counts.get(ComponentStatus.LOST):
        advice.append(f"`htmap rerun components {map_.tag} --status LOST` runs the lost ones again")
    return ". ".join(advice)


def _first_hold(map_: Map) -> str:
    try:
        holds = map_.holds
    except MapWasRemoved:
        holds = {}
    return holds[min(holds)].reason if holds else "it was released meanwhile"


@contextlib.contextmanager
def _drawing() -> Iterator[Draw]:
    if sys.stderr.isatty():
        from htmap.cli.live import Bars

        with Bars() as bars:
            yield bars.draw
    else:
        yield _say_once()


def _say_once() -> Draw:
    said = set()

    def draw(maps: Mapping[str, Counts]) -> None:
        for tag, counts in maps.items():
            if tag not in said and _goes_on(counts):
                said.add(tag)
                click.echo(f"Waiting for map {tag}: {_words(counts, counts)}", err=True)

    return draw

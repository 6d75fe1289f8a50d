"""What there is to see of a map at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from htmap.display.tables import human_bytes
from htmap.exceptions import HTMapException, MapWasRemoved
from htmap.handle import MapHandle
from htmap.statuses import ComponentStatus
from htmap.store.state import State


class Picture(NamedTuple):
    """What there is to see of a map.

    Attributes
    ----------
    tag : str
    counts : mapping
        How many components have each status.
    codes : bytes
        The code of each component's status.
    facts : tuple of str
        What the components took so far, and how long it will take, as far as that is known.
    note : str
        What is wrong with the map as a whole, if anything.
    removed : bool
        Whether it was removed.
    """

    tag: str
    counts: Mapping[ComponentStatus, int]
    codes: bytes
    facts: tuple[str, ...] = ()
    note: str = ""
    removed: bool = False

    @property
    def at_rest(self) -> bool:
        """Whether nothing will change unless somebody does something."""
        return self.removed or all(
            status.is_final for status, number in self.counts.items() if number
        )


def take(map_: MapHandle, before: Picture | None = None) -> Picture:
    """Look at a map.

    Parameters
    ----------
    map_ : MapHandle
    before : Picture, optional
        What was seen last, which is shown together with what is wrong, where something is.
    """
    last = before or Picture(map_.tag, {}, b"")
    try:
        state = map_._refresh()
    except MapWasRemoved as error:
        return last._replace(note=str(error), facts=(), removed=True)
    except (HTMapException, OSError) as error:
        return last._replace(note=str(error), facts=())
    counts = {status: state.count(status) for status in ComponentStatus}
    return Picture(map_.tag, counts, bytes(state.codes), tuple(_facts(state)))


def _facts(state: State) -> list[str]:
    facts = []
    timing = state.timing
    if timing.wall:
        facts.append(f"run time {span(timing.wall)} in all, {span(timing.mean)} each")
    if memory := max(state.memory, default=0):
        facts.append(f"memory up to {human_bytes(memory * 1024 * 1024)}")
    if left := time_to_go(state):
        facts.append(f"{left} to go")
    return facts


def time_to_go(state: State) -> str:
    """Return about how long a map will still take, in words; nothing where that is not known.

    It is what is left, at the pace of the components that have returned, by as many jobs as run
    now. Those that are held wait for somebody, not for their turn.
    """
    left = state.unfinished - state.count(ComponentStatus.HELD)
    jobs = len(state.jobs_with(ComponentStatus.RUNNING)) if left else 0
    if not jobs or not state.timing.components:
        return ""
    seconds = left * state.timing.mean / jobs
    return "a few seconds" if seconds < 10 else f"about {span(seconds)}"


def span(seconds: float) -> str:
    """Return a length of time in words, in one unit that suits it.

    Examples
    --------
    >>> span(0.0042), span(7.25), span(200), span(9000), span(200_000)
    ('4.2 ms', '7.2 s', '3 min', '2.5 h', '2.3 days')
    """
    if seconds < 0.9995:
        return f"{1000 * seconds:.2g} ms" if seconds < 0.0995 else f"{seconds:.2f} s"
    if seconds < 99.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 47.95 else f"{hours / 24:.1f} days"

"""What every part of a map's handle rests on: its state, and waiting."""

from __future__ import annotations

import contextlib
import logging
import operator
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from htmap.display.summaries import one_line
from htmap.exceptions import (
    CorruptEventLog,
    CorruptPack,
    HTMapException,
    InvalidArgument,
    MapComponentHeld,
    MapWasRemoved,
    NoSuchComponent,
    OutputNotFound,
    TimeoutError,
)
from htmap.pool import bringing_home, queue
from htmap.pool.tracker import Tracker
from htmap.pool.watch import Watch
from htmap.statuses import ComponentStatus
from htmap.store.folder import MapFolder
from htmap.store.looks import Looks
from htmap.store.reading import Reading
from htmap.store.state import State

logger = logging.getLogger(__name__)

#: A time in seconds, or as a timedelta; None waits for ever.
Timeout = float | timedelta | None


# Seconds without news in the event log after which the queue is asked; doubled each time.
_SILENCE, _LONGEST_SILENCE = 30.0, 600.0
# Seconds without news after which whoever waits looks whether the queue's file is still the same.
_GLANCE = 5.0
# Seconds after which a schedd that could not clear a doubt about it is asked again.
_DOUBT = 1.0


def seconds(timeout: float | timedelta) -> float:
    """Return a time as a number of seconds."""
    if isinstance(timeout, timedelta):
        return timeout.total_seconds()
    try:
        return float(timeout)
    except (TypeError, ValueError):
        raise InvalidArgument(
            f"the timeout is {timeout!r}: it has to be a number of seconds, or a timedelta"
        ) from None


class News:
    """Waits for news of maps: from their event logs and, when these are silent, from the queue.

    What it compares with is looked at when it is made, so a change after that is never missed.

    Parameters
    ----------
    maps : iterable of MapHandle
    *more : Path
        Other files or folders whose change is news too.
    """

    def __init__(self, maps: Iterable[MapHandle], *more: Path) -> None:
        self._maps = list(maps)
        self._watch = Watch(*(map_._folder.events for map_ in self._maps), *more)
        self._silence = _SILENCE
        self._quiet_since = time.monotonic()

    def __enter__(self) -> News:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._watch.close()

    def wait(self, timeout: float | None = None) -> bool:
        """Return when there may be news, or the time is over; tell whether a file has changed."""
        longest = min(_GLANCE, self._silence)
        due = bringing_home.due_in(map_._tracker for map_ in self._maps)
        longest = longest if due is None else min(longest, due)
        changed = self._watch.wait(longest if timeout is None else min(timeout, longest))
        if due is not None:
            look_at(self._maps)
        now = time.monotonic()
        if changed:
            self._silence = _SILENCE
            self._quiet_since = now
        elif now - self._quiet_since >= self._silence:
            for map_ in self._maps:
                if not map_._tracker.is_apart:
                    map_._ask_queue()
            self._silence = min(2 * self._silence, _LONGEST_SILENCE)
            self._quiet_since = time.monotonic()
        return changed


def look_at(maps: Iterable[MapHandle]) -> None:
    """See what has become of maps whose schedd does not see their files, by one question for all.

    For other maps, and where somebody has just looked, nothing is done: reading is enough. A schedd
    that cannot be had is told by a warning; what was known is known.
    """
    try:
        bringing_home.look(map_._tracker for map_ in maps)
    except (HTMapException, OSError) as error:
        warnings.warn(f"what is known of maps is not the latest: {error}", stacklevel=4)


class MapHandle:
    """A map as it is now: what state its components are in, and how to wait for another."""

    def __init__(self, tag: str, map_id: str) -> None:
        self.tag = tag
        self._folder = MapFolder(map_id)
        self._next_doubt = 0.0
        try:
            self._tracker = Tracker(self._folder)
        except FileNotFoundError as error:
            raise self._gone(error) from None
        except CorruptPack as error:
            error.tag = tag
            raise

    def __repr__(self) -> str:
        return f"Map(tag = {self.tag})"

    def __len__(self) -> int:
        """Return the number of components."""
        return len(self._tracker.state)

    def _gone(self, error: FileNotFoundError) -> HTMapException:
        """Return what to raise where a file is missing: what makes it a map goes first."""
        if not self._folder.exists:
            return self._was_removed()
        return CorruptPack(
            f"{error.filename} of the map {self.tag!r} is missing, though nobody removed the map. "
            f"What is left of it is in {self._folder.path}",
            tag=self.tag,
            path=error.filename,
        )

    def _was_removed(self) -> MapWasRemoved:
        return MapWasRemoved(
            f"the map {self.tag!r} was removed; its results are gone. Make it again with htmap.map",
            tag=self.tag,
        )

    def _refresh(self) -> State:
        """Return the state with all that the event log tells by now.

        Where it seems that the log has lost something, or that the queue itself has gone, that is
        looked into.
        """
        state = self._read_log()
        now = time.monotonic()
        if self._tracker.is_apart:
            if now >= self._next_doubt and self._tracker.has_lost_events:
                self._next_doubt = now + _DOUBT
                Looks(self._folder.looks).expect()
            look_at([self])
            self._read_log()
        elif self._tracker.has_spooled:
            look_at([self])  # what is still in the spool may go
        elif state.unfinished and now >= self._next_doubt:
            has_lost_events = self._tracker.has_lost_events
            if has_lost_events or self._tracker.may_be_lost():
                self._next_doubt = now + _DOUBT
                self._ask_queue(only_lost=not has_lost_events)
        return self._tracker.state

    def _read_log(self) -> State:
        try:
            if not self._folder.exists:
                raise self._was_removed()
            self._tracker.refresh()
        except FileNotFoundError as error:
            raise self._gone(error) from None
        except (CorruptEventLog, CorruptPack) as error:
            error.tag = self.tag
            raise
        return self._tracker.state

    def _counts(self) -> dict[ComponentStatus, int]:
        """Return how many components have each status."""
        state = self._refresh()
        return {status: state.count(status) for status in ComponentStatus}

    def _wait_until(
        self,
        ready: Callable[[State], bool],
        timeout: Timeout,
        what: str,
        began: float | None = None,
        component: int | None = None,
    ) -> None:
        """Return once ``ready`` says so; woken by each change of the event log.

        The time runs from ``began`` (of the monotonic clock), which by default is now; an error is
        about ``component``, if that is given.
        """
        limit = None if timeout is None else seconds(timeout)
        began = time.monotonic() if began is None else began
        deadline = None if limit is None else began + limit
        if ready(self._refresh()):
            return
        with News([self]) as news:
            while not ready(self._refresh()):
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError(
                        f"{what} of the map {self.tag!r} did not come within {limit:.3g} s. "
                        f"{one_line(self.tag, self._tracker.state)}. The map goes on: wait again, "
                        "or look at Map.holds",
                        tag=self.tag,
                        component=component,
                    )
                news.wait(left)

    def _ask_queue(self, only_lost: bool = False) -> None:
        """Close the components whose jobs are gone though the event log does not say so.

        And learn what the others do, unless the log tells of something at the same time. A look at
        the status of a map whose log is whole asks only which have gone together with their queue.
        """
        if not self._tracker.state.unfinished:
            return
        before = bytes(self._tracker.state.codes)
        try:
            present = queue.jobs_of(self._folder.map_id)
        except HTMapException as error:
            level = logging.DEBUG if only_lost else logging.WARNING
            logger.log(level, "waiting for the map %r: %s", self.tag, error)
            return
        # What ended before the queue was asked is in the log by now. A map that was removed
        # meanwhile is told about by whoever looks at it next.
        with contextlib.suppress(MapWasRemoved):
            self._read_log()
            if not only_lost:
                self._tracker.believe(present, before)
            if not self._tracker.close_missing(present, only_lost) and not only_lost:
                logger.warning(
                    "waiting for the map %r: its jobs were submitted to another queue than that "
                    "of the schedd %s, and may well be there",
                    self.tag,
                    present.queue.schedd if present.queue else "in use",
                )

    def _index(self, component: int) -> int:
        size = len(self)
        try:
            index = operator.index(component)
        except TypeError:
            index = size
        index = index + size if index < 0 else index
        if not 0 <= index < size:
            raise NoSuchComponent(
                f"the map {self.tag!r} has no component {component!r}: it has {size}, from 0",
                tag=self.tag,
                component=component,
            )
        return index

    def _wait_for(
        self, index: int, timeout: Timeout, reading: Reading | None = None
    ) -> ComponentStatus:
        """Wait until a component has come to an end, or is held.

        One that has ended together with what is being read is not looked at anew.
        """
        if reading is not None and reading.is_at(*self._tracker.run_and_job(index)):
            status = self._tracker.state[index]
            if status.is_final:
                return status

        def ready(state: State) -> bool:
            return state[index].is_final or state[index] is ComponentStatus.HELD

        if timeout is None or seconds(timeout) > 0:
            self._wait_until(ready, timeout, f"the output of component {index}", component=index)
        elif not ready(self._refresh()):
            raise OutputNotFound(
                f"component {index} of the map {self.tag!r} has no output yet: it is "
                f"{self._tracker.state[index]}. Map.get({index}) waits for it",
                tag=self.tag,
                component=index,
            )
        return self._tracker.state[index]

    def _held(self, component: int) -> MapComponentHeld:
        hold = self._tracker.state.hold_of(component)
        return MapComponentHeld(
            f"component {component} of the map {self.tag!r} is held by HTCondor: {hold.reason} "
            f"(code {hold.code}, subcode {hold.subcode}). Mend the cause and call Map.release(), "
            "or Map.remove()",
            tag=self.tag,
            component=component,
            hold=hold,
        )

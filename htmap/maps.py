"""The Map: the handle on a durable map."""

from __future__ import annotations

import functools
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

from htmap import recovery
from htmap.actions import MapActions
from htmap.display.bars import progress_bar
from htmap.display.summaries import one_line
from htmap.errors import ComponentError
from htmap.handle import Timeout
from htmap.statuses import ComponentStatus
from htmap.store import outputs
from htmap.store.state import Hold, State
from htmap.streams import MapStdErr, MapStdOut

_known: weakref.WeakValueDictionary[str, Map] = weakref.WeakValueDictionary()


@functools.total_ordering
class Map(MapActions, Sequence[Any]):
    """The handle on a map: a function, its inputs, and what became of each.

    Made by :func:`htmap.map` and its like, or from its tag by :meth:`load`. What it tells is read
    from disk and is the same in every process. Any method or property raises
    :class:`~htmap.exceptions.MapWasRemoved` once the map was removed, by whichever process.

    Attributes
    ----------
    tag : str
        The map's name.

    Examples
    --------
    >>> import htmap
    >>> m = htmap.map(lambda x: 2 * x, range(3), tag="doubles")  # doctest: +SKIP
    >>> list(m)  # doctest: +SKIP
    [0, 2, 4]
    """

    def __init__(self, tag: str, map_id: str) -> None:
        super().__init__(tag, map_id)
        _known[map_id] = self

    @classmethod
    def load(cls, tag: str) -> Map:
        """Return the map with a tag; in one process always the same object.

        Raises
        ------
        TagNotFound
            If there is no such map.
        """
        map_id = recovery.find(tag)
        known = _known.get(map_id)
        if known is not None and known.exists:
            known.tag = tag
            return known
        return cls(tag, map_id)

    def __repr__(self) -> str:
        return f"Map(tag = {self.tag})"

    def __lt__(self, other: object) -> bool:
        return self.tag < other.tag if isinstance(other, Map) else NotImplemented

    def __contains__(self, component: object) -> bool:
        """Tell whether there is a component of this number."""
        return isinstance(component, int) and 0 <= component < len(self)

    @property
    def components(self) -> tuple[int, ...]:
        """The numbers of the components, from 0."""
        self._refresh()
        return tuple(range(len(self)))

    @property
    def exists(self) -> bool:
        """Whether the map is still there; False once it was removed."""
        return self._folder.exists

    @property
    def is_transient(self) -> bool:
        """Whether the map was made without a tag, so that :func:`htmap.clean` removes it."""
        self._refresh()
        return self._folder.is_transient

    @property
    def component_statuses(self) -> list[ComponentStatus]:
        """The status of each component, in order; a list of the caller's own."""
        return list(self._refresh())

    def components_by_status(self) -> Mapping[ComponentStatus, tuple[int, ...]]:
        """Return the components that have each status, for every status there is."""
        state = self._refresh()
        return {status: state.with_status(status) for status in ComponentStatus}

    def status(self) -> str:
        """Return a line that counts the components by status."""
        return one_line(self.tag, self._refresh())

    @property
    def is_done(self) -> bool:
        """Whether every component is COMPLETED."""
        return self._refresh().count(ComponentStatus.COMPLETED) == len(self)

    @property
    def is_active(self) -> bool:
        """Whether any component has not come to an end (COMPLETED, ERRORED, REMOVED or LOST)."""
        return self._refresh().unfinished > 0

    @property
    def holds(self) -> dict[int, Hold]:
        """The components that are held now, each with code, subcode and reason."""
        return dict(self._refresh().holds)

    # ---- results ----------------------------------------------------------------------------

    def wait(
        self,
        timeout: Timeout = None,
        show_progress_bar: bool = False,
        holds_ok: bool = False,
        errors_ok: bool = False,
    ) -> None:
        """Wait until every component is COMPLETED.

        Parameters
        ----------
        timeout : float or timedelta, optional
            Seconds to wait at most; for ever if None.
        show_progress_bar : bool
            Whether to draw a bar on standard error.
        holds_ok, errors_ok : bool
            Whether components that are held, or that ended without a result, count as done.

        Raises
        ------
        TimeoutError
            If the time is over first.
        MapComponentHeld, MapComponentError
            For the first component that is held or failed, where that is not ok.
        """

        def ready(state: State) -> bool:
            done = state.count(ComponentStatus.COMPLETED)
            failures = [s for s in ComponentStatus if s.is_failure and state.count(s)]
            if failures and not errors_ok:
                raise self._failure(min(state.with_status(status)[0] for status in failures))
            done += sum(map(state.count, failures))
            if state.count(ComponentStatus.HELD):
                if not holds_ok:
                    raise self._held(state.with_status(ComponentStatus.HELD)[0])
                done += state.count(ComponentStatus.HELD)
            bar.show(done)
            return done == len(state)

        with progress_bar(self.tag, len(self), show_progress_bar) as bar:
            self._wait_until(ready, timeout, "the last component")

    @overload
    def __getitem__(self, item: int) -> Any: ...
    @overload
    def __getitem__(self, item: slice) -> list[Any]: ...
    def __getitem__(self, item: int | slice) -> Any:
        """Return a component's result, or those of a slice, without waiting.

        Raises
        ------
        OutputNotFound
            If it is not there yet.
        """
        if isinstance(item, slice):
            return [self.get(component, timeout=0) for component in range(*item.indices(len(self)))]
        return self.get(item, timeout=0)

    def get(self, component: int, timeout: Timeout = None) -> Any:
        """Wait for a component and return its result.

        Parameters
        ----------
        component : int
            From 0; negative numbers count from the end.
        timeout : float or timedelta, optional
            Seconds to wait at most; 0 does not wait, None waits for ever.

        Raises
        ------
        NoSuchComponent
            If there is no such component (an IndexError).
        OutputNotFound
            If ``timeout`` is 0 and the result is not there yet.
        TimeoutError
            If the time is over first.
        MapComponentHeld
            If the component is held; once it is released, wait again.
        MapComponentError
            If it ended without a result; the message is its report. The exception itself is the
            ``__cause__`` where it can be had.
        CorruptPack
            If what it returned was damaged on disk since; then it can be run again.
        """
        index = self._index(component)
        status = self._wait_for(index, timeout)
        if status is ComponentStatus.HELD:
            raise self._held(index)
        if status is not ComponentStatus.COMPLETED:
            raise self._failure(index)
        run, job = self._tracker.run_and_job(index)
        return outputs.read_result(run.output(job), index, self.tag)

    def __iter__(self) -> Iterator[Any]:
        """Yield the results in order, waiting for each."""
        return self.iter()

    def iter(self, timeout: Timeout = None) -> Iterator[Any]:
        """Yield the results in order, waiting at most ``timeout`` seconds for each.

        Raises
        ------
        TimeoutError, MapComponentHeld, MapComponentError
            As :meth:`get`.
        """
        for component in range(len(self)):
            yield self.get(component, timeout)

    def iter_as_available(self, timeout: Timeout = None) -> Iterator[Any]:
        """Yield the results as components finish, in whichever order.

        Parameters
        ----------
        timeout : float or timedelta, optional
            Seconds for the whole iteration; for ever if None.

        Raises
        ------
        TimeoutError, MapComponentHeld, MapComponentError
            As :meth:`wait`, for the first held or failed component that is met.
        """
        began = time.monotonic()
        given = bytearray(len(self))
        state, position = self._refresh(), 0

        def news(now: State) -> bool:
            """Move on to the next component that has ended and was not given."""
            nonlocal state, position
            if now is not state:  # read anew from its beginning
                state, position = now, 0
            while position < len(now.ended):
                component = now.ended[position]
                if not given[component] and now[component].is_final:
                    return True
                position += 1
            return bool(now.holds)

        for _ in range(len(self)):
            self._wait_until(news, timeout, "the next output", began)
            if position == len(state.ended):
                raise self._held(min(state.holds))
            component = state.ended[position]
            given[component] = True
            yield self.get(component)

    # ---- failures ---------------------------------------------------------------------------

    def _failed(self) -> list[int]:
        state = self._refresh()
        failed = (status for status in ComponentStatus if status.is_failure)
        return sorted(i for status in failed for i in state.with_status(status))

    @property
    def errors(self) -> dict[int, ComponentError]:
        """The components that have failed so far, each with what is known of it."""
        return {component: self._error(component) for component in self._failed()}

    def error_reports(self) -> Iterator[str]:
        """Yield the report of each component that has failed so far."""
        for component in self._failed():
            yield self._error(component).report()

    @property
    def stdout(self) -> MapStdOut:
        """What each component wrote to standard output, a sequence of str."""
        self._refresh()
        return MapStdOut(self)

    @property
    def stderr(self) -> MapStdErr:
        """What each component wrote to standard error, a sequence of str."""
        self._refresh()
        return MapStdErr(self)

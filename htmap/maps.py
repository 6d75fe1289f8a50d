"""The Map: the handle on a durable map."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from htmap import analysis, recovery
from htmap.actions import MapActions
from htmap.analysis import Analysis
from htmap.display.bars import progress_bar
from htmap.display.summaries import one_line
from htmap.display.tables import Meta, hold_table
from htmap.errors import ComponentError
from htmap.handle import Timeout
from htmap.output_files import MapOutputFiles
from htmap.results import MapResults
from htmap.statuses import ComponentStatus
from htmap.store.state import ComponentHold, State
from htmap.streams import MapStdErr, MapStdOut

_known: weakref.WeakValueDictionary[str, Map] = weakref.WeakValueDictionary()


@functools.total_ordering
class Map(MapActions, MapResults, Sequence[Any]):
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
        self._measured: tuple[object, int] | None = None
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

    def analyze(self) -> Analysis:
        """Say why components wait: what they ask for, against what the pool offers.

        Returns
        -------
        Analysis
            Its text is the report; its attributes are the numbers.

        Raises
        ------
        NoScheduler, SchedulerRefused
            If the schedd or the collector cannot be had.

        Examples
        --------
        >>> print(m.analyze())  # doctest: +SKIP
        """
        return analysis.of(self.tag, self._folder.map_id, self._refresh())

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

    # ---- holds and failures -----------------------------------------------------------------

    @property
    def holds(self) -> dict[int, ComponentHold]:
        """The components that are held now, each with code, subcode and reason."""
        return dict(self._refresh().holds)

    def hold_report(self) -> str:
        """Return a table of the components that are held now, with code, subcode and reason.

        Examples
        --------
        >>> print(m.hold_report())  # doctest: +SKIP
        Component  Code  Subcode  Hold Reason
            3       13      2     Transfer input files failure: no such file: model.bin
        """
        return hold_table(self._refresh().holds)

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

    # ---- what jobs used and wrote -----------------------------------------------------------

    @property
    def memory_usage(self) -> list[int]:
        """The most memory in MB that each component was seen to use; 0 until HTCondor has looked.

        It looks every few minutes, and when a job ends. Components that share a job have the same.
        """
        return list(self._refresh().memory)

    @property
    def runtime(self) -> list[timedelta]:
        """The CPU time, user and system, of the last execution of each component.

        It is 0 until the component has ended, and in whole seconds as of HTCondor's last look at
        the job: one that took a few seconds may have 0. Components that share a job have an equal
        part of its time.
        """
        return [timedelta(seconds=seconds) for seconds in self._refresh().cpu]

    @property
    def local_data(self) -> int:
        """How many bytes the map takes on this machine's disk.

        They are counted when there is news of the map, and else remembered.
        """
        self._refresh()
        mark = self._tracker.mark
        if self._measured is None or self._measured[0] != mark:
            self._measured = mark, self._folder.size()
        return self._measured[1]

    def _meta(self) -> Meta:
        """Return what tables say of what the map takes and used."""
        local_data, state = self.local_data, self._tracker.state
        memory = max(state.memory) * 1024 * 1024
        return Meta(local_data, memory, max(state.cpu), sum(state.cpu))

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

    @property
    def output_files(self) -> MapOutputFiles:
        """The folder of the files that each component had transferred, a sequence of Path."""
        self._refresh()
        return MapOutputFiles(self)

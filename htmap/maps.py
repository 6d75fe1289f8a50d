"""The Map: the handle on a durable map."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from htmap import analysis, recovery
from htmap.actions import MapActions
from htmap.analysis import Analysis
from htmap.chunking import Chunking
from htmap.display.bars import progress_bar
from htmap.display.summaries import one_line
from htmap.display.tables import Meta, Row, hold_table
from htmap.handle import Timeout
from htmap.output_files import MapOutputFiles
from htmap.results import MapResults
from htmap.statuses import ComponentStatus
from htmap.store.state import State
from htmap.store.told import ComponentHold
from htmap.streams import MapStdErr, MapStdOut

if TYPE_CHECKING:
    import pandas

    from htmap.plots import MapPlots

_known: weakref.WeakValueDictionary[str, Map] = weakref.WeakValueDictionary()


@functools.total_ordering
class Map(MapActions, MapResults):
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
        recovery.settle()
        return cls._load(tag)

    @classmethod
    def _load(cls, tag: str) -> Map:
        map_id = recovery.find_settled(tag)
        known = _known.get(map_id)
        if known is not None and known.exists:
            known.tag = tag
            return known
        return cls(tag, map_id)

    def _ipython_display_(self) -> None:
        from htmap import notebook

        notebook.display_in_notebook(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any] | None:
        from htmap import notebook

        return notebook.mimebundle(self)

    def __lt__(self, other: object) -> bool:
        return self.tag < other.tag if isinstance(other, Map) else NotImplemented

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
            Whether to draw a bar on standard error, where that is a terminal, or in a notebook.
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
            done = self._done(state, holds_ok, errors_ok)
            bar.show(done)
            return done == len(state)

        with progress_bar(self.tag, len(self), show_progress_bar) as bar:
            self._wait_until(ready, timeout, "the last component")

    # ---- holds ------------------------------------------------------------------------------

    @property
    def holds(self) -> dict[int, ComponentHold]:
        """The components that are held now, each with code, subcode and reason."""
        return self._refresh().holds

    def hold_report(self) -> str:
        """Return a table of the components that are held now, with code, subcode and reason.

        Examples
        --------
        >>> print(m.hold_report())  # doctest: +SKIP
        Component  Code  Subcode  Hold Reason
            3       13      2     Transfer input files failure: no such file: model.bin
        """
        return hold_table(self._refresh().holds)

    @property
    def chunking(self) -> Chunking:
        """How the components were divided into jobs when the map was made, and why.

        Examples
        --------
        >>> print(m.chunking)  # doctest: +SKIP
        10 components in 4 jobs of 1 to 3: chunksize is "auto"; the pool has 2 slots; ...
        """
        self._refresh()
        run = self._tracker.state.runs[0]
        about = run.submit["chunking"]
        sizes = [size for size, _ in run.chunks.groups]
        return Chunking(
            about["chunksize"], len(self), run.jobs, min(sizes), max(sizes), about["why"]
        )

    # ---- as a table and in pictures ----------------------------------------------------------

    def to_dataframe(
        self, inputs: bool = True, results: bool = True, expand: bool = False
    ) -> pandas.DataFrame:
        """Return a table of the components as they are now, without waiting.

        Parameters
        ----------
        inputs : bool
            Whether to load what each component was given, a column for each parameter.
        results : bool
            Whether to load what each component returned; large results need not be.
        expand : bool
            Whether results that are dicts become columns, one for each key.

        Returns
        -------
        pandas.DataFrame
            A row for each component; the index, named ``component``, has their numbers.

        Notes
        -----
        After the inputs come these columns:

        - ``result`` (object): what it returned; None or NaN where it has not.
        - ``status`` (str)
        - ``error`` (str or None): why there is no result: the exception's type and message, the
          reason of a hold; or why its input or result cannot be read, which loses no more than
          that.
        - ``host`` (str or None): the machine that its job ran on last.
        - ``submitted``, ``started``, ``ended`` (datetime64 in UTC): when its latest job was put
          into the queue, when the last execution of that began (NaT while it waits) and when it
          left the queue, to the second (NaT before that). Components that share a job share these.
        - ``runtime``, ``cpu`` (float): seconds by the clock and of processor time that the
          component itself took, as its node measured it. Of one whose process was killed it is its
          job's; NaN where it shared that with others, and before the end.
        - ``memory`` (float): the most memory in MB that its job was seen to use; NaN until
          HTCondor has looked.
        - ``attempts`` (int): how often a job of it was started, reruns and all.

        An input of the same name as one of these, or ``component``, gets ``input_`` in front of
        its name; a key of results that is taken gets ``result_``. Positional arguments have the
        names of the function's parameters, or ``arg0``, ``arg1`` ... where the function cannot be
        loaded here.

        Raises
        ------
        MissingPackage
            If pandas is not installed (an ImportError).

        Examples
        --------
        >>> m = htmap.grid(area, width=[1, 2], height=[3, 4])  # doctest: +SKIP
        >>> m.to_dataframe()[["width", "height", "result"]]  # doctest: +SKIP
                   width  height  result
        component
        0              1       3       3
        1              1       4       4
        2              2       3       6
        3              2       4       8
        """
        from htmap.dataframe import dataframe

        return dataframe(self, inputs, results, expand)

    @property
    def plot(self) -> MapPlots:
        """Pictures of the map: ``m.plot()`` draws all, ``m.plot.timeline()`` and its like one.

        See :class:`htmap.plots.MapPlots`.
        """
        from htmap.plots import MapPlots

        self._refresh()
        return MapPlots(self)

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

        It is 0 until the component has ended. That of components that share a job is measured
        there; that of one with a job of its own is in whole seconds as of HTCondor's last look at
        the job: one that took a few seconds may have 0.
        """
        return [timedelta(seconds=seconds) for seconds in self._refresh().cpu]

    @property
    def local_data(self) -> int:
        """How many bytes the map takes on this machine's disk.

        They are counted when there is news of the map, and else remembered.
        """
        self._refresh()
        return self._size()

    def _size(self) -> int:
        mark = self._tracker.mark
        if self._measured is None or self._measured[0] != mark:
            self._measured = mark, self._folder.size()
        return self._measured[1]

    def _row(self, include_meta: bool) -> Row:
        """Return what tables say of the map."""
        counts, meta = self._counts(), None
        if include_meta:
            state = self._tracker.state
            memory = max(state.memory) * 1024 * 1024
            meta = Meta(self._size(), memory, max(state.cpu), sum(state.cpu))
        return Row(self.tag, self._folder.is_transient, counts, meta)

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

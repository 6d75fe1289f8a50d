"""Which run of a map an event of its log is about."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import ClassVar

from htmap.pool.eventlog import Event, EventKind
from htmap.pool.submit import RUN_NOTE
from htmap.store.run import Run

_NOTE = re.compile(rf"\n\s*{RUN_NOTE} (\d+)".encode())

_SUBMISSIONS = (EventKind.SUBMIT, EventKind.CLUSTER_SUBMIT)


class EventsByRun(ABC):
    """Takes up the events of a map's log, each as one of a job of a run.

    Parameters
    ----------
    runs : mapping
        Number to :class:`~htmap.store.run.Run`, in the order in which they were made; those that
        ``look_for_runs`` finds are added to it.
    look_for_runs : callable
        Takes up the runs that were written down since the last time.

    Attributes
    ----------
    clusters : dict
        Cluster to the number of the run that became it and to that in its note, each None where
        there is none.
    begun : set of int
        The runs of whose submission the log tells.
    """

    #: The kinds of events that matter; others are passed over without a look at them.
    heard: ClassVar[Collection[int]]

    def __init__(self, runs: Mapping[int, Run], look_for_runs: Callable[[], None]) -> None:
        self._runs = runs
        self._look_for_runs = look_for_runs
        self.clusters: dict[int, tuple[int | None, int | None]] = {}
        self.begun: set[int] = set()

    def take(self, events: Iterable[Event]) -> None:
        """Take up what events tell."""
        heard = self.heard
        for event in events:
            if event.kind not in heard:
                continue
            if event.cluster not in self.clusters or event.kind in _SUBMISSIONS:
                self._identify(event)
            number, _ = self.clusters[event.cluster]
            if number is None:
                continue
            run = self._runs[number]
            if event.proc >= 0:
                self._take(event, run, event.proc)
            elif event.kind == EventKind.CLUSTER_REMOVE:
                self._unmade(run)

    @abstractmethod
    def _take(self, event: Event, run: Run, job: int) -> None:
        """Take up an event of a job."""

    def _unmade(self, run: Run) -> None:  # noqa: B027 - not everybody has to
        """Take up that those jobs of a run that were not made never will be."""

    def _identify(self, event: Event) -> None:
        """Find out which run an event's cluster is.

        A queue that was made anew counts from 1 again, so a cluster may be another run than before.
        """
        found = _NOTE.search(event.body)
        note = None if found is None else int(found[1])
        if event.cluster not in self.clusters or note not in (
            None,
            self.clusters[event.cluster][1],
        ):
            self.clusters[event.cluster] = self._find_run(event.cluster, note), note
        number, _ = self.clusters[event.cluster]
        if number is not None and event.kind in _SUBMISSIONS:
            self.begun.add(number)

    def _find_run(self, cluster: int, note: int | None) -> int | None:
        """Return the number of the run that became a cluster, None for one that was abandoned."""
        self._look_for_runs()
        runs = self._runs
        if note is not None:
            # Its number is not written down yet while the first events of a run are here.
            return note if note in runs and runs[note].cluster in (None, cluster) else None
        # The log has lost the cluster's first events.
        latest = reversed(list(runs.values()))
        return next((run.number for run in latest if run.cluster == cluster), None)

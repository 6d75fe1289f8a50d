"""From the event log to the state of a map's components."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Container, Iterable, Sequence

from htmap.execute import packs
from htmap.pool import eventlog
from htmap.pool.eventlog import Event, EventKind, EventLog
from htmap.pool.submit import RUN_NOTE, SUBMITTED_ON_HOLD
from htmap.statuses import ComponentStatus
from htmap.store import outputs
from htmap.store.folder import MapFolder, Run
from htmap.store.state import Ending, Hold, State

logger = logging.getLogger(__name__)

_NOTE = re.compile(rf"\n\s*{RUN_NOTE} (\d+)".encode())

# What an event says of its job without further reading.
_STATUSES = {
    EventKind.EXECUTE: ComponentStatus.RUNNING,
    EventKind.JOB_EVICTED: ComponentStatus.IDLE,
    EventKind.SHADOW_EXCEPTION: ComponentStatus.IDLE,
    EventKind.JOB_SUSPENDED: ComponentStatus.SUSPENDED,
    EventKind.JOB_UNSUSPENDED: ComponentStatus.RUNNING,
    EventKind.JOB_RELEASED: ComponentStatus.IDLE,
    EventKind.JOB_RECONNECT_FAILED: ComponentStatus.IDLE,
}


class Tracker:
    """Keeps the state of one map up to date.

    Parameters
    ----------
    folder : MapFolder
    """

    def __init__(self, folder: MapFolder) -> None:
        self._folder = folder
        self._complete = True
        self._lock = threading.RLock()
        self._start_anew()

    def _start_anew(self) -> None:
        self.state = State(int(self._folder.about["components"]))
        self.runs: dict[int, Run] = {}
        self._unrecorded: list[Run] = []
        self._run_of: dict[int, Run | None] = {}
        self._log = EventLog(self._folder.events)
        self.look_for_runs()

    def look_for_runs(self) -> None:
        """Take up the runs that were written down since the last time."""
        for run in self._folder.runs(known=self.runs):
            self.runs[run.number] = run
            self._unrecorded.append(run)
            for job in range(run.jobs):
                for component in run.components_of(job):
                    self.state.run[component] = run.number
                    self.state.job[component] = job
                    self.state.set(component, ComponentStatus.UNMATERIALIZED)

    def run_and_job(self, component: int) -> tuple[Run, int]:
        """Return the latest run of a component, and its job in it."""
        return self.runs[self.state.run[component]], self.state.job[component]

    def refresh(self) -> bool:
        """Read what the event log has got since the last time.

        Returns
        -------
        bool
            Whether there was anything new.

        Raises
        ------
        FileNotFoundError
            If the map is no longer there.
        """
        with self._lock:
            news = False
            if not self._complete:
                # Ctrl-C met an earlier look between reading events and taking them in.
                self._start_anew()
            self._complete = False
            self._unrecorded = [run for run in self._unrecorded if run.cluster is None]
            if not all(run.folder.exists() for run in self._unrecorded):
                # Its submission failed, or its maker died before: it has never been.
                self._start_anew()
            while events := self._log.read():
                if self._log.restarted:
                    # Another file, or a shorter one: what was known came from what is gone.
                    logger.warning("the event log in %s began anew", self._folder.path)
                    self._start_anew()
                    continue
                self._apply(events)
                news = True
            self._complete = True
            return news

    def _apply(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.cluster not in self._run_of:
                self._run_of[event.cluster] = self._find_run(event)
            run = self._run_of[event.cluster]
            if run is None:
                continue
            if event.proc < 0:
                if event.kind == EventKind.CLUSTER_REMOVE:
                    self._close_unmaterialized(run)
                continue
            components = run.components_of(event.proc)
            status = _STATUSES.get(event.kind)  # type: ignore[call-overload]
            if event.kind == EventKind.SUBMIT:
                self._submitted(run, components)
            elif status is not None:
                self._set(run, components, status)
            elif event.kind == EventKind.JOB_HELD:
                self._held(run, components, event)
            elif event.kind == EventKind.JOB_ABORTED:
                ending = Ending(reason=eventlog.abort_reason(event))
                self._set(run, components, ComponentStatus.REMOVED, ending)
            elif event.kind == EventKind.JOB_TERMINATED:
                self._terminated(run, event.proc, event)

    def _find_run(self, event: Event) -> Run | None:
        """Return the run that became a cluster, or None for one that was abandoned."""
        self.look_for_runs()
        note = _NOTE.search(event.body)
        if note is not None:
            run = self.runs.get(int(note[1]))
            # Its number is not written down yet while the first events of a run are here.
            return run if run is not None and run.cluster in (None, event.cluster) else None
        # The log has lost the cluster's first events.
        return next((run for run in self.runs.values() if run.cluster == event.cluster), None)

    def _close_unmaterialized(self, run: Run) -> None:
        """Note that jobs which were not made by now never will be."""
        ending = Ending(reason="its cluster was removed before its job was made")
        components = [
            component
            for component in self.state.with_status(ComponentStatus.UNMATERIALIZED)
            if self.state.run[component] == run.number
        ]
        self._set(run, components, ComponentStatus.REMOVED, ending)

    def close_missing(self, jobs: Container[tuple[int, int]], clusters: Container[int]) -> None:
        """Close the components whose jobs are no longer in the queue, whatever the log says.

        Parameters
        ----------
        jobs : container of (int, int)
            Cluster and process of each job of the map that is in the queue.
        clusters : container of int
            Those that still have jobs to make.
        """
        with self._lock:
            ending = Ending(reason="its job left the queue, and the event log does not say how")
            for component, status in enumerate(self.state):
                run, job = self.run_and_job(component)
                cluster = run.cluster
                if status.is_final or cluster is None or (cluster, job) in jobs:
                    continue
                if status is ComponentStatus.UNMATERIALIZED and cluster in clusters:
                    continue
                self._close(run, job, ComponentStatus.REMOVED, ending)

    def _set(
        self,
        run: Run,
        components: Iterable[int],
        status: ComponentStatus,
        ending: Ending | None = None,
    ) -> None:
        for component in components:
            if self.state.run[component] != run.number:
                continue  # a later run of the component counts
            self.state.set(component, status)
            if ending is not None:
                self.state.endings[component] = ending

    def _submitted(self, run: Run, components: Iterable[int]) -> None:
        # No event tells of jobs that are submitted on hold.
        for component in components:
            if run.is_submitted_on_hold(component):
                self._set(run, [component], ComponentStatus.HELD)
                if self.state[component] is ComponentStatus.HELD:
                    reason = "submitted on hold, as the map option `hold` says"
                    self.state.holds[component] = Hold(SUBMITTED_ON_HOLD, 0, reason)
            else:
                self._set(run, [component], ComponentStatus.IDLE)

    def _held(self, run: Run, components: Sequence[int], event: Event) -> None:
        hold = Hold(*eventlog.hold_reason(event))
        if hold.code == SUBMITTED_ON_HOLD and not run.is_submitted_on_hold(components[0]):
            self._set(run, components, ComponentStatus.IDLE)
            return
        self._set(run, components, ComponentStatus.HELD)
        for component in components:
            if self.state[component] is ComponentStatus.HELD:
                self.state.holds[component] = hold

    def _terminated(self, run: Run, job: int, event: Event) -> None:
        self._close(run, job, ComponentStatus.ERRORED, Ending(*eventlog.termination(event)))

    def _close(self, run: Run, job: int, without: ComponentStatus, ending: Ending) -> None:
        """Give the components of a job that has ended the status that their output tells.

        Those that left no record get the status ``without``, and ``ending`` for their report.
        """
        found = outputs.endings(run.output(job))
        whole_job = found.get(packs.ALL_COMPONENTS)
        for component in run.components_of(job):
            ended_with = found.get(component, whole_job)
            if ended_with == packs.RESULT:
                self._set(run, [component], ComponentStatus.COMPLETED)
            elif ended_with == packs.ERROR:
                self._set(run, [component], ComponentStatus.ERRORED)
            else:
                self._set(run, [component], without, ending)

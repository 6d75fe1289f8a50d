"""From the event log to the state of a map's components."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from htmap.execute import packs
from htmap.pool import eventlog
from htmap.pool.eventlog import Event, EventKind, EventLog
from htmap.pool.submit import SUBMITTED_ON_HOLD
from htmap.statuses import ComponentStatus
from htmap.store import outputs
from htmap.store.folder import MapFolder, Run
from htmap.store.state import Ending, Hold, State

logger = logging.getLogger(__name__)

# What an event says of its job without further reading.
_STATUSES = {
    EventKind.SUBMIT: ComponentStatus.IDLE,
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
    tag : str
        For messages only.
    """

    def __init__(self, folder: MapFolder) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._start_anew()

    def _start_anew(self) -> None:
        self.state = State(int(self._folder.about["components"]))
        self.runs: dict[int, Run] = {}
        self._run_of: dict[int, Run] = {}
        self._log = EventLog(self._folder.events)
        self.look_for_runs()

    def look_for_runs(self) -> None:
        """Take up the runs that were written down since the last time."""
        for run in self._folder.runs(known=self.runs):
            self.runs[run.number] = run
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
            while events := self._log.read():
                if self._log.restarted:
                    # Another file, or a shorter one: what was known came from what is gone.
                    logger.warning("the event log in %s began anew", self._folder.path)
                    self._start_anew()
                    continue
                self._apply(events)
                news = True
            return news

    def _apply(self, events: Iterable[Event]) -> None:
        for event in events:
            run = self._run_of.get(event.cluster) or self._find_run(event.cluster)
            if run is None or event.proc < 0:
                continue
            components = run.components_of(event.proc)
            status = _STATUSES.get(event.kind)  # type: ignore[call-overload]
            if status is not None:
                self._set(run, components, status)
            elif event.kind == EventKind.JOB_HELD:
                self._held(run, components, event)
            elif event.kind == EventKind.JOB_ABORTED:
                ending = Ending(reason=eventlog.abort_reason(event))
                self._set(run, components, ComponentStatus.REMOVED, ending)
            elif event.kind == EventKind.JOB_TERMINATED:
                self._terminated(run, event.proc, event)

    def _find_run(self, cluster: int) -> Run | None:
        """Return the run that became a cluster, from what is written down."""
        self.look_for_runs()
        for run in self.runs.values():
            recorded = run.cluster
            if recorded is not None:
                self._run_of[recorded] = run
            elif run.number == max(self.runs) and cluster not in self._run_of:
                # Submitted, and its first events are here before its number is written down.
                return run
        return self._run_of.get(cluster)

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

    def _held(self, run: Run, components: Iterable[int], event: Event) -> None:
        hold = Hold(*eventlog.hold_reason(event))
        if hold.code == SUBMITTED_ON_HOLD and "hold" not in run.submit["fixed"]:
            self._set(run, components, ComponentStatus.IDLE)
            return
        self._set(run, components, ComponentStatus.HELD)
        for component in components:
            if self.state[component] is ComponentStatus.HELD:
                self.state.holds[component] = hold

    def _terminated(self, run: Run, job: int, event: Event) -> None:
        found = outputs.endings(run.output(job))
        whole_job = found.get(packs.ALL_COMPONENTS)
        for component in run.components_of(job):
            ended_with = found.get(component, whole_job)
            if ended_with == packs.RESULT:
                self._set(run, [component], ComponentStatus.COMPLETED)
            elif ended_with == packs.ERROR:
                self._set(run, [component], ComponentStatus.ERRORED)
            else:
                ending = Ending(*eventlog.termination(event))
                self._set(run, [component], ComponentStatus.ERRORED, ending)

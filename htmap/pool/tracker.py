"""From the event log to the state of a map's components."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Sequence

from htmap.exceptions import CorruptEventLog
from htmap.execute import packs
from htmap.pool import eventlog, loss
from htmap.pool.eventlog import Event, EventKind, EventLog
from htmap.pool.queue import Present
from htmap.pool.submit import RUN_NOTE, SUBMITTED_ON_HOLD
from htmap.statuses import ComponentStatus
from htmap.store import outputs
from htmap.store.folder import MapFolder, Queue, Run
from htmap.store.state import ComponentHold, Ending, State

logger = logging.getLogger(__name__)

_NOTE = re.compile(rf"\n\s*{RUN_NOTE} (\d+)".encode())

_SUBMISSIONS = (EventKind.SUBMIT, EventKind.CLUSTER_SUBMIT)

# What an event says of its job without further reading.
_STATUSES = {
    EventKind.EXECUTE: ComponentStatus.RUNNING,
    EventKind.JOB_SUSPENDED: ComponentStatus.SUSPENDED,
    EventKind.JOB_UNSUSPENDED: ComponentStatus.RUNNING,
    EventKind.JOB_RELEASED: ComponentStatus.IDLE,
}

# The job has left its machine. Of one that is held while it starts or runs, the schedd may tell
# that it is held before the shadow, on a busy machine seconds later, tells that it has stopped.
_STOPS = {
    EventKind.JOB_EVICTED,
    EventKind.SHADOW_EXCEPTION,
    EventKind.JOB_RECONNECT_FAILED,
}

# What tells of the memory that a job has used.
_MEASUREMENTS = frozenset(
    {EventKind.IMAGE_SIZE, EventKind.JOB_EVICTED, EventKind.JOB_TERMINATED},
)


class Tracker:
    """Keeps the state of one map up to date.

    Parameters
    ----------
    folder : MapFolder
    """

    def __init__(self, folder: MapFolder) -> None:
        self._folder = folder
        self._complete = True
        self._replaced = False
        self._lock = threading.RLock()
        self._start_anew()

    def _start_anew(self) -> None:
        self.state = State(self._folder.about["components"])
        self.runs: dict[int, Run] = {}
        self._unrecorded: list[Run] = []
        # Of the runs that are recorded, by whether their queue seems to be gone.
        self._queues: dict[int, Queue | None] = {}
        self._lost_queues: dict[int, Queue] = {}
        self._run_of: dict[int, Run | None] = {}
        self._note_of: dict[int, int | None] = {}
        # The runs of whose submission the log tells.
        self._begun: set[int] = set()
        self._log = EventLog(self._folder.events)
        self.look_for_runs()

    def look_for_runs(self) -> None:
        """Take up the runs that were written down since the last time."""
        for run in self._folder.runs(known=self.runs):
            self.runs[run.number] = run
            run.cluster  # noqa: B018 - what is damaged is told now, not at some later look
            whole = isinstance(run.components, range)
            largest = run.components[-1] if whole else max(run.components)
            if largest >= len(self.state):
                raise run.damaged(f"the map has no component with the number {largest}")
            self._unrecorded.append(run)
            for job in range(run.jobs):
                for component in run.components_of(job):
                    self.state.assign(component, run.number, job)

    def run_and_job(self, component: int) -> tuple[Run, int]:
        """Return the latest run of a component, and its job in it."""
        return self.runs[self.state.run[component]], self.state.job[component]

    @property
    def mark(self) -> tuple[object, ...]:
        """What changes whenever there is news of the map."""
        return len(self.runs), self._log.inode, self._log.offset

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
        CorruptEventLog
            If the log is there and cannot be read.
        """
        with self._lock:
            news = False
            if not self._complete:
                # Ctrl-C met an earlier look between reading events and taking them in.
                self._start_anew()
            self._complete = False
            for run in self._unrecorded:
                if run.cluster is not None:
                    self._queues[run.number] = run.queue
            self._unrecorded = [r for r in self._unrecorded if r.number not in self._queues]
            if not all(run.folder.exists() for run in self._unrecorded):
                # Its submission failed, or its maker died before: it has never been.
                self._start_anew()
            if any(map(loss.is_there, self._lost_queues.values())):
                self._start_anew()  # a file system was not mounted, or a backup was brought back
            while events := self._read_events():
                if self._log.restarted:
                    # Another file, or a shorter one: what was known came from what is gone.
                    logger.warning("the event log in %s began anew", self._folder.path)
                    self._replaced = True
                    before = self.state
                    self._start_anew()
                    self._remember(before)
                    continue
                self._apply(events)
                news = True
            self._complete = True
            return news

    def _read_events(self) -> list[Event]:
        try:
            return self._log.read()
        except OSError as error:
            raise CorruptEventLog(
                f"the event log {self._log.path} cannot be read: {error.strerror}. Make it "
                "readable, or move it away: results do not need it, and htmap then asks the queue",
                path=self._log.path,
            ) from error

    def _remember(self, before: State) -> None:
        """Take up again which components have ended, whatever the log has lost."""
        for component, status in enumerate(before):
            number = before.run[component]
            if status.is_final and self.state.run[component] == number:
                self.state.memory[component] = before.memory[component]
                self.state.cpu[component] = before.cpu[component]
                ending = before.endings.get(component)
                self._set(self.runs[number], [component], status, ending)

    @property
    def has_lost_events(self) -> bool:
        """Whether the event log shows that it is not whole, so that only the queue knows the rest.

        It may be whole nevertheless: an event may be half written at the moment. Of a queue on
        another machine this is never said: its log may merely be late to be seen here, and whoever
        asks a schedd that cannot be reached waits for a minute.
        """
        if any(queue is not None and not queue.log for queue in self._queues.values()):
            return False
        damaged = self._replaced or self._log.is_damaged or self._log.rest > 0
        return damaged or not self._begun.issuperset(self._queues)

    def _apply(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.cluster not in self._run_of or event.kind in _SUBMISSIONS:
                self._identify(event)
            run = self._run_of[event.cluster]
            if run is None:
                continue
            if event.proc < 0:
                if event.kind == EventKind.CLUSTER_REMOVE:
                    self._close_unmaterialized(run)
                continue
            components = run.components_of(event.proc)
            if event.kind in _MEASUREMENTS:
                self._measured(run, components, event)
            status = _STATUSES.get(event.kind)  # type: ignore[call-overload]
            if event.kind == EventKind.SUBMIT:
                self._submitted(run, components)
            elif status is not None:
                self._set(run, components, status)
            elif event.kind in _STOPS:
                self._stopped(run, components)
            elif event.kind == EventKind.JOB_HELD:
                self._held(run, components, event)
            elif event.kind == EventKind.JOB_ABORTED:
                ending = Ending(reason=eventlog.abort_reason(event))
                self._set(run, components, ComponentStatus.REMOVED, ending)
            elif event.kind == EventKind.JOB_TERMINATED:
                self._terminated(run, event.proc, event)

    def _identify(self, event: Event) -> None:
        """Find out which run an event's cluster is.

        A queue that was made anew counts from 1 again, so a cluster may be another run than before.
        """
        found = _NOTE.search(event.body)
        note = None if found is None else int(found[1])
        if event.cluster not in self._run_of or note not in (None, self._note_of[event.cluster]):
            self._note_of[event.cluster] = note
            self._run_of[event.cluster] = self._find_run(event.cluster, note)
        run = self._run_of[event.cluster]
        if run is not None and event.kind in _SUBMISSIONS:
            self._begun.add(run.number)

    def _find_run(self, cluster: int, note: int | None) -> Run | None:
        """Return the run that became a cluster, or None for one that was abandoned."""
        self.look_for_runs()
        if note is not None:
            run = self.runs.get(note)
            # Its number is not written down yet while the first events of a run are here.
            return run if run is not None and run.cluster in (None, cluster) else None
        # The log has lost the cluster's first events.
        latest = reversed(self.runs.values())
        return next((run for run in latest if run.cluster == cluster), None)

    def _close_unmaterialized(self, run: Run) -> None:
        """Note that jobs which were not made by now never will be."""
        ending = Ending(reason="its cluster was removed before its job was made")
        components = [
            component
            for component in self.state.with_status(ComponentStatus.UNMATERIALIZED)
            if self.state.run[component] == run.number
        ]
        self._set(run, components, ComponentStatus.REMOVED, ending)

    def may_be_lost(self) -> bool:
        """Tell, without asking anybody, whether jobs may have vanished with their queue."""
        with self._lock:
            submitted = set(self._queues.values())
            if not any(queue is not None and loss.is_doubtful(queue) for queue in submitted):
                return False
            here = loss.local_queue()
            return ComponentStatus.LOST in [loss.fate(queue, here) for queue in submitted]

    def close_missing(self, present: Present, only_lost: bool = False) -> bool:
        """Close the components whose jobs are no longer in the queue, whatever the log says.

        Parameters
        ----------
        present : Present
            What the queue has of the map.
        only_lost : bool
            Whether to leave those alone whose queue it is: the log may tell of their end yet.

        Returns
        -------
        bool
            False if some may be in a queue that was not asked, so that nothing is known of them.
        """
        with self._lock:
            endings: dict[int, tuple[ComponentStatus, Ending]] = {}
            last_word, told = self._last_word(present.queue), True
            for number, queue in self._queues.items():
                fate = loss.fate(queue, present.queue, last_word, present.since)
                if fate is ComponentStatus.LOST and queue and present.queue:
                    reason = loss.explanation(queue, present.queue)
                    endings[number] = fate, Ending(reason=reason, is_lost=True)
                elif fate is not None and not only_lost:
                    reason = "its job left the queue, and the event log does not say how"
                    endings[number] = fate, Ending(reason=reason)
            for component, status in enumerate(self.state):
                run, job = self.run_and_job(component)
                if status.is_final or (run.number, job) in present.jobs:
                    continue
                if job >= present.factories.get(run.number, run.jobs):
                    continue  # it has not been made yet
                if run.number in endings:
                    self._close(run, job, *endings[run.number])
                elif run.number in self._queues:
                    told = False
            for number in endings.keys() - present.runs:
                if endings[number][0] is ComponentStatus.LOST and (gone := self._queues[number]):
                    self._lost_queues[number] = gone
                    del self._queues[number]
            return told

    def believe(self, present: Present, before: bytes) -> None:
        """Take from the queue what its jobs do, where the event log is silent about it.

        Parameters
        ----------
        present : Present
        before : bytes
            The codes of the statuses before the queue was asked: where the log has told of another
            since, it knows better.
        """
        with self._lock:
            for component, status in enumerate(self.state):
                run, job = self.run_and_job(component)
                now = present.statuses.get((run.number, job), status)
                if status.is_final or now is status or status.code != before[component]:
                    continue
                if now is ComponentStatus.HELD:
                    self._hold(run, [component], present.holds[run.number, job])
                else:
                    self._set(run, [component], now)

    def _last_word(self, here: Queue | None) -> float:
        """Return when jobs in other queues than this one wrote to the event log, 0 if unknown."""
        if here is not None and any(q and q.born == here.born for q in self._queues.values()):
            return 0.0  # it may have been a job in this queue
        try:
            return self._folder.events.stat().st_mtime
        except FileNotFoundError:
            return 0.0

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
            if self.state[component] is ComponentStatus.COMPLETED and not status.is_final:
                continue  # its result is there: a damaged log tells late, or anew, of before
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
                    self.state.holds[component] = ComponentHold(SUBMITTED_ON_HOLD, 0, reason)
            else:
                self._set(run, [component], ComponentStatus.IDLE)

    def _stopped(self, run: Run, components: Iterable[int]) -> None:
        """Let a job wait for another machine, unless it is held."""
        free = [i for i in components if self.state[i] is not ComponentStatus.HELD]
        self._set(run, free, ComponentStatus.IDLE)

    def _held(self, run: Run, components: Sequence[int], event: Event) -> None:
        self._hold(run, components, ComponentHold(*eventlog.hold_reason(event)))

    def _hold(self, run: Run, components: Sequence[int], hold: ComponentHold) -> None:
        if hold.code == SUBMITTED_ON_HOLD and not run.is_submitted_on_hold(components[0]):
            self._set(run, components, ComponentStatus.IDLE)
            return
        self._set(run, components, ComponentStatus.HELD)
        for component in components:
            if self.state[component] is ComponentStatus.HELD:
                self.state.holds[component] = hold

    def _measured(self, run: Run, components: Sequence[int], event: Event) -> None:
        memory = eventlog.memory_mb(event) or 0
        # Components that share a job share its time, and are in its memory together.
        cpu = (eventlog.cpu_seconds(event) or 0.0) / (len(components) or 1)
        for component in components:
            if self.state.run[component] != run.number:
                continue  # a later run of the component counts
            self.state.memory[component] = max(memory, self.state.memory[component])
            if event.kind == EventKind.JOB_TERMINATED:
                self.state.cpu[component] = cpu

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

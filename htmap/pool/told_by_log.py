"""What the event log tells, taken into the state of a map."""

from __future__ import annotations

from collections.abc import Callable

from htmap.pool import eventlog
from htmap.pool.by_run import EventsByRun
from htmap.pool.eventlog import Event, EventKind
from htmap.pool.spool import OWN_HOLD, SUBMITTED_ON_HOLD
from htmap.statuses import ComponentStatus
from htmap.store.endings import close
from htmap.store.run import Run
from htmap.store.state import State
from htmap.store.told import ComponentHold, Ending

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

# Half of a job's events are of none of these kinds.
_HEARD = frozenset(
    {
        EventKind.SUBMIT,
        EventKind.CLUSTER_SUBMIT,
        *_STATUSES,
        *_STOPS,
        *_MEASUREMENTS,
        EventKind.JOB_HELD,
        EventKind.JOB_ABORTED,
        EventKind.CLUSTER_REMOVE,
    }
)


class ToldByLog(EventsByRun):
    """Takes events of a map's log into its state.

    Parameters
    ----------
    state : State
    look_for_runs : callable
        Takes up the runs that were written down since the last time.
    """

    heard = _HEARD

    def __init__(self, state: State, look_for_runs: Callable[[], None]) -> None:
        super().__init__(state.runs, look_for_runs)
        self._state = state

    def _unmade(self, run: Run) -> None:
        self._state.close_unmade(run, "its cluster was removed before its job was made")

    def _take(self, event: Event, run: Run, job: int) -> None:
        state = self._state
        if event.kind in _MEASUREMENTS:
            state.measure(run, job, eventlog.memory_mb(event) or 0)
        status = _STATUSES.get(event.kind)  # type: ignore[call-overload]
        if event.kind == EventKind.SUBMIT:
            self._submitted(run, job)
        elif status is not None:
            state.set(run, job, status)
        elif event.kind in _STOPS:
            # It waits for another machine, unless it is held.
            state.set(run, job, ComponentStatus.IDLE, but=[ComponentStatus.HELD])
        elif event.kind == EventKind.JOB_HELD:
            hold(state, run, job, ComponentHold(*eventlog.hold_reason(event)))
        elif event.kind == EventKind.JOB_ABORTED:
            reason = eventlog.abort_reason(event)
            state.remove(run, job, Ending(reason=reason))
        elif event.kind == EventKind.JOB_TERMINATED:
            ending = Ending(*eventlog.termination(event))
            cpu = eventlog.cpu_seconds(event) or 0.0
            close(state, run, job, ComponentStatus.ERRORED, ending, cpu)

    def _submitted(self, run: Run, job: int) -> None:
        # No event tells of jobs that are submitted on hold.
        if is_submitted_on_hold(run, job):
            self._state.hold(run, job, ComponentHold(SUBMITTED_ON_HOLD, 0, OWN_HOLD))
        else:
            self._state.set(run, job, ComponentStatus.IDLE)


def is_submitted_on_hold(run: Run, job: int) -> bool:
    """Tell whether the user's own options hold a job from the start."""
    components = run.components_of(job)
    return bool(components) and run.is_submitted_on_hold(components[0])


def hold(state: State, run: Run, job: int, why: ComponentHold) -> None:
    """Take up that a job is held, unless htmap itself submitted it so for a moment."""
    if why.code == SUBMITTED_ON_HOLD and not is_submitted_on_hold(run, job):
        state.set(run, job, ComponentStatus.IDLE)
    else:
        state.hold(run, job, why)

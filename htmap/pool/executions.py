"""When and where the jobs of a map ran, by its event log.

This is read when somebody asks, and not kept: the state of a map has no room for what few want.
(Manual, section "Job Event Log Codes".)
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Mapping
from pathlib import Path

from htmap.exceptions import CorruptEventLog
from htmap.pool import eventlog
from htmap.pool.by_run import EventsByRun
from htmap.pool.eventlog import Event, EventKind, EventLog
from htmap.store.run import Run

_STOPS = frozenset(
    {
        EventKind.JOB_EVICTED,
        EventKind.SHADOW_EXCEPTION,
        EventKind.JOB_RECONNECT_FAILED,
        EventKind.JOB_HELD,
    }
)
_ENDS = frozenset({EventKind.JOB_TERMINATED, EventKind.JOB_ABORTED})

# What an EXECUTE event names: the slot, on a line of its own or, where a look at the queue has told
# of it, in the first; else the machine, in the address.
_SLOT = re.compile(rb"SlotName: (\S+)|\A[^\n]* on host: ([^\s<>]+)(?=\n|\Z)")
_MACHINE = re.compile(rb"\A[^\n]*[?&]alias=([^&>\s]+)")


class Executions:
    """When and where the jobs of one run were executed: arrays with an item for each job.

    Attributes
    ----------
    submitted, started, ended : array of float
        Seconds since the epoch, NaN where there is nothing to tell: when the job was put into the
        queue, when its last execution began (NaN while it waits for another), and when it left the
        queue.
    since : array of float
        Likewise when anything of this happened last.
    slot : list of str or None
        Where it ran last, as ``slot1_2@machine``; the machine alone where the slot is not known.
    attempts : array of unsigned int
        How often it was started.
    """

    def __init__(self, jobs: int) -> None:
        never = array("d", [math.nan]) * jobs
        self.submitted, self.started, self.ended = never[:], never[:], never[:]
        self.since = never
        self.slot: list[str | None] = [None] * jobs
        self.attempts = array("I", bytes(4 * jobs))


def executions(log: Path, runs: Mapping[int, Run]) -> dict[int, Executions]:
    """Return when and where jobs ran, by the number of their run.

    Parameters
    ----------
    log : Path
        A map's event log; where there is none, nothing is known.
    runs : mapping
        The runs of the map, by number, in order.

    Raises
    ------
    CorruptEventLog
        If it is there and cannot be read.
    """
    reader = EventLog(log)
    told = _Told(runs)
    try:
        while events := reader.read():
            if reader.restarted:
                told = _Told(runs)
            told.take(events)
    except OSError as error:
        raise CorruptEventLog(
            f"the event log {log} cannot be read: {error.strerror}. Make it readable, or move it "
            "away: then nothing is known of when and where components ran",
            path=log,
        ) from error
    return told.executions


class _Told(EventsByRun):
    heard = _STOPS | _ENDS | {EventKind.SUBMIT, EventKind.CLUSTER_SUBMIT, EventKind.EXECUTE}

    def __init__(self, runs: Mapping[int, Run]) -> None:
        super().__init__(runs, lambda: None)
        self.executions = {number: Executions(run.jobs) for number, run in runs.items()}
        # Thousands of events happen in one second, and thousands of jobs in one slot.
        self._times: dict[bytes, float] = {}
        self._slots: dict[bytes, str] = {}

    def _take(self, event: Event, run: Run, job: int) -> None:
        if job >= run.jobs:
            return
        of_run = self.executions[run.number]
        kind = event.kind
        of_run.since[job] = at = self._time(event)
        if kind == EventKind.EXECUTE:
            of_run.started[job] = at
            of_run.slot[job] = self._slot(event) or of_run.slot[job]
            of_run.attempts[job] += 1
        elif kind in _ENDS:
            of_run.ended[job] = at
        elif kind in _STOPS:
            of_run.started[job] = math.nan
        elif kind == EventKind.SUBMIT:
            # What was told of a job before was seen from outside; this is its own log.
            of_run.submitted[job] = at
            of_run.started[job] = of_run.ended[job] = math.nan
            of_run.attempts[job] = 0

    def _time(self, event: Event) -> float:
        # As far as it may go: to the word behind the time.
        text = event.body[: event.body.find(b" ", 12)]
        seconds = self._times.get(text)
        if seconds is None:
            time = eventlog.event_time(event)
            seconds = self._times[text] = math.nan if time is None else time.timestamp()
        return seconds

    def _slot(self, event: Event) -> str | None:
        found = _SLOT.search(event.body) or _MACHINE.search(event.body)
        if found is None:
            return None
        name = found[found.lastindex or 0]
        slot = self._slots.get(name)
        if slot is None:
            slot = self._slots[name] = name.decode(errors="replace")
        return slot

"""What a schedd's queue says of a job, put as events of the map's log.

Of jobs whose files travel nobody here writes a log. What looks at the queue find is written into
one, so that every process knows it, at the cost of reading a file.
(Manual, section "Job Event Log Codes".)
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from htmap.pool.eventlog import EventKind
from htmap.pool.job_status import JobStatus
from htmap.pool.spool import SPOOLING
from htmap.pool.submit import RUN_NOTE
from htmap.statuses import ComponentStatus
from htmap.store.run import Run
from htmap.store.told import ComponentHold

#: Attributes by which a job's ad tells how it ended.
ENDING = ("ExitCode", "ExitBySignal", "ExitSignal", "RemoteUserCpu", "RemoteSysCpu")

_WAITS = {ComponentStatus.IDLE, ComponentStatus.UNMATERIALIZED}


_NOTHING = "Usr 0 00:00:00, Sys 0 00:00:00"
_RUN = ("Run Remote", "Run Local")
_TOTALS = (*_RUN, "Total Remote", "Total Local")


def _usage(spent: str, *kinds: str) -> str:
    """Return the lines that tell what a job has used, with the time that it ran last."""
    times = [
        f"\t\t{spent if kind in _TOTALS[::2] else _NOTHING}  -  {kind} Usage" for kind in kinds
    ]
    sums = dict.fromkeys(kind.split()[0] for kind in kinds)
    sizes = [f"\t0  -  {kind} Bytes {way} By Job" for kind in sums for way in ("Sent", "Received")]
    return "\n".join([*times, *sizes])


# HTCondor's own reader wants these events whole.
_SUSPENSION = "Job was suspended.\n\tNumber of processes actually suspended: 1"
_EVICTION = f"Job was evicted.\n\t(0) Job was not checkpointed.\n{_usage(_NOTHING, *_RUN)}"


def hold_of(ad: Mapping[str, Any]) -> ComponentHold:
    """Return why a job is held, by its ad."""
    return ComponentHold(
        int(ad.get("HoldReasonCode", 0)),
        int(ad.get("HoldReasonSubCode", 0)),
        str(ad.get("HoldReason", "")),
    )


def submission(cluster: int, process: int, run: int, at: float) -> bytes:
    """Return the event that a job of a run was submitted."""
    text = f"Job submitted from host: <>\n    {RUN_NOTE} {run}"
    return _event(EventKind.SUBMIT, cluster, process, at, text)


def submissions(cluster: int, run: Run, at: float) -> bytes:
    """Return the events that the jobs of a run were submitted."""
    return b"".join(submission(cluster, job, run.number, at) for job in range(run.jobs))


def change(
    ad: Mapping[str, Any], known: ComponentStatus, hold: ComponentHold | None
) -> bytes | None:
    """Return the event by which a job has become what its ad says; None where there was none.

    Parameters
    ----------
    ad : mapping
        Of a job that has not ended.
    known : ComponentStatus
        What is known of it.
    hold : ComponentHold or None
        Why it is held, as far as that is known.
    """
    job = int(ad["ClusterId"]), int(ad["ProcId"]), float(ad.get("EnteredCurrentStatus", 0))
    status = ad["JobStatus"]
    if status == JobStatus.HELD and ad.get("HoldReasonCode") == SPOOLING:
        status = JobStatus.IDLE
    if status == JobStatus.HELD:
        why = hold_of(ad)
        if known is ComponentStatus.HELD and hold == why:
            return None
        text = " ".join(why.reason.split()) or "Reason unspecified"
        code = f"\tCode {why.code} Subcode {why.subcode}"
        return _event(EventKind.JOB_HELD, *job, f"Job was held.\n\t{text}\n{code}")
    if status == JobStatus.SUSPENDED and known is not ComponentStatus.SUSPENDED:
        return _event(EventKind.JOB_SUSPENDED, *job, _SUSPENSION)
    if (
        status in (JobStatus.RUNNING, JobStatus.TRANSFERRING_OUTPUT)
        and known is not ComponentStatus.RUNNING
    ):
        host = ad.get("RemoteHost", "a slot of the pool")
        return _event(EventKind.EXECUTE, *job, f"Job executing on host: {host}")
    if status == JobStatus.IDLE and known not in _WAITS:
        if known is ComponentStatus.HELD:
            return _event(EventKind.JOB_RELEASED, *job, "Job was released.")
        return _event(EventKind.JOB_EVICTED, *job, _EVICTION)
    return None


def removal(cluster: int, process: int, why: str) -> bytes:
    """Return the event that a job has left the queue without an end of its own."""
    text = " ".join(why.split())
    return _event(EventKind.JOB_ABORTED, cluster, process, 0, f"Job was aborted.\n\t{text}")


def termination(ad: Mapping[str, Any]) -> bytes:
    """Return the event that a job has ended by itself, by its ad."""
    if ad.get("ExitBySignal"):
        how = (
            f"(0) Abnormal termination (signal {int(ad.get('ExitSignal', 0))})\n\t(0) No core file"
        )
    else:
        how = f"(1) Normal termination (return value {int(ad.get('ExitCode', 0))})"
    job = int(ad["ClusterId"]), int(ad["ProcId"]), float(ad.get("EnteredCurrentStatus", 0))
    spent = ", ".join(
        f"{name} {seconds // 86400} {time.strftime('%H:%M:%S', time.gmtime(seconds))}"
        for name, seconds in (
            ("Usr", int(ad.get("RemoteUserCpu", 0))),
            ("Sys", int(ad.get("RemoteSysCpu", 0))),
        )
    )
    text = f"Job terminated.\n\t{how}\n{_usage(spent, *_TOTALS)}"
    return _event(EventKind.JOB_TERMINATED, *job, text)


def _event(kind: EventKind, cluster: int, process: int, at: float, text: str) -> bytes:
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at or time.time()))
    head = f"{kind:03d} ({cluster:03d}.{process:03d}.000) {when}"
    return f"{head} {text}\n...\n".encode()

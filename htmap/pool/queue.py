"""Asking the schedd's queue, and acting on it."""

from __future__ import annotations

from typing import Any, Literal

from htmap.pool.eventlog import EventLog
from htmap.pool.schedd import locate
from htmap.pool.submit import SUBMITTED_ON_HOLD, release_submitted
from htmap.store.folder import MapFolder

Action = Literal["Hold", "Release", "Remove", "Suspend", "Continue", "Vacate"]


def _of(map_id: str) -> str:
    return f'HTMapID == "{map_id}"'


def act(map_id: str, action: Action, reason: str, run: int | None = None) -> int:
    """Do something to all of a map's jobs that are in the queue, or to those of one run.

    Returns
    -------
    int
        How many jobs it was done to.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had.
    """
    import htcondor2

    what = getattr(htcondor2.JobAction, action)
    which = _of(map_id) if run is None else f"{_of(map_id)} && HTMapRun == {run}"
    answer = locate().call(
        # A plain string as the reason is dropped by the bindings; only a pair is sent.
        lambda schedd: schedd.act(what, which, reason=(reason, "1")),
        f"asking it to {action.lower()} the jobs of the map {map_id}",
    )
    return int(answer.get("TotalSuccess", 0))


def cluster_of(map_id: str, run: int) -> int | None:
    """Return the cluster of a run that is in the queue, or left it lately, or None.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had, so that nothing is known.
    """
    constraint = f"{_of(map_id)} && HTMapRun == {run}"
    schedd = locate()
    attributes = ["ClusterId", "HoldReasonCode", "JobStatus"]
    doing = f"looking for the jobs of the map {map_id}"
    jobs = schedd.call(lambda target: target.query(constraint, attributes), doing)
    if not jobs:
        # A factory whose jobs are yet to be made has only a cluster ad, which is asked for apart.
        jobs = schedd.call(lambda target: _cluster_ads(target, constraint, attributes), doing)
    if not jobs:
        jobs = schedd.call(lambda target: target.history(constraint, attributes, match=1), doing)
    if not jobs:
        return None
    cluster = int(jobs[0]["ClusterId"])
    if any(job.get("HoldReasonCode") == SUBMITTED_ON_HOLD for job in jobs):
        release_submitted(map_id, cluster, schedd)
    return cluster


def _cluster_ads(target: Any, constraint: str, attributes: list[str]) -> Any:
    import htcondor2

    return target.query(constraint, attributes, opts=htcondor2.QueryOpts.IncludeClusterAd)


def cluster_in_log(folder: MapFolder, run: int) -> int | None:
    """Return the cluster of a run from the map's event log, or None where it does not say.

    The schedd writes an event for each job as soon as it has taken it, and the runs of a map are
    submitted one after another, so the clusters that no earlier run has recorded are this one's.
    """
    recorded = {earlier.cluster for earlier in folder.runs() if earlier.number != run}
    log = EventLog(folder.events)
    while events := log.read():
        for event in events:
            if event.cluster not in recorded:
                return event.cluster
    return None

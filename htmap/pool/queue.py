"""Asking the schedd's queue, and acting on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeVar

from htmap.exceptions import HTMapException, NoScheduler, SchedulerRefused
from htmap.pool.eventlog import EventLog
from htmap.pool.job_status import JobStatus
from htmap.pool.loss import queue_of
from htmap.pool.schedd import Schedd, locate
from htmap.pool.seen import hold_of
from htmap.pool.spool import SUBMITTED_ON_HOLD
from htmap.pool.submit import RUN_NOTE, release_submitted
from htmap.statuses import ComponentStatus
from htmap.store.folder import MapFolder
from htmap.store.run import Queue
from htmap.store.told import ComponentHold

T = TypeVar("T")

Action = Literal["Hold", "Release", "Remove", "Suspend", "Continue", "Vacate"]

#: By these a cluster's ad tells how many jobs the schedd has yet to make.
OF_FACTORIES = ("JobMaterializeLimit", "JobMaterializeNextProcId")

_STATUSES = {
    JobStatus.IDLE: ComponentStatus.IDLE,
    JobStatus.RUNNING: ComponentStatus.RUNNING,
    JobStatus.HELD: ComponentStatus.HELD,
    JobStatus.TRANSFERRING_OUTPUT: ComponentStatus.RUNNING,
    JobStatus.SUSPENDED: ComponentStatus.SUSPENDED,
}


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
    which = _of(map_id) if run is None else f"{_of(map_id)} && HTMapRun == {run}"
    return _act(which, action, reason, f"the jobs of the map {map_id}")


def remove_all(map_ids: Iterable[str], reason: str) -> int:
    """Remove all jobs of several maps from the queue, by one request; do not wait for it.

    Returns
    -------
    int
        How many jobs there were.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had. Where there are no maps it is not asked.
    """
    ids = list(map_ids)
    if not ids:
        return 0
    return _act(" || ".join(map(_of, ids)), "Remove", reason, f"the jobs of {len(ids)} maps")


def _act(which: str, action: Action, reason: str, whose: str) -> int:
    import htcondor2

    what = getattr(htcondor2.JobAction, action)
    answer = locate().call(
        # A plain string as the reason is dropped by the bindings; only a pair is sent.
        lambda schedd: schedd.act(what, which, reason=(reason, "1")),
        f"asking it to {action.lower()} {whose}",
    )
    return int(answer.get("TotalSuccess", 0))


def edit(map_id: str, **attributes: str) -> None:
    """Change attributes of all of a map's jobs that are in the queue or yet to be made.

    Parameters
    ----------
    map_id : str
    **attributes : str
        ClassAd expressions.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had.
    """
    import htcondor2

    # Of the cluster too, from which a factory makes jobs: condor_qedit does it, and the bindings
    # have no name for it (SetAttribute_PostSubmitClusterChange).
    clusters_too = htcondor2.TransactionFlag(1 << 7)
    doing = f"changing the jobs of the map {map_id}"
    for attribute, value in attributes.items():

        def change(schedd: Any, attribute: str = attribute, value: str = value) -> Any:
            return schedd.edit(_of(map_id), attribute, value, clusters_too)

        try:
            locate().call(change, doing)
        except (NoScheduler, SchedulerRefused):
            raise
        except HTMapException:
            # Where there is no such job, that is an error too.
            if jobs_of(map_id).runs:
                raise


def reconsider() -> None:
    """Have the schedd's idle jobs matched now, instead of within a minute.

    Submitting and releasing do that by themselves; an edit, after which a job fits other slots,
    does not (``condor_reschedule``).

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had.
    """
    locate().call(lambda schedd: schedd.reschedule(), "having idle jobs matched")


class Present(NamedTuple):
    """What a queue has of a map.

    Attributes
    ----------
    queue : Queue or None
        The queue itself, where it says which one it is.
    since : float
        When its schedd was started, in seconds since the epoch.
    jobs : set of (int, int)
        Run and process of each job. Not its cluster: of two runs, one may have been in a queue that
        is gone, and have had the same.
    factories : dict
        The runs that may still make jobs, each with the process of the next that it makes.
    statuses, holds : dict
        What the queue says that a job does, and why it is held.
    """

    queue: Queue | None
    since: float
    jobs: set[tuple[int, int]]
    factories: Mapping[int, int]
    statuses: Mapping[tuple[int, int], ComponentStatus] = MappingProxyType({})
    holds: Mapping[tuple[int, int], ComponentHold] = MappingProxyType({})

    @property
    def runs(self) -> set[int]:
        """The runs that the queue has anything of."""
        return {*self.factories, *(run for run, _ in self.jobs)}


def jobs_of(map_id: str) -> Present:
    """Return what the queue has of a map.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had, so that nothing is known.
    """
    hold = ["HoldReasonCode", "HoldReasonSubCode", "HoldReason"]
    schedd, ads = _asked(
        lambda target: _query(
            target,
            _of(map_id),
            ["HTMapRun", "ProcId", "JobStatus", "JobMaterializeNextProcId", *hold],
        ),
        f"looking for the jobs of the map {map_id}",
    )
    jobs = {(int(ad["HTMapRun"]), int(ad["ProcId"])): ad for ad in ads if "ProcId" in ad}
    # Every cluster has an ad of its own; only that of a factory says what it makes next.
    factories = {
        int(ad["HTMapRun"]): int(ad["JobMaterializeNextProcId"])
        for ad in ads
        if "ProcId" not in ad and "JobMaterializeNextProcId" in ad
    }
    statuses = {job: s for job, ad in jobs.items() if (s := _STATUSES.get(ad["JobStatus"]))}
    holds = {
        job: hold_of(ad) for job, ad in jobs.items() if statuses.get(job) is ComponentStatus.HELD
    }
    return Present(queue_of(schedd), schedd.started, set(jobs), factories, statuses, holds)


def _asked(question: Callable[[Any], T], doing: str) -> tuple[Schedd, T]:
    """Return which schedd answered, and what; one that was started anew is found again."""
    schedd = locate()
    try:
        return schedd, schedd.call(question, doing)
    except HTMapException:
        again = locate()
        if again.address == schedd.address:
            raise
        return again, again.call(question, doing)


def cluster_of(map_id: str, run: int) -> tuple[int, Queue | None] | None:
    """Return the cluster of a run that is in the queue, or left it lately, with the queue, or None.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had, so that nothing is known.
    """
    constraint = f"{_of(map_id)} && HTMapRun == {run}"
    schedd = locate()
    attributes = ["ClusterId"]
    doing = f"looking for the jobs of the map {map_id}"
    ads = schedd.call(lambda target: _query(target, constraint, attributes), doing)
    if not ads:
        ads = schedd.call(lambda target: target.history(constraint, attributes, match=1), doing)
    return (int(ads[0]["ClusterId"]), queue_of(schedd)) if ads else None


def _query(target: Any, constraint: str, attributes: list[str]) -> Any:
    import htcondor2

    # With the clusters' own ads: a factory whose jobs are yet to be made has no other.
    return target.query(constraint, attributes, opts=htcondor2.QueryOpts.IncludeClusterAd)


def cluster_in_log(folder: MapFolder, run: int) -> int | None:
    """Return the cluster of a run from the map's event log, or None where it does not say.

    The schedd writes it there as soon as it has taken the jobs.
    """
    note = re.compile(rf"\n\s*{RUN_NOTE} {run}(?!\d)".encode())
    log = EventLog(folder.events)
    while events := log.read():
        for event in events:
            if note.search(event.body):
                return event.cluster
    return None


def release_if_held(map_id: str, run: int, cluster: int) -> None:
    """Release a run whose maker died between submitting it on hold and releasing it.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had.
    """
    schedd = locate()
    constraint = f"{_of(map_id)} && HTMapRun == {run} && HoldReasonCode == {SUBMITTED_ON_HOLD}"
    if schedd.has_job(constraint, f"looking for the jobs of the map {map_id}"):
        release_submitted(map_id, cluster, schedd)


def yet_to_be_made(factories: Iterable[Mapping[str, Any]]) -> int:
    """Return how many jobs the schedd has yet to make, by :data:`OF_FACTORIES` of clusters."""
    return sum(
        max(0, int(ad.get("JobMaterializeLimit", 0)) - int(ad.get("JobMaterializeNextProcId", 0)))
        for ad in factories
    )

"""Looking at the jobs of a schedd that does not see this machine's files, and fetching outputs.

One question tells of all maps. What it finds is written into each map's event log, from which every
process knows it. The output of a job that has completed is fetched, and only when it is safe on
this disk its job may leave the queue: a connection, a process or a machine may break at any point.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from htmap.exceptions import CorruptEventLog, CorruptPack, HTMapException
from htmap.pool import fetching, loss, seen
from htmap.pool.job_status import JobStatus
from htmap.pool.queue import Present
from htmap.pool.schedd import Schedd, locate
from htmap.pool.spool import AT_HOME
from htmap.pool.tracker import Tracker
from htmap.statuses import ComponentStatus
from htmap.store.looks import Looks
from htmap.store.told import Job

Ad = Mapping[str, Any]

_ATTRIBUTES = [
    "HTMapID", "HTMapRun", "ClusterId", "ProcId", "JobStatus", "EnteredCurrentStatus",
    "HoldReasonCode", "HoldReasonSubCode", "HoldReason", "RemoteHost",
    "BytesSent", AT_HOME, "JobPrio", "NumShadowStarts", "ServerTime", *seen.ENDING,
]  # fmt: skip

# As if a schedd that cannot be had had taken so many seconds to answer.
_UNREACHABLE = 0.5

# See `_remind`. How many seconds a job has to wait until it may have been forgotten.
_FORGOTTEN_SECONDS = 2


def due_in(trackers: Iterable[Tracker]) -> float | None:
    """Return how many seconds there are until the next look at maps; None where there is none."""
    return min((Looks(t.folder.looks).due_in() for t in trackers if t.is_apart), default=None)


def look(trackers: Iterable[Tracker]) -> None:
    """Look at maps, if that is due for one of them; otherwise, or for others, do nothing.

    Raises
    ------
    NoScheduler, SchedulerRefused, HTMapException
        If the schedd cannot be had. What was found before is written down.
    OSError
        If the disk does not let it.
    """
    apart = [tracker for tracker in trackers if tracker.has_spooled and _is_open(tracker)]
    unreleased = [tracker for tracker in apart if not tracker.is_apart]
    if not unreleased and not any(Looks(each.folder.looks).due_in() == 0 for each in apart):
        return
    with contextlib.ExitStack() as ending:
        taken = []
        for tracker in apart:
            found = _Look(tracker)
            if found.looks.begin():
                ending.callback(found.end)
                taken.append(found)
        if taken:
            _look(taken)


def _is_open(tracker: Tracker) -> bool:
    """Tell whether there is something to find out about a map, by what its log tells now.

    One that is removed, or damaged, is told about by whoever looks at it next.
    """
    with contextlib.suppress(FileNotFoundError, CorruptEventLog, CorruptPack):
        tracker.refresh()
        return tracker.folder.exists and (tracker.is_apart or tracker.is_to_release())
    return False


class _Look:
    """A look at one map that this process has taken."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.looks = Looks(tracker.folder.looks)
        self.took = 0.0
        self.news = False

    def end(self) -> None:
        self.looks.end(self.news, self.took)

    def write(self, events: Sequence[bytes]) -> None:
        """Append events to the map's log. What the queue says can be asked again."""
        if events:
            self.news = True
            self.tracker.folder.write_events(b"".join(events), safely=False)


def _look(looks: Sequence[_Look]) -> None:
    for each in looks:
        # Another process may have found something before it was our turn.
        with contextlib.suppress(FileNotFoundError, CorruptEventLog, CorruptPack):
            each.tracker.refresh()
    try:
        schedd, ads, took = _ask(looks)
    except HTMapException:
        for each in looks:
            each.took = _UNREACHABLE
        raise
    found: dict[str, dict[Job, Ad]] = {each.tracker.folder.map_id: {} for each in looks}
    for ad in ads:
        found[ad["HTMapID"]][int(ad["HTMapRun"]), int(ad["ProcId"])] = ad
    for each in looks:
        each.took = took
        try:
            _take(each, found[each.tracker.folder.map_id], schedd)
        except HTMapException:
            each.took = max(took, _UNREACHABLE)
            raise
        except OSError:
            if each.tracker.folder.exists:  # it was not removed meanwhile
                raise


def _ask(looks: Sequence[_Look]) -> tuple[Schedd, Iterable[Ad], float]:
    """Return the schedd, the jobs' ads, and how many seconds it took to answer."""
    schedd = locate()
    began = time.monotonic()
    ids = ",".join(each.tracker.folder.map_id for each in looks)
    which = f'stringListMember(HTMapID, "{ids}")'
    ads = schedd.call(
        lambda target: target.query(which, _ATTRIBUTES),
        f"looking for the jobs of {len(looks)} maps" if len(looks) > 1 else "looking for its jobs",
        is_query=True,
    )
    return schedd, ads, time.monotonic() - began


def _take(look: _Look, ads: Mapping[Job, Ad], schedd: Schedd) -> None:
    """Write down what the jobs of a map do, and fetch what is ready."""
    tracker = look.tracker
    if any(run not in tracker.runs for run, _ in ads):
        tracker.look_for_runs()
    state = tracker.state
    events: list[bytes] = []
    done: list[Ad] = []
    known: list[Ad] = []
    for job, ad in ads.items():
        run = tracker.runs.get(job[0])
        if run is None or not run.spooled or run.cluster not in (None, ad["ClusterId"]):
            continue
        components = state.components(job)
        status = state[components[0]] if components else None
        if status is None or status.is_final:
            if ad["JobStatus"] == JobStatus.COMPLETED and not ad.get(AT_HOME):
                known.append(ad)
            continue
        if ad.get(AT_HOME):  # the log has lost it
            events.append(seen.termination(ad))
            continue
        if status is ComponentStatus.UNMATERIALIZED:
            at = float(ad.get("EnteredCurrentStatus", 0))
            events.append(seen.submission(ad["ClusterId"], job[1], job[0], at))
        if ad["JobStatus"] == JobStatus.COMPLETED:
            done.append(ad)
        elif (event := seen.change(ad, status, state.held.get(job))) is not None:
            events.append(event)
    look.write(events)
    _tell_missing(look, ads, schedd)
    _remind(look, ads.values(), schedd)
    are_released = fetching.let_go(schedd, known)
    for batch in fetching.batches(done):
        look.looks.go_on()
        look.news = True
        run = tracker.runs[batch[0]["HTMapRun"]]
        are_released &= fetching.fetch(schedd, tracker.folder, run, batch)
    tracker.refresh()
    if are_released and not tracker.state.unfinished:
        for run in tracker.runs.values():
            if run.spooled and not run.is_released:
                run.release()


def _remind(look: _Look, ads: Iterable[Ad], schedd: Schedd) -> None:
    """Let a schedd see jobs that wait for another start.

    It may leave jobs out of its list of those that can run when several leave their machines at
    once (seen of 23.9.6 and 25.14.1), and makes the list anew after 20 minutes, or when a priority
    is set.
    """
    if not look.tracker.is_time_to_remind():
        return
    waiting: dict[int, list[Ad]] = {}
    for ad in ads:
        idle_for = ad["ServerTime"] - ad["EnteredCurrentStatus"]
        started_before = ad["JobStatus"] == JobStatus.IDLE and ad.get("NumShadowStarts")
        if started_before and idle_for >= _FORGOTTEN_SECONDS:
            waiting.setdefault(int(ad.get("JobPrio", 0)), []).append(ad)
    for priority, jobs in waiting.items():
        look.tracker.has_reminded()
        with contextlib.suppress(HTMapException):  # for all that is known, they are not forgotten
            schedd.call(
                lambda target: target.edit(fetching.constraint(jobs), "JobPrio", str(priority)),  # noqa: B023
                "reminding it of jobs that wait",
            )


def _tell_missing(look: _Look, ads: Mapping[Job, Ad], schedd: Schedd) -> None:
    """Write down what has become of jobs that are no longer in the queue."""
    tracker = look.tracker
    present = Present(loss.queue_of(schedd), schedd.started, set(ads), {})
    missing = tracker.missing(present)
    if not missing:
        return
    which = fetching.constraint_by("HTMapRun", tracker.folder.map_id, missing)
    doing = f"asking what became of {len(missing)} jobs"
    wanted = ["HTMapRun", "ClusterId", "ProcId", "JobStatus", "RemoveReason", *seen.ENDING]
    history: dict[Job, Ad] = {}
    with contextlib.suppress(HTMapException):
        # The last ones first: where all are found, the rest of the history is not read.
        past_ads = schedd.call(lambda t: t.history(which, wanted, match=len(missing)), doing)
        history = {(int(ad["HTMapRun"]), int(ad["ProcId"])): ad for ad in past_ads}
    events = []
    for job, reason in missing.items():
        cluster = tracker.runs[job[0]].cluster or 0
        past = history.get(job)
        if past is not None and past["JobStatus"] == JobStatus.COMPLETED:
            events.append(seen.termination(past))
        elif tracker.runs[job[0]].output(job[1]).exists():  # the log has lost it
            events.append(seen.termination({"ClusterId": cluster, "ProcId": job[1]}))
        else:
            why = str(past.get("RemoveReason") or reason) if past is not None else reason
            events.append(seen.removal(cluster, job[1], why))
    look.write(events)

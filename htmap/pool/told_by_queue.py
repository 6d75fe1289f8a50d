"""What the queue tells where the event log is silent, taken into the state of a map."""

from __future__ import annotations

from pathlib import Path

from htmap.pool import loss
from htmap.pool.queue import Present
from htmap.pool.told_by_log import hold
from htmap.statuses import ComponentStatus
from htmap.store.endings import close
from htmap.store.run import Queue, Run
from htmap.store.state import State
from htmap.store.told import Ending


class Queues:
    """In which queue each run of a map is.

    Attributes
    ----------
    unrecorded : list of Run
        Those that are not known to be submitted.
    recorded : dict
        The number of each of the others to its queue, None where that is not known; but for those
        whose queue has gone.
    clusters : dict
        The number of each of the others to its cluster.
    gone : dict
        The runs that lost their queue, and which.
    """

    def __init__(self) -> None:
        self.unrecorded: list[Run] = []
        self.recorded: dict[int, Queue | None] = {}
        self.clusters: dict[int, int] = {}
        self.gone: dict[int, Queue] = {}

    def add(self, run: Run) -> None:
        """Take up a run.

        Raises
        ------
        CorruptPack
            If what is written down of its cluster is damaged.
        """
        submitted = run.submitted()
        if submitted is None:
            self.unrecorded.append(run)
        else:
            self.clusters[run.number], self.recorded[run.number] = submitted

    def submitted(self, number: int) -> tuple[int | None, Queue | None]:
        """Return the cluster of a run and its queue, as far as they are known."""
        return self.clusters.get(number), self.recorded.get(number)

    def look(self) -> bool:
        """See which runs were submitted meanwhile; tell whether all that was known holds still."""
        waiting, self.unrecorded = self.unrecorded, []
        for run in waiting:
            self.add(run)
        # One that is gone was never submitted, or its maker died before. A queue that is back was
        # on a file system that was not mounted, or comes from a backup.
        return all(run.folder.exists() for run in self.unrecorded) and not any(
            map(loss.is_there, self.gone.values())
        )

    @property
    def is_elsewhere(self) -> bool:
        """Whether a run is in a queue on another machine."""
        return any(queue is not None and not queue.log for queue in self.recorded.values())

    def may_be_lost(self) -> bool:
        """Tell, without asking anybody, whether jobs may have vanished with their queue."""
        submitted = set(self.recorded.values())
        if not any(queue is not None and loss.is_doubtful(queue) for queue in submitted):
            return False
        here = loss.local_queue()
        return ComponentStatus.LOST in [loss.fate(queue, here) for queue in submitted]

    def fates(self, present: Present, last_word: float) -> dict[int, tuple[ComponentStatus, str]]:
        """Return what has become of the jobs of each run that are not present, and why.

        Parameters
        ----------
        present : Present
            What the queue has of the map.
        last_word : float
            When jobs last wrote to the event log, in seconds since the epoch.
        """
        here = present.queue
        if here is not None and any(q and q.born == here.born for q in self.recorded.values()):
            last_word = 0.0  # it may have been a job in this queue
        found: dict[int, tuple[ComponentStatus, str]] = {}
        for number, queue in self.recorded.items():
            fate = loss.fate(queue, here, last_word, present.since)
            if fate is ComponentStatus.LOST and queue and here:
                found[number] = fate, loss.explanation(queue, here)
            elif fate is not None:
                found[number] = fate, "its job left the queue, and the event log does not say how"
        return found

    def lose(self, number: int) -> None:
        """Note that a run's queue is gone."""
        if (queue := self.recorded.pop(number)) is not None:
            self.gone[number] = queue


def close_missing(
    state: State, queues: Queues, present: Present, events: Path, only_lost: bool
) -> bool:
    """Close the jobs that are no longer in the queue, whatever the event log says.

    Parameters
    ----------
    state : State
    queues : Queues
    present : Present
        What the queue has of the map.
    events : Path
        The event log.
    only_lost : bool
        Whether to leave those alone whose queue it is: the log may tell of their end yet.

    Returns
    -------
    bool
        False if some may be in a queue that was not asked, so that nothing is known of them.
    """
    try:
        last_word = events.stat().st_mtime
    except FileNotFoundError:
        last_word = 0.0
    fates = queues.fates(present, last_word)
    told = True
    for number, job in state.unfinished_jobs(present.factories):
        if (number, job) in present.jobs:
            continue
        status, reason = fates.get(number, (None, ""))
        is_lost = status is ComponentStatus.LOST
        if status is not None and (is_lost or not only_lost):
            ending = Ending(reason=reason, is_lost=is_lost)
            close(state, state.runs[number], job, status, ending)
        elif number in queues.recorded:
            told = False
    for number, (status, _) in fates.items():
        if status is ComponentStatus.LOST and number not in present.runs:
            queues.lose(number)
    return told


def believe(state: State, present: Present, before: bytes) -> None:
    """Take from the queue what its jobs do, where the event log is silent about it.

    Parameters
    ----------
    state : State
    present : Present
    before : bytes
        The codes of the statuses before the queue was asked: where the log has told of another
        since, it knows better.
    """
    for (number, job), now in present.statuses.items():
        run = state.runs.get(number)
        if run is None or not state.is_open_as(before, run, job):
            continue
        if now is not ComponentStatus.HELD:
            state.set(run, job, now)
        elif (number, job) not in state.held:
            hold(state, run, job, present.holds[number, job])

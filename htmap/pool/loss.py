"""Whether the queue that a run was submitted to is still there, or its jobs vanished with it.

A personal pool's queue may not outlive its container, or its disk may be full, damaged or wiped;
the next queue has the same schedd's name and counts clusters from 1 again. What differs is the
time at which a queue was made. HTCondor keeps it in the first line of the file that holds the
queue, through every restart, and tells it in the schedd's ad as ``JobQueueBirthdate``.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone
from pathlib import Path

from htmap.pool.schedd import Schedd, is_local
from htmap.statuses import ComponentStatus
from htmap.store.run import Queue

# The log's sequence number, which counts how often HTCondor rewrote it, and when it was made.
_HEADER = re.compile(rb"107 \d+ CreationTimestamp (\d+)\n")

#: Seconds for which what is left of a pool may still write to event logs when the next one runs.
_LAST_WORDS = 60.0


def born(log: str) -> int | None:
    """Return when the queue in a ``job_queue.log`` was made, None where that cannot be read."""
    try:
        with Path(log).open("rb", buffering=0) as file:
            header = _HEADER.match(file.read(100))
    except OSError:
        return None
    return None if header is None else int(header[1])


def queue_of(schedd: Schedd) -> Queue | None:
    """Return the queue of a schedd, None where the schedd does not say when it was made."""
    import htcondor2

    if schedd.born is None:
        return None
    log = os.path.realpath(str(htcondor2.param.get("JOB_QUEUE_LOG", "")))
    return Queue(schedd.name, schedd.born, log if born(log) == schedd.born else "")


def local_queue() -> Queue | None:
    """Return the queue of the personal pool that htmap uses here, without asking any schedd.

    None where htmap uses another schedd, or the pool has not been started yet.
    """
    import htcondor2

    if not is_local():
        return None
    log = os.path.realpath(str(htcondor2.param.get("JOB_QUEUE_LOG", "")))
    made = born(log)
    return None if made is None else Queue("", made, log)


def is_there(submitted: Queue) -> bool:
    """Tell, at the cost of opening a file, whether the file that held a run's queue still does."""
    return bool(submitted.log) and born(submitted.log) == submitted.born


def is_doubtful(submitted: Queue) -> bool:
    """Tell, at the cost of opening a file, whether a run's queue may be gone."""
    return bool(submitted.log) and not is_there(submitted)


def fate(
    submitted: Queue | None, here: Queue | None, last_word: float = 0.0, since: float = 0.0
) -> ComponentStatus | None:
    """Return what has become of jobs that are neither ended nor in the queue that was asked.

    Parameters
    ----------
    submitted : Queue or None
        The queue that they were submitted to, as far as it is known.
    here : Queue or None
        The queue that was asked.
    last_word : float
        When their pool last wrote to the event log, in seconds since the epoch; 0 if not known.
    since : float
        Since when the schedd that was asked has been running.

    Returns
    -------
    ComponentStatus or None
        REMOVED if it is the queue that they were in; LOST if that one is gone; None if it may
        well exist, out of sight: then nothing is known of them.
    """
    if submitted is None or here is None:
        return ComponentStatus.REMOVED
    if submitted.born == here.born and (submitted.log or submitted.schedd == here.schedd):
        return ComponentStatus.REMOVED
    # Another container's pool may lie in the home directory that both have, or be out of sight and
    # still write to the event log there.
    gone = is_doubtful(submitted) if submitted.log else submitted.schedd == here.schedd
    return ComponentStatus.LOST if gone and last_word <= since + _LAST_WORDS else None


def explanation(submitted: Queue, here: Queue) -> str:
    """Return how jobs were lost."""
    where = f" in {submitted.log}" if submitted.log else ""
    return (
        f"It was submitted to the queue of the schedd {submitted.schedd} that was made at "
        f"{_time(submitted.born)}{where}. In its place is now one that was made at "
        f"{_time(here.born)} and knows nothing of the job: the files of the first did not outlive "
        "their container, or were deleted or damaged."
    )


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S UTC}"

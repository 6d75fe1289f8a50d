"""What a job's ad calls its status (manual, section "Job ClassAd Attributes", ``JobStatus``)."""

from __future__ import annotations

from enum import IntEnum


class JobStatus(IntEnum):
    """The values of ``JobStatus``. TRANSFERRING_OUTPUT: the job has ended on its node."""

    IDLE = 1
    RUNNING = 2
    REMOVED = 3
    COMPLETED = 4
    HELD = 5
    TRANSFERRING_OUTPUT = 6
    SUSPENDED = 7

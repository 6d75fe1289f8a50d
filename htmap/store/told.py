"""What is told of a job: why it is held, and how it ended."""

from __future__ import annotations

from typing import NamedTuple

#: A job, by the number of its run and its process in that.
Job = tuple[int, int]


class ComponentHold(NamedTuple):
    """Why HTCondor holds a component's job.

    Attributes
    ----------
    code, subcode : int
        HTCondor's ``HoldReasonCode`` and ``HoldReasonSubCode``: see the manual's section "Job
        ClassAd Attributes".
    reason : str
        The same in words.

    Examples
    --------
    >>> hold = ComponentHold(13, 2, "Transfer input files failure: no such file")
    >>> print(hold)
    [13] Transfer input files failure: no such file
    """

    code: int
    subcode: int
    reason: str

    def __str__(self) -> str:
        return f"[{self.code}] {self.reason}"


class Ending(NamedTuple):
    """How the job of a component that left no record ended.

    Attributes
    ----------
    exit_code, signal : int or None
        One of them is set where the process ended by itself.
    reason : str
        Why the job was removed, or how it was lost, where it was.
    is_lost : bool
        Whether it vanished together with the queue that it was in.
    running : int or None
        Of a job of several components the one that was running, where that is known.
    """

    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    is_lost: bool = False
    running: int | None = None

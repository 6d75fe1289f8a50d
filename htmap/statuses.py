"""The words for what a component is doing."""

from __future__ import annotations

import enum


class ComponentStatus(str, enum.Enum):
    """What a component is doing; equal to the string of its name.

    Examples
    --------
    >>> from htmap import ComponentStatus
    >>> print(ComponentStatus.RUNNING)
    RUNNING
    >>> ComponentStatus.RUNNING == "RUNNING"
    True
    """

    #: Nothing is known of it.
    UNKNOWN = "UNKNOWN"
    #: HTCondor has not made its job yet (late materialization).
    UNMATERIALIZED = "UNMATERIALIZED"
    #: Its job waits for a slot.
    IDLE = "IDLE"
    #: Its job is on an execute node.
    RUNNING = "RUNNING"
    #: Its job was removed from the queue before it finished.
    REMOVED = "REMOVED"
    #: It ended with a result.
    COMPLETED = "COMPLETED"
    #: HTCondor holds its job until somebody releases it.
    HELD = "HELD"
    #: Its job is on an execute node, and paused.
    SUSPENDED = "SUSPENDED"
    #: It ended without a result.
    ERRORED = "ERRORED"
    #: Its job vanished together with the queue that it was in; run it again.
    LOST = "LOST"

    # Not the name of the class in front of it, which Enum would add before Python 3.11.
    __str__ = str.__str__
    __format__ = str.__format__  # type: ignore[assignment]

    @classmethod
    def display_statuses(cls) -> tuple[ComponentStatus, ...]:
        """Return those that summaries show, in their order.

        Examples
        --------
        >>> " ".join(ComponentStatus.display_statuses())
        'HELD ERRORED IDLE RUNNING COMPLETED'
        """
        return (cls.HELD, cls.ERRORED, cls.IDLE, cls.RUNNING, cls.COMPLETED)

    @property
    def is_final(self) -> bool:
        """Whether a component stays so unless it is run again.

        HELD is not final: a wait stops there, but the component goes on once it is released.
        """
        return self in _FINAL

    @property
    def is_failure(self) -> bool:
        """Whether a component has come to an end without a result."""
        return self.is_final and self is not ComponentStatus.COMPLETED

    @property
    def code(self) -> int:
        """A number from 0, for arrays; the same in every version of htmap."""
        return _CODES[self]

    @classmethod
    def from_code(cls, code: int) -> ComponentStatus:
        """Return the status of a :attr:`code`.

        Raises
        ------
        ValueError
            If no status has this code.
        """
        if not 0 <= code < len(_IN_ORDER):
            raise ValueError(f"{code} is not the code of a component status")
        return _IN_ORDER[code]


# Codes are written to disk: a new status goes to the end.
_IN_ORDER = (
    ComponentStatus.UNKNOWN,
    ComponentStatus.UNMATERIALIZED,
    ComponentStatus.IDLE,
    ComponentStatus.RUNNING,
    ComponentStatus.REMOVED,
    ComponentStatus.COMPLETED,
    ComponentStatus.HELD,
    ComponentStatus.SUSPENDED,
    ComponentStatus.ERRORED,
    ComponentStatus.LOST,
)
_CODES = {status: code for code, status in enumerate(_IN_ORDER)}
_FINAL = frozenset(
    {
        ComponentStatus.COMPLETED,
        ComponentStatus.ERRORED,
        ComponentStatus.REMOVED,
        ComponentStatus.LOST,
    }
)

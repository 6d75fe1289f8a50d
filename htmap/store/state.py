"""What is known of each component, in a few bytes each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from htmap.statuses import ComponentStatus


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
    """

    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    is_lost: bool = False


class State:
    """The status of every component of a map, and what its job used.

    Attributes
    ----------
    run, job : array of unsigned int
        Which run each component belongs to, and its job in it.
    memory : array of unsigned int
        The most memory in MB that its job in that run was seen to use; 0 until HTCondor has looked.
    cpu : array of float
        Seconds of CPU time, user and system, of the last execution; 0 until that has ended.
    holds : dict
        Component to :class:`ComponentHold`, for those held now.
    endings : dict
        Component to :class:`Ending`, for those whose job ended without a result.
    """

    def __init__(self, components: int) -> None:
        self._codes = bytearray([ComponentStatus.UNMATERIALIZED.code]) * components
        self._counts = {ComponentStatus.UNMATERIALIZED.code: components}
        from array import array  # a shared library: 2 ms that `import htmap` does without

        self.run = array("I", bytes(4 * components))
        self.job = array("I", bytes(4 * components))
        self.memory = array("Q", bytes(8 * components))
        self.cpu = array("d", bytes(8 * components))
        self.holds: dict[int, ComponentHold] = {}
        self.endings: dict[int, Ending] = {}
        #: Components in the order in which they ended.
        self.ended: list[int] = []

    def __len__(self) -> int:
        return len(self._codes)

    def __getitem__(self, component: int) -> ComponentStatus:
        return ComponentStatus.from_code(self._codes[component])

    def __iter__(self) -> Iterator[ComponentStatus]:
        from_code = [ComponentStatus.from_code(code) for code in range(len(ComponentStatus))]
        return (from_code[code] for code in self._codes)

    def codes(self) -> bytes:
        """Return the :attr:`ComponentStatus.code` of each component, as it is now."""
        return bytes(self._codes)

    def assign(self, component: int, run: int, job: int) -> None:
        """Give a component to a job that is yet to be made; what it used before is forgotten."""
        self.run[component] = run
        self.job[component] = job
        self.memory[component] = 0
        self.cpu[component] = 0.0
        self.set(component, ComponentStatus.UNMATERIALIZED)

    def set(self, component: int, status: ComponentStatus) -> None:
        """Set a component's status; what was said of an earlier one is forgotten."""
        old, new = self._codes[component], status.code
        if status is not ComponentStatus.HELD:
            self.holds.pop(component, None)
        if not status.is_final:
            self.endings.pop(component, None)
        elif old != new:
            self.ended.append(component)
        self._codes[component] = new
        self._counts[old] -= 1
        self._counts[new] = self._counts.get(new, 0) + 1

    def count(self, status: ComponentStatus) -> int:
        """Return how many components have a status."""
        return self._counts.get(status.code, 0)

    def with_status(self, status: ComponentStatus) -> tuple[int, ...]:
        """Return the components that have a status, ascending."""
        if not self.count(status):
            return ()
        code, codes = status.code, self._codes
        found = []
        position = codes.find(code)
        while position >= 0:
            found.append(position)
            position = codes.find(code, position + 1)
        return tuple(found)

    @property
    def unfinished(self) -> int:
        """How many components have not come to an end."""
        return len(self) - sum(self.count(status) for status in ComponentStatus if status.is_final)

"""How many components share a job: the sizes of chunks, and why they are what they are."""

from __future__ import annotations

import abc
import math
from typing import NamedTuple

from htmap.options import Chunksize
from htmap.store.timings import Timing

#: Seconds that a job costs a slot beside what it runs (``benchmarks/chunks.py`` measures it).
JOB_SECONDS = 0.15
#: Seconds of work that make this cost a few per cent, and after which a chunk is long enough.
_LEAST_SECONDS, _MOST_SECONDS = 4.0, 300.0
# Seconds that a component costs beside its function: it is unpickled, and its result is written.
_COMPONENT_SECONDS = 1e-5
# Where nobody knows how long components take: how many are in a chunk at most, and the part of a
# slot's share that is in one at least.
_MOST_UNKNOWN, _LEAST_UNKNOWN = 20_000, 1 / 128


class Sizes(abc.ABC):
    """Tells one job after another how many components it gets.

    Attributes
    ----------
    chunksize : int or "auto"
        What was asked for.
    why : str
        The reason for the sizes, a sentence or two.
    is_fixed : bool
        Whether the size does not depend on how many components there are.
    """

    chunksize: Chunksize
    why: str
    is_fixed: bool

    @abc.abstractmethod
    def next(self, left: int) -> int:
        """Return the size of the next chunk, of at least ``left`` components that are left."""


class FixedSizes(Sizes):
    """The size that the user has named."""

    is_fixed = True

    def __init__(self, chunksize: int) -> None:
        self.chunksize: Chunksize = chunksize
        self._size = chunksize
        self.why = f"chunksize is {chunksize}"

    def next(self, left: int) -> int:
        """Return the size."""
        return self._size


class Slots(NamedTuple):
    """How many jobs of a map can run at once.

    Attributes
    ----------
    number : int
    why : str
        Where the number comes from.
    """

    number: int
    why: str


class ShrinkingSizes(Sizes):
    """Sizes that htmap chooses: large ones first, smaller ones towards the end.

    In each wave, of one chunk a slot, half of what is left is given out ("factoring", Hummel,
    Schonberg and Flynn, Communications of the ACM 35, 1992): so slots that meet long components get
    fewer chunks, and all of them end at about the same time. Chunks get no smaller than what makes
    a job worth its cost, if it is known how long components take.

    Parameters
    ----------
    slots : Slots
    timing : Timing, optional
        How long components of this function took before.

    Examples
    --------
    >>> sizes = ShrinkingSizes(Slots(2, "the pool has 2 slots"))
    >>> left, given = 100, []
    >>> while left:
    ...     given.append(min(sizes.next(left), left))
    ...     left -= given[-1]
    >>> given
    [25, 25, 13, 13, 6, 6, 3, 3, 2, 2, 1, 1]
    """

    chunksize: Chunksize = "auto"
    is_fixed = False

    def __init__(self, slots: Slots, timing: Timing | None = None) -> None:
        self._slots = slots.number
        self._seconds = 0.0
        self._least, self._most = 0, _MOST_UNKNOWN
        self._wave = (0, 0)  # the size of its chunks, and how many are left of them
        if timing is None:
            known = (
                "it is not known how long its components take, as no map of this function has "
                "ended here before: chunks shrink to a hundredth of what a slot does, and have "
                f"{_MOST_UNKNOWN} at most"
            )
        else:
            self._seconds = timing.mean + _COMPONENT_SECONDS
            self._least = math.ceil(_LEAST_SECONDS / self._seconds)
            self._most = math.ceil(_MOST_SECONDS / self._seconds)
            known = (
                f"{timing.components} components of this function took {timing.mean:.2g} s each: "
                f"chunks shrink to {_LEAST_SECONDS:.0f} s of work, so that a job's cost is a few "
                "per cent of it, or to what keeps all slots busy"
            )
        self.why = f'chunksize is "auto"; {slots.why}; {known}'

    def next(self, left: int) -> int:
        """Return the size of the next chunk."""
        size, chunks = self._wave
        if not chunks:
            size, chunks = self._size(left), self._slots
        self._wave = size, chunks - 1
        return size

    def _size(self, left: int) -> int:
        if 0 < left * self._seconds <= JOB_SECONDS:
            return left  # a second job would cost more than it saves
        share = -(-left // self._slots)
        half = -(-left // (2 * self._slots))
        if not self._least:
            self._least = math.ceil(share * _LEAST_UNKNOWN)
        return min(max(half, min(self._least, share)), self._most)


class Chunking(NamedTuple):
    """How the components of a map were divided into jobs; as text, a sentence that explains it.

    Attributes
    ----------
    chunksize : int or "auto"
        What was asked for.
    components, jobs : int
        How many there are.
    smallest, largest : int
        How many components a job has at least and at most.
    why : str
        The reason.
    """

    chunksize: Chunksize
    components: int
    jobs: int
    smallest: int
    largest: int
    why: str

    def __str__(self) -> str:
        sizes = (
            f"{self.smallest}"
            if self.smallest == self.largest
            else (f"{self.smallest} to {self.largest}")
        )
        return f"{self.components} components in {self.jobs} jobs of {sizes}: {self.why}."

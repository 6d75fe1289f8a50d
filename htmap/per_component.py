"""Sequences with an item for each component."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar, overload

from htmap.store.outputs import OutputPack
from htmap.store.reading import Reading
from htmap.store.run import Run

if TYPE_CHECKING:
    from htmap.handle import MapHandle, Timeout

T = TypeVar("T")


class ByComponent(Sequence[T]):
    """A sequence with an item for each component; of a slice, a list."""

    @abstractmethod
    def get(self, component: int, timeout: Timeout = None) -> T:
        """Wait for a component's item and return it."""

    @abstractmethod
    def _several(self, components: Iterable[int]) -> Iterator[T]:
        """Yield the items of components without waiting, each file read once."""

    @overload
    def __getitem__(self, item: int) -> T: ...
    @overload
    def __getitem__(self, item: slice) -> list[T]: ...
    def __getitem__(self, item: int | slice) -> T | list[T]:
        """Return a component's item, or a list of those of a slice, without waiting.

        Raises
        ------
        NoSuchComponent
            If there is no such component (an IndexError).
        OutputNotFound
            If it is not there yet.
        """
        if isinstance(item, slice):
            return list(self._several(range(*item.indices(len(self)))))
        return self.get(item, timeout=0)

    def __contains__(self, component: object) -> bool:
        """Tell whether there is a component of this number."""
        return isinstance(component, int) and 0 <= component < len(self)


class PerComponent(ByComponent[T]):
    """What each component has left besides its result; there once the component's job has ended."""

    def __init__(self, map_: MapHandle) -> None:
        self._map = map_

    @abstractmethod
    def _left(self, component: int, run: Run, output: OutputPack) -> T:
        """Return what a component that has ended has left."""

    def __len__(self) -> int:
        return len(self._map)

    def __iter__(self) -> Iterator[T]:
        return self._several(range(len(self)))

    def get(self, component: int, timeout: Timeout = None) -> T:
        """Wait until a component has ended (or is held) and return what it left.

        Parameters
        ----------
        component : int
        timeout : float or timedelta, optional
            Seconds to wait at most; 0 does not wait, None waits for ever.

        Raises
        ------
        NoSuchComponent
            If there is no such component (an IndexError).
        OutputNotFound
            If ``timeout`` is 0 and the component has not ended (a FileNotFoundError).
        TimeoutError
            If the time is over first.
        CorruptPack
            If it shares its job, and what that brought back is damaged.
        """
        with Reading(self._map.tag) as reading:
            return self._get(self._map._index(component), timeout, reading)

    def _several(self, components: Iterable[int]) -> Iterator[T]:
        with Reading(self._map.tag) as reading:
            for component in components:
                yield self._get(component, 0, reading)

    def _get(self, index: int, timeout: Timeout, reading: Reading) -> T:
        self._map._wait_for(index, timeout, reading)
        run, job = self._map._tracker.run_and_job(index)
        return self._left(index, run, reading.output(run, job))

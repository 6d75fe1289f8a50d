"""Sequences of what each component has left besides its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar, overload

from htmap.store.folder import Run

if TYPE_CHECKING:
    from htmap.handle import MapHandle, Timeout

T = TypeVar("T")


class PerComponent(Sequence[T]):
    """A sequence with one item for each component; there once the component's job has ended."""

    def __init__(self, map_: MapHandle) -> None:
        self._map = map_

    def _left(self, run: Run, job: int, component: int) -> T:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._map)

    def __contains__(self, component: object) -> bool:
        return isinstance(component, int) and 0 <= component < len(self)

    @overload
    def __getitem__(self, item: int) -> T: ...
    @overload
    def __getitem__(self, item: slice) -> list[T]: ...
    def __getitem__(self, item: int | slice) -> T | list[T]:
        if isinstance(item, slice):
            return [self.get(component, timeout=0) for component in range(*item.indices(len(self)))]
        return self.get(item, timeout=0)

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
        """
        index = self._map._index(component)
        self._map._wait_for(index, timeout)
        return self._left(*self._map._tracker.run_and_job(index), index)

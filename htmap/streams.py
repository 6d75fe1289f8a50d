"""What components wrote to standard output and standard error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from htmap.store import outputs
from htmap.store.folder import Run

if TYPE_CHECKING:
    from htmap.handle import MapHandle, Timeout


class _Stream(Sequence[str]):
    """A sequence of str, one for each component; there once the component's job has ended."""

    def __init__(self, map_: MapHandle) -> None:
        self._map = map_

    def _path(self, run: Run, job: int) -> Path:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._map)

    def __contains__(self, component: object) -> bool:
        return isinstance(component, int) and 0 <= component < len(self)

    @overload
    def __getitem__(self, item: int) -> str: ...
    @overload
    def __getitem__(self, item: slice) -> list[str]: ...
    def __getitem__(self, item: int | slice) -> str | list[str]:
        if isinstance(item, slice):
            return [self.get(component, timeout=0) for component in range(*item.indices(len(self)))]
        return self.get(item, timeout=0)

    def get(self, component: int, timeout: Timeout = None) -> str:
        """Wait until a component has ended (or is held) and return its text.

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
        return outputs.read_text(self._path(*self._map._tracker.run_and_job(index)))


class MapStdOut(_Stream):
    """What each component wrote to standard output."""

    def _path(self, run: Run, job: int) -> Path:
        return run.stdout(job)


class MapStdErr(_Stream):
    """What each component wrote to standard error."""

    def _path(self, run: Run, job: int) -> Path:
        return run.stderr(job)

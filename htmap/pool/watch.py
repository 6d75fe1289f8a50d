"""Waiting for files to change, at next to no cost and on every file system."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Watch"]

# Pauses, in seconds, between looks when the kernel has nothing to tell: what another machine does
# on a network file system is never told.
_SHORTEST, _LONGEST = 0.01, 1.0

_Signature = tuple[object, object, object, object]


class Watch:
    """Wakes whoever waits for files, which need not exist yet, to change.

    Whether something changed is decided by looking at the files alone (their inode, size and time,
    and their folder's inode). The kernel's notices, where there are any, only say when to look, so
    that nothing depends on them.

    No change is lost between a caller's reading and its next :meth:`wait`: what a wait compares
    with was looked at before the one before it returned, or before the watch was made, and so
    before the caller read. A change that the caller has read already may wake it once for nothing.

    Parameters
    ----------
    *paths : Path
        The files. A folder changes when a name in it comes or goes.

    Examples
    --------
    >>> with Watch(path) as watch:  # doctest: +SKIP
    ...     while not enough(path):
    ...         watch.wait()
    """

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._pause = _SHORTEST
        self._notices: Any = None
        self._listen()
        self._seen = self._look()

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def wait(self, timeout: float | None = None) -> bool:
        """Return as soon as a file, or the folder that it is in, is not as it was.

        Parameters
        ----------
        timeout : float, optional
            The longest time to wait, in seconds; for ever by default.

        Returns
        -------
        changed : bool
            False if the time ran out first.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            now = self._look()
            if now != self._seen:
                if [one[0] for one in now] != [one[0] for one in self._seen]:
                    self._listen()  # another folder took the name
                    now = self._look()
                self._seen = now
                self._pause = _SHORTEST
                return True
            left = _LONGEST if deadline is None else deadline - time.monotonic()
            if left <= 0:
                return False
            if self._sleep(min(self._pause, left)) and self._look() == self._seen:
                # Another file in the folder, which may be written a thousand times a second.
                time.sleep(min(_SHORTEST, left))
            self._pause = min(2 * self._pause, _LONGEST)

    def close(self) -> None:
        """Free what the kernel keeps for the watch; safe to repeat."""
        if self._notices is not None:
            self._notices.close()
            self._notices = None

    def _sleep(self, seconds: float) -> bool:
        """Sleep until the time is over or the kernel has noticed something; tell whether it has."""
        if self._notices is None:
            time.sleep(seconds)
            return False
        return bool(self._notices.read(timeout=max(1, int(seconds * 1000))))

    def _listen(self) -> None:
        """Ask the kernel to tell of changes in the files' folders, if it can."""
        self.close()
        try:
            from inotify_simple import INotify, flags

            self._notices = INotify()
            for path in self._paths:
                self._notices.add_watch(
                    path if path.is_dir() else path.parent,
                    flags.CREATE
                    | flags.DELETE
                    | flags.DELETE_SELF
                    | flags.MODIFY
                    | flags.MOVED_FROM
                    | flags.MOVED_TO
                    | flags.MOVE_SELF
                    | flags.ONLYDIR,
                )
        except (ImportError, OSError):  # another system, no folder, or no watches left
            self.close()

    def _look(self) -> list[_Signature]:
        return [_look_at(path) for path in self._paths]


def _look_at(path: Path) -> _Signature:
    try:
        folder = path.parent.stat().st_ino
    except OSError:
        return (None, None, None, None)
    try:
        # Opening is what makes NFS ask its server; a mere stat may be a minute old.
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return (folder, None, None, None)
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return (folder, status.st_ino, status.st_size, status.st_mtime_ns)

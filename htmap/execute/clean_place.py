"""The place in which the components of one job run, as each of them is to find it."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Dict

from . import places

# The time that is given to a folder of which every change is to be seen, whatever the resolution of
# the file system's clock.
_LONG_AGO = 10**18

# What the starter may put into the job's folder while the job runs, and what is htmap's.
_NOT_THEIRS = ("_htmap", "_condor", ".condor", ".update.ad", ".job.ad", ".machine.ad", ".chirp")


class CleanPlace:
    """The working directory, the environment, ``sys.path`` and the files of a job.

    Made before the first component runs; what was there then is there for each.
    """

    def __init__(self) -> None:
        self._folder = os.open(places.scratch(), os.O_RDONLY | os.O_DIRECTORY)
        self._names = frozenset(os.listdir(self._folder))
        self._mark()
        self._give_temporary_folder()
        self._path = list(sys.path)
        # What os.environ is made of: as a mapping it is fifty times slower to compare.
        self._variables: Dict[bytes, bytes] = dict(os.environ._data)  # type: ignore[attr-defined]

    def _mark(self) -> None:
        with contextlib.suppress(OSError):  # somebody else's: then it is looked into each time
            os.utime(self._folder, ns=(_LONG_AGO, _LONG_AGO))

    def _give_temporary_folder(self) -> None:
        folder = places.scratch(places.TEMPORARY)
        os.makedirs(folder, exist_ok=True)
        for name in ("TMPDIR", "TEMP", "TMP"):
            if os.path.realpath(os.environ.get(name, "/")) == places.scratch():
                os.environ[name] = folder

    def enter(self, component: int) -> None:
        """Give the place to a component."""
        number = str(component)
        os.environ["HTMAP_COMPONENT"] = number
        self._variables[b"HTMAP_COMPONENT"] = number.encode()

    def leave(self) -> bool:
        """Undo what a component has changed; tell whether it has made or deleted files."""
        if os.environ._data != self._variables:  # type: ignore[attr-defined]
            for name in set(os.environb) - set(self._variables):
                del os.environb[name]
            os.environb.update(self._variables)
        if sys.path != self._path:
            sys.path[:] = self._path
        os.fchdir(self._folder)  # cheaper than to see where it is
        if os.fstat(self._folder).st_mtime_ns == _LONG_AGO:
            return False
        self._remove_files()
        return True

    def _remove_files(self) -> None:
        from .carrying import remove

        for name in os.listdir(self._folder):
            if name not in self._names and not name.startswith(_NOT_THEIRS):
                with contextlib.suppress(OSError):  # a folder that nobody may write
                    remove(places.scratch(name))
        self._mark()

    def empty_temporary_folder(self) -> None:
        """Delete temporary files, of which nobody knows any more."""
        from .carrying import remove

        folder = places.scratch(places.TEMPORARY)
        with contextlib.suppress(OSError):
            remove(folder)
        with contextlib.suppress(OSError):
            os.makedirs(folder, exist_ok=True)

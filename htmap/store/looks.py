"""Looks at what a schedd elsewhere knows of a map: whose turn it is, and when the next is due.

Of all processes that use a map one looks at a time, and the others read what it writes down. What
is fetched in a look is written by nobody else meanwhile; one whose process died is taken over.

The latest look is the file with the highest number. While it goes on it names the process, and
after that it tells when it was. A number is never used again, so that no two processes can take
over the same look.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
from pathlib import Path

from htmap.store.files import write_whole
from htmap.store.processes import Process

# Seconds between the beginnings of two looks: a share of the time for which there was no news, so
# that what is told is never older than that share of what is told; and so much that the schedd is
# not kept busy by answering.
_SHORTEST, _LONGEST = 0.25, 60.0
_SHARE = 0.1
_TIMES_AS_LONG, _AT_MOST = 20.0, 5.0

# Seconds for which a file without content may be one that is being written.
_BEGINNING = 10.0


@dataclasses.dataclass(frozen=True)
class Look:
    """A look that is over.

    Attributes
    ----------
    at : float
        When it began, in seconds since the epoch.
    news : float
        When a look last had any news.
    took : float
        Seconds that the schedd took to answer.
    """

    at: float = 0.0
    news: float = 0.0
    took: float = 0.0


class Looks:
    """The looks at a map.

    Parameters
    ----------
    folder : Path
        Theirs alone; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._expected = folder / "expected"
        self._mine: Path | None = None

    def due_in(self) -> float:
        """Return how many seconds there are until the next look, 0 if it is due."""
        number = self._latest()
        look = None if number is None else self._read(number)
        if look is None:
            return 0.0
        if isinstance(look, Process):
            return _SHORTEST
        expected = self._time_of(self._expected)
        now = time.time()
        if expected >= look.at or look.at > now:  # or the clock was set back
            return 0.0
        quiet = look.at - max(look.news, expected)
        mercy = min(_TIMES_AS_LONG * look.took, _AT_MOST)
        pause = min(max(_SHORTEST, _SHARE * quiet, mercy), _LONGEST)
        return max(0.0, look.at + pause - now)

    def expect(self) -> None:
        """Make the next look due now: something was done that will be news."""
        with contextlib.suppress(OSError):  # only speed depends on it
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._expected.touch(mode=0o600)
            # Not the file system's time, which is a few milliseconds late.
            now = time.time()
            os.utime(self._expected, (now, now))

    def begin(self) -> bool:
        """Take the next look, unless another process is at it; tell whether it is taken.

        Of a map that is removed there is none.

        Raises
        ------
        OSError
            If the disk does not let it.
        """
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except FileNotFoundError:
            return False
        latest = self._latest()
        self._last = Look()
        if latest is not None:
            found = self._read(latest)
            if isinstance(found, Process):
                return False
            self._last = found or Look()
        number = 0 if latest is None else latest + 1
        mine = self._folder / str(number)
        try:
            descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "w") as file:
            json.dump(dataclasses.asdict(Process.this()), file)
        numbers = self._numbers()
        if max(numbers) > number:  # it was taken long ago, and its number free again
            mine.unlink(missing_ok=True)
            return False
        for other in numbers:
            if other < number:
                (self._folder / str(other)).unlink(missing_ok=True)
        self._mine = mine
        self._began = time.time()
        return True

    def go_on(self) -> None:
        """Give a sign of life."""
        if self._mine is not None:
            with contextlib.suppress(OSError):
                os.utime(self._mine)

    def end(self, news: bool, took: float) -> None:
        """Write down that the look is over; safe to repeat.

        Parameters
        ----------
        news : bool
        took : float
            Seconds that the schedd took to answer.
        """
        if self._mine is None:
            return
        mine, self._mine = self._mine, None
        look = Look(self._began, self._began if news else self._last.news, took)
        # With the folder, the map is gone too.
        with contextlib.suppress(OSError):
            write_whole(mine, json.dumps(dataclasses.asdict(look)).encode(), durably=False)

    def _latest(self) -> int | None:
        return max(self._numbers(), default=None)

    def _numbers(self) -> list[int]:
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        return [int(name) for name in names if name.isdecimal()]

    def _read(self, number: int) -> Process | Look | None:
        """Return the process that is at a look, the look that is over, or None for a dead one."""
        path = self._folder / str(number)
        try:
            text = path.read_text()
        except FileNotFoundError:
            return None
        try:
            fields = json.loads(text)
            if "at" in fields:
                return Look(**fields)
            process = Process(**fields)
        except (ValueError, TypeError):
            is_new = time.time() - self._time_of(path) < _BEGINNING
            return Process.this() if is_new else None
        return None if process.is_gone(lambda: self._time_of(path)) else process

    @staticmethod
    def _time_of(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:
            return 0.0

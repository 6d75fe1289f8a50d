"""A text that is read while it is written, from one file after another."""

from __future__ import annotations

import codecs
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

_BLOCK = 64 * 1024


class GrowingText:
    """What a file says, as it grows, moves to another path, or is begun anew.

    A job's output is first in its sandbox, and later on the submit side; a job that starts again
    begins another one. So whatever is opened goes on where the one before was left if it begins
    with the same bytes, and is read from its start if not. Text takes no more memory than a block.

    What is no UTF-8 is shown as U+FFFD; a character that was cut in two is given whole.

    Examples
    --------
    >>> with GrowingText() as text:  # doctest: +SKIP
    ...     text.open(path)
    ...     for piece in text.read():
    ...         print(piece, end="")
    """

    def __init__(self) -> None:
        #: What is open, if anything is.
        self.path: Path | None = None
        self._file: BinaryIO | None = None
        self._start = 0
        self._length: int | None = None
        self._start_anew()

    def __enter__(self) -> GrowingText:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _start_anew(self) -> None:
        self._given = 0  # bytes
        self._check = 0  # CRC-32 of these
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def open(self, path: Path, start: int = 0, length: int | None = None) -> bool:
        """Go on with a file, or with so many bytes of one, and tell whether there is one."""
        try:
            file = path.open("rb", buffering=0)
        except (FileNotFoundError, NotADirectoryError):
            return False
        self._start, self._length = start, length
        file.seek(start)
        if not (length is None or self._given <= length) or not self._goes_on_in(file):
            self._start_anew()
            file.seek(start)
        self.close()
        self._file, self.path = file, path
        return True

    def _goes_on_in(self, file: BinaryIO) -> bool:
        left, check = self._given, 0
        while left:
            block = file.read(min(left, _BLOCK))
            if not block:
                return False
            left -= len(block)
            check = zlib.crc32(block, check)
        return check == self._check

    def read(self) -> Iterator[str]:
        """Yield what has been added; a file that was deleted since it was opened is read too."""
        if self._file is None:
            return
        if os.fstat(self._file.fileno()).st_size < self._start + self._given:
            self._start_anew()
            self._file.seek(self._start)
        while block := self._file.read(self._next_size()):
            self._given += len(block)
            self._check = zlib.crc32(block, self._check)
            if text := self._decoder.decode(block):
                yield text

    def _next_size(self) -> int:
        return _BLOCK if self._length is None else min(_BLOCK, self._length - self._given)

    def rest(self) -> str:
        """Return what stands for the beginning of a character that never went on."""
        return self._decoder.decode(b"", final=True)

    def state(self) -> tuple[int, int, tuple[bytes, int]]:
        """Return what :meth:`go_back` takes."""
        return self._given, self._check, self._decoder.getstate()

    def go_back(self, state: tuple[int, int, tuple[bytes, int]]) -> None:
        """Forget what was read since then; what is open has to be opened again."""
        self._given, self._check, decoded = state
        self._decoder.setstate(decoded)

    def close(self) -> None:
        """Close the file; another one can be opened."""
        if self._file is not None:
            self._file.close()
            self._file = self.path = None


def end_of(path: Path, longest: int, start: int = 0, length: int | None = None) -> str:
    """Return the end of a text, at most so many bytes of it; nothing where there is no file.

    Parameters
    ----------
    path : Path
    longest : int
        Bytes.
    start, length : int, optional
        The text begins at this byte of the file, and has so many; without, all that follows.
    """
    try:
        with path.open("rb", buffering=0) as file:
            end = os.fstat(file.fileno()).st_size if length is None else start + length
            file.seek(max(start, end - longest))
            return file.read(min(longest, end - start)).decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""

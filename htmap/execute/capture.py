"""What the components of one job write to standard output and error, apart for each."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import Any, BinaryIO, Dict, List, NamedTuple, Optional

from . import packs, places


class _Stream(NamedTuple):
    name: str
    kind: int
    number: int  # of the descriptor to which a process writes it
    file: BinaryIO
    descriptor: int  # of the file


class Capture:
    """Two files to which a process of the job writes instead of to the job's own streams."""

    def __init__(self) -> None:
        self._streams: List[_Stream] = []
        self._objects: Dict[str, Any] = {}
        for number, name in enumerate(("stdout", "stderr"), start=1):
            # Whoever inherits it writes at the end, also after the file was emptied.
            how = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
            descriptor = os.open(places.scratch(places.STREAMS[name]), how, 0o600)
            file = os.fdopen(descriptor, "r+b", buffering=0)
            self._streams.append(_Stream(name, packs.STREAMS[name], number, file, descriptor))

    def begin(self) -> None:
        """Make this process write to them."""
        for name, _, number, _, descriptor in self._streams:
            self._objects[name] = getattr(sys, name)
            os.dup2(descriptor, number)

    def take_back(self) -> None:
        """Write what this process has not yet written, and undo what was done to its streams."""
        for name, _, number, _, descriptor in self._streams:
            now, own = getattr(sys, name), self._objects[name]
            is_flushed = _flush(now)
            # Cheaper than to see whether it is needed.
            os.dup2(descriptor, number)
            if is_flushed and now is own:
                continue
            if own is not None and own.closed:
                own = self._objects[name] = open(  # noqa: SIM115 - as long as the process lasts
                    number, "w", buffering=1, encoding=own.encoding, errors=own.errors
                )
            _flush(own)
            setattr(sys, name, own)

    def keep(self, output: packs.PackWriter, component: int) -> bool:
        """Move what was written into the output pack; tell whether it was anything.

        Raises
        ------
        OSError
            If there was no room for it; it is gone then.
        """
        found = False
        problem: Optional[OSError] = None
        for _, kind, _, file, descriptor in self._streams:
            if os.lseek(descriptor, 0, os.SEEK_END):
                found = True
                try:
                    output.add_file(component, kind, file)
                except OSError as error:
                    problem = error
                os.ftruncate(descriptor, 0)
        if problem is not None:
            raise problem
        return found

    def pass_on(self) -> None:
        """Give to the job's own streams what was written when no component ran any more."""
        for stream in self._streams:
            with contextlib.suppress(OSError):
                stream.file.seek(0)
                with open(stream.number, "wb", buffering=0, closefd=False) as own:
                    shutil.copyfileobj(stream.file, own)


def _flush(stream: Any) -> bool:
    try:
        stream.flush()
    except Exception:  # it is closed, or the function has put something there that cannot
        return False
    return True

"""The state of a map on disk, so that a process that comes later need not read the whole log.

A cache: everything in it can be had again from the event log and the output packs, and whatever is
not as it was written is ignored. Layout::

    8 bytes   magic, b"HTMSTATE"
    <III      CRC-32 of all that follows, length of the head, format
    head      JSON: which map, runs and log it is about, and what is no array
    arrays    of the state, in this machine's byte order
"""

from __future__ import annotations

import contextlib
import json
import struct
import sys
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from htmap.store.files import write_whole
from htmap.store.state import State
from htmap.store.timings import Timing
from htmap.store.told import ComponentHold, Ending, Job

T = TypeVar("T", ComponentHold, Ending)

_MAGIC = b"HTMSTATE"
_START = struct.Struct("<III")
_FORMAT = 1
# What has to be the same where it is read.
_KIND = [sys.byteorder, 4]


class Snapshot:
    """What was saved.

    Attributes
    ----------
    about : dict
        What the reader has to compare with what is there now, and what else it needs; JSON.
    """

    def __init__(self, head: dict[str, Any], arrays: memoryview) -> None:
        self.about: dict[str, Any] = head["about"]
        self._head = head
        self._arrays = arrays

    def fill(self, state: State) -> None:
        """Give the saved state to one of the same map and runs to which nothing has happened.

        Raises
        ------
        ValueError
            If it is not that of such a map.
        """
        position, arrays = 0, []
        for length in self._head["arrays"]:
            arrays.append(bytes(self._arrays[position : position + length]))
            position += length
        state.resume(*arrays)
        state.held = _expanded(self._head["held"], ComponentHold)
        state.endings = _expanded(self._head["endings"], Ending)
        state.timing = Timing(*self._head["timing"])


def write(path: Path, state: State, about: Mapping[str, Any]) -> bool:
    """Save a state; tell whether that could be done.

    Parameters
    ----------
    path : Path
    state : State
    about : mapping
        What :attr:`Snapshot.about` shall be.
    """
    arrays = [bytes(state.codes), *map(_packed, (state.memory, state.cpu)), state.ended.tobytes()]
    head = {
        "kind": _KIND,
        "about": about,
        "arrays": list(map(len, arrays)),
        "held": _grouped(state.held.items()),
        "endings": _grouped(state.endings.items()),
        "timing": state.timing,
    }
    text = json.dumps(head).encode()
    rest = b"".join([_START.pack(0, len(text), _FORMAT)[4:], text, *arrays])
    with contextlib.suppress(OSError):  # only speed depends on it
        write_whole(path, _MAGIC + struct.pack("<I", zlib.crc32(rest)) + rest, durably=False)
        return True
    return False


def read(path: Path) -> Snapshot | None:
    """Return what was saved; None where there is nothing, or it is damaged or of another kind."""
    try:
        data = memoryview(path.read_bytes())
    except OSError:
        return None
    start = len(_MAGIC) + _START.size
    if len(data) < start or data[: len(_MAGIC)] != _MAGIC:
        return None
    crc, length, format_ = _START.unpack_from(data, len(_MAGIC))
    if format_ != _FORMAT or zlib.crc32(data[len(_MAGIC) + 4 :]) != crc:
        return None
    head = json.loads(bytes(data[start : start + length]))
    if head["kind"] != _KIND:
        return None
    return Snapshot(head, data[start + length :])


def _packed(values: Any) -> bytes:
    """Return an array's bytes; none where nothing is known of any component."""
    data: bytes = values.tobytes()
    return data if data.count(0) < len(data) else b""


def _grouped(items: Iterable[tuple[Job, T]]) -> list[Any]:
    """Return what is said of jobs with the jobs of which it is said: it is mostly the same."""
    groups: dict[T, list[Job]] = {}
    for job, said in items:
        groups.setdefault(said, []).append(job)
    return [[said, jobs] for said, jobs in groups.items()]


def _expanded(groups: list[Any], kind: type[T]) -> dict[Job, T]:
    """Return what :func:`_grouped` was given."""
    found: dict[Job, T] = {}
    for said, jobs in groups:
        same = kind(*said)
        for run, job in jobs:
            found[run, job] = same
    return found

"""The pack: the one file format for functions, inputs and outputs.

A pack is an envelope followed by records, and by an index of them once it is complete. It is
written front to back and never changed, so a pack whose writer was killed is a good pack with fewer
records and without an index. Layout (little endian)::

    8 bytes   magic, b"HTMAPACK"
    <II       length and CRC-32 of the envelope
    envelope  JSON: format, kind, versions of Python, cloudpickle and htmap
    then, for each record:
    <IBQIff   component, kind, length and CRC-32 of the payload, wall and CPU time in seconds
    <I        CRC-32 of these
    payload
    then, in a complete pack, a record of the kind INDEX (see :class:`Index`), and
    <Q        where that record begins
    8 bytes   magic, b"HTMAPEND"

The envelope is text and is read before anything is unpickled, so that a mismatch between the two
ends of a map can be explained instead of crashing inside pickle.
"""

from __future__ import annotations

import bisect
import functools
import json
import operator
import os
import struct
import sys
import zlib
from array import array
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

#: The version of the running Python, such as "3.13.0".
PYTHON = "%d.%d.%d" % sys.version_info[:3]

MAGIC = b"HTMAPACK"
END = b"HTMAPEND"
FORMAT = 2

#: Stands for every component of the job in a record that is about the job as a whole.
ALL_COMPONENTS = 0xFFFFFFFF

# Kinds of records.
FUNCTION = 1  # pickle of the mapped function
INPUT = 2  # pickle of (args, kwargs)
STARTED = 3  # no payload: the component was about to be called
RESULT = 4  # pickle of what the function returned
ERROR = 5  # JSON: the report of a failure, readable without unpickling anything
EXCEPTION = 6  # pickle of the exception itself, where it can be pickled
REMARK = 7  # text: what the runner has to say of the job, which is no failure
STDOUT = 8  # bytes: what the component wrote, where it shares its job with others
STDERR = 9
INDEX = 10
PACKAGES = 11  # JSON: the packages that Python has on the node of a job where something failed
#: Stream to the kind of record that holds it.
STREAMS = {"stdout": STDOUT, "stderr": STDERR}
#: Added to a kind: the payload is a pickle with the buffers that it left out, see :func:`joined`.
WITH_BUFFERS = 0x80
_KIND = ~WITH_BUFFERS

ENVELOPE = struct.Struct("<II")
RECORD = struct.Struct("<IBQIff")
CHECK = struct.Struct("<I")
HEAD = RECORD.size + CHECK.size
TRAILER = struct.Struct("<Q8s")

#: Buffers begin at a multiple of this many bytes in the file, as numpy's arrays like it.
_ALIGNMENT = 64
# What is read at once where records are read one after another.
BLOCK = 1 << 20
#: Of payloads that are larger, the memory need not hold a copy beside what is made of them.
LARGE = 64 * BLOCK

AnyPath = Union[str, "os.PathLike[str]"]
Payload = Union[bytes, bytearray, memoryview]


class DamagedPackError(ValueError):
    """A file that is not a pack, or whose bytes have changed since they were written."""


class Record(NamedTuple):
    """Where one record of a pack lies, and how long its component took.

    Attributes
    ----------
    component, kind : int
    offset, length : int
        Of the payload, in bytes; the offset from the start of the file.
    crc : int
        Of the payload.
    wall, cpu : float
        Seconds that the component took by the clock, and of processor time; 0 if not known.
    """

    component: int
    kind: int
    offset: int
    length: int
    crc: int
    wall: float = 0.0
    cpu: float = 0.0

    @property
    def has_buffers(self) -> bool:
        """Whether its payload is a pickle with buffers beside it."""
        return bool(self.kind & WITH_BUFFERS)


class Index:
    """What records a pack has: arrays with an item for each, in the order of the pack.

    Attributes
    ----------
    components, kinds, offsets, walls, cpus : array
        As in :class:`Record`, but the offsets are those of the records' heads.
    """

    #: How many bytes of a pack it takes to say where one record is.
    ITEM = struct.calcsize("<IBQff")

    def __init__(self) -> None:
        self.components: array[int] = array("I")
        self.kinds: array[int] = array("B")
        self.offsets: array[int] = array("Q")
        self.walls: array[float] = array("f")
        self.cpus: array[float] = array("f")
        self._arrays: List[Any] = [
            self.components, self.kinds, self.offsets, self.walls, self.cpus,
        ]  # fmt: skip

    def __len__(self) -> int:
        return len(self.components)

    def add(self, component: int, kind: int, offset: int, wall: float, cpu: float) -> None:
        """Add what is said of one record."""
        # Not a loop over the arrays: a node does this a million times.
        self.components.append(component)
        self.kinds.append(kind)
        self.offsets.append(offset)
        self.walls.append(wall)
        self.cpus.append(cpu)

    def shorten(self, count: int) -> None:
        """Keep what is said of the first ``count`` records."""
        for column in self._arrays:
            del column[count:]

    def __bytes__(self) -> bytes:
        swapped = [array(column.typecode, column) for column in self._arrays]
        if sys.byteorder == "big":
            for column in swapped:
                column.byteswap()
        return b"".join(column.tobytes() for column in swapped)

    @classmethod
    def read(cls, data: Payload) -> Index:
        """Return what :meth:`__bytes__` made bytes of."""
        index, start = cls(), 0
        count = len(data) // cls.ITEM
        for column in index._arrays:
            size = count * column.itemsize
            column.frombytes(data[start : start + size])
            start += size
            if sys.byteorder == "big":
                column.byteswap()
        return index

    @functools.cached_property
    def _in_order(self) -> bool:
        """Whether components come in ascending order: not always in reruns and resumed jobs."""
        return all(map(operator.le, self.components, self.components[1:]))

    def span(self, component: int) -> range:
        """Return where the records of a component are in the arrays.

        They stand together: a component's are written one after another, and are copied together
        where a job is resumed.
        """
        components = self.components
        stop = bisect.bisect_right(components, component)
        if not ((stop and components[stop - 1] == component) or self._in_order):
            stop = 1 + max(
                (at for at, each in enumerate(components) if each == component), default=-1
            )
        start = stop
        while start and components[start - 1] == component:
            start -= 1
        return range(start, stop)

    def last(self, component: int, kind: int) -> Optional[int]:
        """Return where the last record of a component and kind is, with buffers or without."""
        # As span(), in a third of the time: whoever reads a map does this a million times.
        components, kinds = self.components, self.kinds
        position = bisect.bisect_right(components, component) - 1
        if position < 0 or components[position] != component:
            position = self.span(component).stop - 1
        while position >= 0 and components[position] == component:
            if kinds[position] & _KIND == kind:
                return position
            position -= 1
        return None


def index_of(pack: bytes) -> Optional[Index]:
    """Return the index of a whole pack that is in memory; None where it is damaged or has none.

    Examples
    --------
    >>> index_of(b"no pack") is None
    True
    """
    first, size = len(MAGIC) + ENVELOPE.size, len(pack)
    if size < first + TRAILER.size or not pack.startswith(MAGIC):
        return None
    length, crc = ENVELOPE.unpack_from(pack, len(MAGIC))
    if not _is_envelope(pack[first : first + length], crc):
        return None
    start, end = TRAILER.unpack_from(pack, size - TRAILER.size)
    if end != END or not first + length <= start <= size - TRAILER.size - HEAD:
        return None
    head = pack[start : start + RECORD.size]
    _, kind, length, crc, _, _ = RECORD.unpack(head)
    payload = pack[start + HEAD : size - TRAILER.size]
    is_whole = (
        kind == INDEX
        and length == len(payload)
        and CHECK.unpack_from(pack, start + RECORD.size)[0] == zlib.crc32(head)
        and crc == zlib.crc32(payload)
    )
    return Index.read(payload) if is_whole else None


@functools.lru_cache(maxsize=16)
def _is_envelope(text: bytes, crc: int) -> bool:
    # The jobs of a map write the same.
    return zlib.crc32(text) == crc and json.loads(text).get("format") == FORMAT


def versions(**more: Any) -> Dict[str, Any]:
    """Return an envelope that names this Python, with ``more`` entries added.

    Examples
    --------
    >>> versions(kind="input")["kind"]
    'input'
    """
    return {"format": FORMAT, "python": PYTHON, **more}


def joined(pickled: Payload, buffers: Sequence[Payload], start: int) -> List[Payload]:
    """Return the parts of a payload with buffers.

    ``<I`` the number of buffers, ``<Q`` the length of the pickle and of each buffer, the pickle,
    and each buffer behind as many zeros as put it at a multiple of 64 bytes in the file.
    """
    lengths = [len(pickled), *map(len, buffers)]
    head = struct.pack(f"<I{len(lengths)}Q", len(buffers), *lengths)
    parts: List[Payload] = [head, pickled]
    position = start + len(head) + len(pickled)
    for buffer in buffers:
        padding = -position % _ALIGNMENT
        parts += [bytes(padding), buffer]
        position += padding + len(buffer)
    return parts


def split(payload: memoryview, start: int) -> Tuple[memoryview, List[memoryview]]:
    """Return the pickle and the buffers in a payload that begins at ``start`` in its file."""
    (count,) = struct.unpack_from("<I", payload)
    lengths = struct.unpack_from(f"<{count + 1}Q", payload, 4)
    position = 4 + 8 * len(lengths)
    pickled = payload[position : position + lengths[0]]
    position += lengths[0]
    buffers = []
    for length in lengths[1:]:
        position += -(start + position) % _ALIGNMENT
        buffers.append(payload[position : position + length])
        position += length
    return pickled, buffers

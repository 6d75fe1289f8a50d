"""Reading packs (see :mod:`htmap.execute.pack_format`)."""

from __future__ import annotations

import bisect
import contextlib
import json
import os
import struct
import sys
import zlib
from typing import Any, BinaryIO, Dict, Iterator, Optional, Sequence, Tuple, Union

from .pack_format import (
    BLOCK,
    CHECK,
    END,
    ENVELOPE,
    FORMAT,
    HEAD,
    INDEX,
    LARGE,
    MAGIC,
    RECORD,
    TRAILER,
    WITH_BUFFERS,
    AnyPath,
    DamagedPackError,
    Index,
    Payload,
    Record,
    split,
)

_HEAD = struct.Struct(RECORD.format + CHECK.format[1:])


class PackReader:
    """Reads a pack; a truncated last record is left out.

    Attributes
    ----------
    envelope : dict
        What the writer said of itself.

    Raises
    ------
    OSError
        If the file cannot be opened.
    DamagedPackError
        If it is not a pack, or its envelope is damaged.
    """

    def __init__(self, path: AnyPath) -> None:
        self.path = os.fspath(path)
        self._file: BinaryIO = open(path, "rb")  # noqa: SIM115 - closed by close()
        self._mapped: Optional[memoryview] = None
        self._index: Optional[Index] = None
        self._has_glanced = False
        try:
            self.envelope = self._read_envelope()
        except BaseException:
            self._file.close()
            raise

    def _read_envelope(self) -> Dict[str, Any]:
        start = self._file.read(len(MAGIC) + ENVELOPE.size)
        if len(start) < len(MAGIC) + ENVELOPE.size or not start.startswith(MAGIC):
            raise DamagedPackError(
                f"{self.path} is not a pack of htmap (or was cut off at its start)"
            )
        length, crc = ENVELOPE.unpack_from(start, len(MAGIC))
        # A damaged length may be gigabytes.
        text = self._file.read(min(length, self._size()))
        if len(text) < length or zlib.crc32(text) != crc:
            raise DamagedPackError(f"the envelope of the pack {self.path} is damaged")
        envelope: Dict[str, Any] = json.loads(text)
        if envelope.get("format") != FORMAT:
            raise DamagedPackError(
                f"the pack {self.path} has format {envelope.get('format')!r}; this htmap reads "
                f"format {FORMAT}: use the version of htmap that made it"
            )
        #: Where the first record begins.
        self.first = len(start) + length
        return envelope

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def _head(self, position: int, head: Payload) -> Record:
        component, kind, length, crc, wall, cpu, check = _HEAD.unpack(head)
        if check != zlib.crc32(head[: RECORD.size]):
            raise DamagedPackError(f"the pack {self.path} is damaged at byte {position}")
        return Record(component, kind, position + HEAD, length, crc, wall, cpu)

    def record_at(self, offset: int) -> Record:
        """Return the record whose head begins at an offset."""
        self._file.seek(offset)
        head = self._file.read(HEAD)
        if len(head) < HEAD:
            raise DamagedPackError(f"the pack {self.path} was cut off at byte {offset}")
        return self._head(offset, head)

    def records(self, start: int = 0) -> Iterator[Record]:
        """Yield where each whole record lies, but for the index, in the order of the pack.

        Parameters
        ----------
        start : int
            Where to begin: at the head of a record.

        Raises
        ------
        DamagedPackError
            If what is said of a record is not what was written.
        """
        size, position = self._size(), start or self.first
        block, begin = b"", position
        while position + HEAD <= size:
            if position + HEAD > begin + len(block):
                self._file.seek(position)
                block, begin = self._file.read(BLOCK), position
            try:
                record = self._head(position, block[position - begin : position - begin + HEAD])
            except DamagedPackError:
                if position == self._trailer():
                    return  # it is the index, which can be done without
                raise
            position = record.offset + record.length
            if position > size or record.kind == INDEX:
                return
            yield record

    @property
    def index(self) -> Index:
        """What records there are: from the pack's own index, or looked up where it has none.

        Raises
        ------
        DamagedPackError
            If what is said of a record is not what was written.
        """
        index = self._index
        if index is None:
            try:
                index = self._read_index() or self._make_index()
            except DamagedPackError:  # maybe of the index alone
                index = self._make_index()
            self._index = index
        return index

    @property
    def is_complete(self) -> bool:
        """Whether the writer has come to its end."""
        return self._trailer() is not None

    def _trailer(self) -> Optional[int]:
        size = self._size()
        if size < self.first + TRAILER.size:
            return None
        self._file.seek(size - TRAILER.size)
        start, end = TRAILER.unpack(self._file.read(TRAILER.size))
        return start if end == END and self.first <= start < size else None

    def _read_index(self) -> Optional[Index]:
        start = self._trailer()
        if start is None:
            return None
        record = self.record_at(start)
        return Index.read(self.payload(record)) if record.kind == INDEX else None

    def _make_index(self) -> Index:
        index = Index()
        for record in self.records():
            offset = record.offset - HEAD
            index.add(record.component, record.kind, offset, record.wall, record.cpu)
        return index

    def find(self, component: int, kind: int) -> Optional[Record]:
        """Return the last record of a component and kind, with buffers or without, or None."""
        if self._index is None and not self._has_glanced:
            # Whoever wants one record need not read what is said of a million; who wants more does.
            self._has_glanced = True
            with contextlib.suppress(DamagedPackError):
                found = self.glance(component, kind)
                if found is not None:
                    return found
        index = self.index
        position = index.last(component, kind)
        return None if position is None else self.record_at(index.offsets[position])

    def glance(self, component: int, kind: int) -> Optional[Record]:
        """Find a record with a few short reads of the pack's index.

        None says nothing where a pack is not complete, or its components are not in order.

        Raises
        ------
        DamagedPackError
            If what is said of the record is not what was written.
        """
        start = self._trailer()
        if start is None:
            return None
        at = self.record_at(start)
        count = at.length // Index.ITEM
        components = _Column(self._file, "<I", at.offset, count)
        kinds = _Column(self._file, "<B", at.offset + 4 * count, count)
        offsets = _Column(self._file, "<Q", at.offset + 5 * count, count)
        position = bisect.bisect_right(components, component) - 1
        while position >= 0 and components[position] == component:
            if kinds[position] & ~WITH_BUFFERS == kind:
                offset = offsets[position]
                if offset >= start:
                    return None
                record = self.record_at(offset)
                is_it = record.component == component and record.kind & ~WITH_BUFFERS == kind
                return record if is_it else None
            position -= 1
        return None

    def payload(self, record: Record) -> bytes:
        """Return a record's payload.

        Raises
        ------
        DamagedPackError
            If its bytes are not those that were written.
        """
        self._file.seek(record.offset)
        payload = self._file.read(record.length)
        self._check(record, payload)
        return payload

    def pickled(self, component: int, kind: int) -> Optional[Tuple[Payload, Sequence[Payload]]]:
        """Return the pickle in the record that :meth:`find` finds, and the buffers beside it.

        Neither is copied if it is large.

        Raises
        ------
        DamagedPackError
            If its bytes are not those that were written.
        """
        if self._index is not None:
            payload = self._small(self._index, component, kind)
            if payload is not None:
                return payload, ()
        record = self.find(component, kind)
        if record is None:
            return None
        if record.kind & WITH_BUFFERS:
            return split(self.mapped(record), record.offset)
        return self.view(record), ()

    def _small(self, index: Index, component: int, kind: int) -> Optional[bytes]:
        """Return a small payload without buffers, in the least time; None where it is none."""
        position = index.last(component, kind)
        if position is None or index.kinds[position] != kind:
            return None
        file = self._file
        file.seek(index.offsets[position])
        head = file.read(HEAD)
        if len(head) == HEAD:
            _, _, length, crc, _, _, check = _HEAD.unpack(head)
            if length <= BLOCK and zlib.crc32(head[: RECORD.size]) == check:
                payload = file.read(length)
                if len(payload) == length and zlib.crc32(payload) == crc:
                    return payload
        return None  # what is wrong with it is for others to say

    def view(self, record: Record) -> Payload:
        """Return a record's payload, which is not copied if it is large."""
        return self.mapped(record) if record.length > BLOCK else self.payload(record)

    def mapped(self, record: Record) -> memoryview:
        """Return a record's payload without reading it into memory; pages of it are, when used.

        It stays when the pack is closed, and also when its file is deleted. What is changed in it
        is changed for this process alone.

        Raises
        ------
        DamagedPackError
            If its bytes are not those that were written.
        """
        if self._mapped is None:
            self._mapped = _map(self._file)
        if self._mapped is None:
            payload = memoryview(bytearray(record.length))
            self._file.seek(record.offset)
            payload = payload[: self._file.readinto(payload)]  # type: ignore[attr-defined]
        else:
            payload = self._mapped[record.offset : record.offset + record.length]
        self._check(record, payload)
        return payload

    def payload_at(self, offset: int) -> Union[Payload, BinaryIO]:
        """Return the payload of the record whose head begins at an offset.

        Returns
        -------
        bytes, memoryview or file
            Of a large one the file, as of :meth:`opened`.

        Raises
        ------
        DamagedPackError
            If its bytes are not those that were written.
        """
        if self._mapped is None:
            self._mapped = _map(self._file)
        whole = self._mapped
        if whole is None or len(whole) < offset + HEAD:
            record = self.record_at(offset)
            return self.opened(record) if record.length > LARGE else self.payload(record)
        # Not by a Record: a node does this a million times.
        head = whole[offset : offset + HEAD]
        component, kind, length, crc, _, _, check = _HEAD.unpack(head)
        if zlib.crc32(head[: RECORD.size]) != check:
            raise DamagedPackError(f"the pack {self.path} is damaged at byte {offset}")
        start = offset + HEAD
        if length > LARGE:
            return self.opened(Record(component, kind, start, length, crc))
        payload = whole[start : start + length]
        if len(payload) != length or zlib.crc32(payload) != crc:
            raise self._damaged(component)
        return payload

    def opened(self, record: Record) -> BinaryIO:
        """Return the file where a record's payload begins in it.

        Raises
        ------
        DamagedPackError
            If its bytes are not those that were written.
        """
        self._file.seek(record.offset)
        left, crc = record.length, 0
        while block := self._file.read(min(BLOCK, left)):
            crc = zlib.crc32(block, crc)
            left -= len(block)
        if left or crc != record.crc:
            raise self._damaged(record.component)
        self._file.seek(record.offset)
        return self._file

    def _check(self, record: Record, payload: Payload) -> None:
        if len(payload) != record.length or zlib.crc32(payload) != record.crc:
            raise self._damaged(record.component)

    def _damaged(self, component: int) -> DamagedPackError:
        return DamagedPackError(
            f"the record of component {component} in the pack {self.path} is damaged"
        )

    def close(self) -> None:
        """Close the file; what :meth:`mapped` returned can still be used."""
        self._mapped = None
        self._file.close()

    def __enter__(self) -> PackReader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class _Column(Sequence[int]):
    """A column of an index in a file; no more of it is read than is asked for."""

    def __init__(self, file: BinaryIO, form: str, start: int, count: int) -> None:
        self._file = file
        self._struct = struct.Struct(form)
        self._start = start
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, position: Any) -> Any:
        size = self._struct.size
        self._file.seek(self._start + position * size)
        return self._struct.unpack(self._file.read(size))[0]


def _map(file: BinaryIO) -> Optional[memoryview]:
    """Map a file into memory, or return None where that cannot be."""
    # Before 3.13 each map keeps a descriptor, of which a process may have no more than a thousand.
    if sys.version_info >= (3, 13):
        import mmap

        try:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY, trackfd=False))
        except OSError:  # the file system has no such thing, or there are too many
            return None
    return None

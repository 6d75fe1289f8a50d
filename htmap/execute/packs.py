"""Writing packs, and all that is said of them (see :mod:`htmap.execute.pack_format`)."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any, BinaryIO, Dict, Optional, Sequence
from zlib import crc32

from .pack_format import (
    ALL_COMPONENTS,
    BLOCK,
    CHECK,
    END,
    ENVELOPE,
    ERROR,
    EXCEPTION,
    FORMAT,
    FUNCTION,
    HEAD,
    INDEX,
    INPUT,
    LARGE,
    MAGIC,
    PACKAGES,
    PYTHON,
    RECORD,
    REMARK,
    RESULT,
    STARTED,
    STDERR,
    STDOUT,
    STREAMS,
    TRAILER,
    WITH_BUFFERS,
    AnyPath,
    DamagedPackError,
    Index,
    Payload,
    Record,
    index_of,
    joined,
    split,
    versions,
)
from .pack_reader import PackReader

__all__ = [
    "ALL_COMPONENTS",
    "ERROR",
    "EXCEPTION",
    "FORMAT",
    "FUNCTION",
    "INDEX",
    "INPUT",
    "LARGE",
    "MAGIC",
    "PACKAGES",
    "PYTHON",
    "REMARK",
    "RESULT",
    "STARTED",
    "STDERR",
    "STDOUT",
    "STREAMS",
    "WITH_BUFFERS",
    "AnyPath",
    "DamagedPackError",
    "Index",
    "PackReader",
    "PackWriter",
    "Payload",
    "Record",
    "index_of",
    "split",
    "versions",
]


class PackWriter:
    """Writes a pack record by record; each is handed to the system as soon as it is added.

    Parameters
    ----------
    path : path-like
        Where the pack is made; an existing file is replaced.
    envelope : dict
        What :func:`versions` returned.
    buffered : bool
        Whether to hand records to the system many at a time instead: quicker, and the last ones are
        lost if the process ends before :meth:`finish`.
    resume : bool
        Whether to go on with what an earlier process has left there, up to the last component that
        has ended in it.

    Raises
    ------
    DamagedPackError
        If it was to go on with something else than a pack of the same kind and versions.

    Examples
    --------
    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.pack")
    >>> with PackWriter(path, versions(kind="input")) as pack:
    ...     pack.add(0, INPUT, b"payload")
    ...     pack.finish()
    >>> with PackReader(path) as pack:
    ...     [pack.payload(record) for record in pack.records()]
    [b'payload']
    """

    def __init__(
        self,
        path: AnyPath,
        envelope: Dict[str, Any],
        buffered: bool = False,
        resume: bool = False,
    ) -> None:
        text = json.dumps(envelope).encode()
        how = os.O_RDWR if resume else os.O_RDWR | os.O_CREAT | os.O_TRUNC
        descriptor = os.open(path, how, 0o600)
        self.path = os.fspath(path)
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        # Not the file's own buffer, which would be written once more when all is lost.
        self._held: Optional[bytearray] = bytearray() if buffered else None
        self._index = Index()
        self._end = 0
        try:
            if resume:
                self._resume(envelope)
            else:
                self._write(MAGIC, ENVELOPE.pack(len(text), crc32(text)), text)
        except BaseException:  # a full disk
            self._file.close()
            raise

    def _resume(self, envelope: Dict[str, Any]) -> None:
        with PackReader(self.path) as pack:
            if pack.envelope != envelope:
                raise DamagedPackError(f"{self.path} was begun by other versions")
            self._end, kept = pack.first, 0
            with contextlib.suppress(DamagedPackError):  # what comes before it is as it was
                for record in pack.records():
                    if record.component == ALL_COMPONENTS:
                        break
                    self._take_in(record)
                    if record.kind & ~WITH_BUFFERS in (RESULT, ERROR, EXCEPTION):
                        self._end, kept = record.offset + record.length, len(self._index)
        # The rest is of a component that is run again.
        self._index.shorten(kept)
        self._cut_off()

    def _take_in(self, record: Record) -> None:
        self._index.add(
            record.component, record.kind, record.offset - HEAD, record.wall, record.cpu
        )

    def _write(self, *parts: Payload) -> None:
        # One call for small records; large payloads are not copied into a joined string.
        if len(parts[-1]) < BLOCK:
            whole = b"".join(parts)
            length = len(whole)
            parts = (whole,)
        else:
            length = sum(map(len, parts))
        if self._held is not None:
            for part in parts:
                self._held += part
            if len(self._held) < BLOCK:
                self._end += length
                return
            parts = (self._held,)
            self._held = bytearray()
        try:
            for part in parts:
                written = self._file.write(part)
                while written < len(part):  # on a full disk, or of gigabytes
                    written += self._file.write(memoryview(part)[written:])
        except BaseException:
            self._cut_off()
            raise
        self._end += length

    def _cut_off(self) -> None:
        """Remove half a record, which would hide those that come after it."""
        with contextlib.suppress(OSError):
            self._file.truncate(self._end)
            self._file.seek(self._end)

    def add(
        self,
        component: int,
        kind: int,
        payload: Payload = b"",
        *,
        buffers: Sequence[Payload] = (),
        wall: float = 0.0,
        cpu: float = 0.0,
    ) -> None:
        """Append one record.

        Parameters
        ----------
        component, kind : int
        payload : bytes
        buffers : sequence of memoryview
            What the pickle in ``payload`` left out (protocol 5); each of one dimension, of bytes.
        wall, cpu : float
            Seconds that the component took.
        """
        start = self._end
        if buffers:
            kind |= WITH_BUFFERS
            parts = joined(payload, buffers, start + HEAD)
            crc, length = 0, 0
            for part in parts:
                crc = crc32(part, crc)
                length += len(part)
        else:
            parts = [payload]
            crc, length = crc32(payload), len(payload)
        head = RECORD.pack(component, kind, length, crc, wall, cpu)
        self._write(head, CHECK.pack(crc32(head)), *parts)
        self._index.add(component, kind, start, wall, cpu)

    def add_file(self, component: int, kind: int, file: BinaryIO) -> None:
        """Append a record of what is in a file, which may be larger than the memory."""
        crc, length = 0, 0
        file.seek(0)
        while block := file.read(BLOCK):
            crc = crc32(block, crc)
            length += len(block)
        head = RECORD.pack(component, kind, length, crc, 0.0, 0.0)
        start = self._end
        file.seek(0)
        self._write(head, CHECK.pack(crc32(head)))
        try:
            while left := start + HEAD + length - self._end:
                block = file.read(min(BLOCK, left))
                if not block:
                    raise OSError(f"the file became shorter while it was kept in {self.path}")
                self._write(block)
        except BaseException:
            self._end = start
            self._cut_off()
            raise
        self._index.add(component, kind, start, 0.0, 0.0)

    def catch_up(self) -> None:
        """Take in what another process has added to the file, and cut off half a record."""
        # Whatever became of its name: Linux reads an open file by this one.
        with PackReader(f"/proc/self/fd/{self.fileno()}") as pack:
            for record in pack.records(start=self._end):
                self._take_in(record)
                self._end = record.offset + record.length
        self._cut_off()

    def endings(self) -> Dict[int, int]:
        """Return how components have ended so far: RESULT or ERROR for each that has."""
        kinds = (kind & ~WITH_BUFFERS for kind in self._index.kinds)
        return {
            component: kind
            for component, kind in zip(self._index.components, kinds)  # noqa: B905 - Python 3.9
            if kind in (RESULT, ERROR)
        }

    def finish(self) -> None:
        """Append the index: nothing more will be added."""
        start = self._end
        self.add(ALL_COMPONENTS, INDEX, bytes(self._index))
        self._write(TRAILER.pack(start, END))
        if self._held:
            held, self._held = self._held, None
            self._end -= len(held)
            self._write(held)

    def fileno(self) -> int:
        """Return the descriptor of the file."""
        return self._file.fileno()

    def close(self) -> None:
        """Close the file; what was added is there already, or after :meth:`finish` if buffered."""
        self._file.close()

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

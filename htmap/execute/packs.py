"""The pack: the one file format for functions, inputs and outputs.

A pack is an envelope followed by records. It is written front to back and never changed, so a
pack whose writer was killed is a good pack with fewer records. Layout (little endian)::

    8 bytes   magic, b"HTMAPACK"
    <II       length and CRC-32 of the envelope
    envelope  JSON: format, kind, versions of Python, cloudpickle and htmap
    then, for each record:
    <IBQI     component, kind, length and CRC-32 of the payload
    <I        CRC-32 of these
    payload

The envelope is text and is read before anything is unpickled, so that a mismatch between the two
ends of a map can be explained instead of crashing inside pickle.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import zlib
from typing import Any, BinaryIO, Dict, Iterator, NamedTuple, Optional, Union

#: The version of the running Python, such as "3.13.0".
PYTHON = "%d.%d.%d" % sys.version_info[:3]

MAGIC = b"HTMAPACK"
FORMAT = 1

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

_ENVELOPE = struct.Struct("<II")
_RECORD = struct.Struct("<IBQI")
_CHECK = struct.Struct("<I")

_Path = Union[str, "os.PathLike[str]"]


class DamagedPackError(ValueError):
    """A file that is not a pack, or whose bytes have changed since they were written."""


class Record(NamedTuple):
    """Where one record of a pack lies."""

    component: int
    kind: int
    offset: int  # of the payload, in bytes from the start of the file
    length: int  # of the payload, in bytes
    crc: int


def versions(**more: Any) -> Dict[str, Any]:
    """Return an envelope that names this Python, with ``more`` entries added.

    Examples
    --------
    >>> versions(kind="input")["kind"]
    'input'
    """
    return {"format": FORMAT, "python": PYTHON, **more}


class PackWriter:
    """Writes a pack record by record; each is handed to the system as soon as it is added.

    Parameters
    ----------
    path : path-like
        Where the pack is made; an existing file is replaced.
    envelope : dict
        What :func:`versions` returned.

    Examples
    --------
    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.pack")
    >>> with PackWriter(path, versions(kind="input")) as pack:
    ...     pack.add(0, INPUT, b"payload")
    >>> with PackReader(path) as pack:
    ...     [pack.payload(record) for record in pack.records()]
    [b'payload']
    """

    def __init__(self, path: _Path, envelope: Dict[str, Any]) -> None:
        text = json.dumps(envelope).encode()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        try:
            self._write(MAGIC, _ENVELOPE.pack(len(text), zlib.crc32(text)), text)
        except BaseException:  # a full disk
            self._file.close()
            raise

    def _write(self, *parts: bytes) -> None:
        # One call for small records; large payloads are not copied into a joined string.
        if len(parts[-1]) < 1 << 20:
            parts = (b"".join(parts),)
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[self._file.write(view) :]

    def add(self, component: int, kind: int, payload: bytes = b"") -> None:
        """Append one record."""
        head = _RECORD.pack(component, kind, len(payload), zlib.crc32(payload))
        self._write(head, _CHECK.pack(zlib.crc32(head)), payload)

    def fileno(self) -> int:
        """Return the descriptor of the file."""
        return self._file.fileno()

    def close(self) -> None:
        """Close the file; what was added is there already."""
        self._file.close()

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


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

    def __init__(self, path: _Path) -> None:
        self.path = os.fspath(path)
        self._file: BinaryIO = open(path, "rb")  # noqa: SIM115 - closed by close()
        try:
            self.envelope = self._read_envelope()
        except BaseException:
            self._file.close()
            raise

    def _read_envelope(self) -> Dict[str, Any]:
        start = self._file.read(len(MAGIC) + _ENVELOPE.size)
        if len(start) < len(MAGIC) + _ENVELOPE.size or not start.startswith(MAGIC):
            raise DamagedPackError(
                f"{self.path} is not a pack of htmap (or was cut off at its start)"
            )
        length, crc = _ENVELOPE.unpack_from(start, len(MAGIC))
        # A damaged length may be gigabytes.
        text = self._file.read(min(length, os.fstat(self._file.fileno()).st_size))
        if len(text) < length or zlib.crc32(text) != crc:
            raise DamagedPackError(f"the envelope of the pack {self.path} is damaged")
        envelope: Dict[str, Any] = json.loads(text)
        if envelope.get("format") != FORMAT:
            raise DamagedPackError(
                f"the pack {self.path} has format {envelope.get('format')!r}; this htmap reads "
                f"format {FORMAT}: use the version of htmap that made it"
            )
        return envelope

    def records(self) -> Iterator[Record]:
        """Yield where each whole record lies, in the order in which they were written.

        Raises
        ------
        DamagedPackError
            If what is said of a record is not what was written.
        """
        size = os.fstat(self._file.fileno()).st_size
        position = len(MAGIC) + _ENVELOPE.size + self._envelope_length()
        while position + _RECORD.size + _CHECK.size <= size:
            self._file.seek(position)
            head, check = self._file.read(_RECORD.size), self._file.read(_CHECK.size)
            if _CHECK.unpack(check)[0] != zlib.crc32(head):
                raise DamagedPackError(f"the pack {self.path} is damaged at byte {position}")
            component, kind, length, crc = _RECORD.unpack(head)
            offset = position + _RECORD.size + _CHECK.size
            position = offset + length
            if position > size:
                return
            yield Record(component, kind, offset, length, crc)

    def _envelope_length(self) -> int:
        self._file.seek(len(MAGIC))
        length: int = _ENVELOPE.unpack(self._file.read(_ENVELOPE.size))[0]
        return length

    def find(self, component: int, kind: int) -> Optional[Record]:
        """Return the last record of a component and kind, or None."""
        found = None
        for record in self.records():
            if record.component == component and record.kind == kind:
                found = record
        return found

    def payload(self, record: Record) -> bytes:
        """Return a record's payload.

        Raises
        ------
        DamagedPackError
            If its bytes are not those that were written.
        """
        self._file.seek(record.offset)
        payload = self._file.read(record.length)
        if len(payload) != record.length or zlib.crc32(payload) != record.crc:
            raise DamagedPackError(
                f"the record of component {record.component} in the pack {self.path} is damaged"
            )
        return payload

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> PackReader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

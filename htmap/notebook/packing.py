"""Statuses on their way to the browser: what differs from what it has, compressed."""

from __future__ import annotations

import zlib


def pack(codes: bytes, before: bytes = b"") -> bytes:
    """Return what turns some codes of statuses into others.

    Parameters
    ----------
    codes : bytes
    before : bytes
        What the browser has, as many; nothing if it has none.

    Returns
    -------
    bytes
        The exclusive or of both (zeros but for what has changed) as a zlib stream, which browsers
        can read.

    Examples
    --------
    >>> len(pack(bytes(100_000))) < 200
    True
    >>> unpack(pack(b"abc", b"aac"), b"aac")
    b'abc'
    """
    return zlib.compress(_either(codes, before), 1) if before else zlib.compress(codes, 6)


def unpack(packed: bytes, before: bytes = b"") -> bytes:
    """Return the codes, as the browser has them then."""
    return _either(zlib.decompress(packed), before)


def _either(codes: bytes, before: bytes) -> bytes:
    number = int.from_bytes(codes, "little") ^ int.from_bytes(before, "little")
    return number.to_bytes(len(codes), "little")

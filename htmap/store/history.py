"""The log of the HTMap directory: what was done to its maps, by whichever process.

Each entry is appended by one write, so that those of several processes do not mix. Nothing is
opened until there is something to write, and what cannot be written is let go: a full disk must
keep nobody from removing a map.
"""

from __future__ import annotations

import contextlib
import os
import time
from datetime import datetime
from pathlib import Path

from htmap.exceptions import HTMapException
from htmap.store.directory import root, trusted_root

# Bytes after which a log is put aside, and how many such are kept.
_LARGEST = 1_000_000
_KEPT = 4


def path() -> Path:
    """Return the path of the log, which is made when something is first written to it."""
    return root() / "logs" / "htmap.log"


def write(text: str) -> None:
    """Add an entry, with the time, the machine and the process; further lines are indented."""
    first, *more = text.rstrip().splitlines()
    now = datetime.now().astimezone().isoformat(timespec="milliseconds")
    lines = [f"{now} {os.uname().nodename} {os.getpid()} {first}", *(f"  {line}" for line in more)]
    with contextlib.suppress(OSError, HTMapException):
        trusted_root()
        _append("".join(f"{line}\n" for line in lines).encode(errors="backslashreplace"))


def _append(entry: bytes) -> None:
    log = path()
    if not log.parent.parent.is_dir():
        return  # where no map is, nothing was done to one
    log.parent.mkdir(mode=0o700, exist_ok=True)
    _put_aside(log)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, entry)
    finally:
        os.close(descriptor)


def _put_aside(log: Path) -> None:
    try:
        if log.stat().st_size < _LARGEST:
            return
        # A name that no other process takes: of two that do this at once, none replaces anything.
        log.rename(log.with_name(f"{log.name}.{time.time_ns():020}.{os.getpid()}"))
    except FileNotFoundError:  # there is none yet, or another process was quicker
        return
    for old in _put_aside_before(log)[:-_KEPT]:
        old.unlink(missing_ok=True)


def _put_aside_before(log: Path) -> list[Path]:
    return sorted(log.parent.glob(f"{log.name}.*"))


def read() -> str:
    """Return all that was logged and not let go yet, the oldest first."""
    log = path()
    text = ""
    for each in (*_put_aside_before(log), log):
        with contextlib.suppress(FileNotFoundError):
            text += each.read_text(errors="replace")
    return text

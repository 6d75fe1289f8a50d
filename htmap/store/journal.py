"""Intents: what is being done to a map, written before it is begun and erased when it is done.

A process that is killed in between leaves its intent behind, and the next look at any map
(:mod:`htmap.recovery`) finishes or undoes what it had begun.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Literal

from htmap.store.directory import open_root, root, trusted_root
from htmap.store.files import write_whole

#: Seconds without a sign of life after which an intent from another machine counts as left behind:
#: its process cannot be seen from here.
_FOREIGN_AGE = 600.0


@dataclasses.dataclass(frozen=True)
class Maker:
    """The process that wrote an intent, so that any other can tell whether it still lives."""

    host: str
    boot: str
    namespace: str
    pid: int
    started: str

    @classmethod
    def this_process(cls) -> Maker:
        """Describe the calling process."""
        return cls(
            host=os.uname().nodename,
            boot=_read("/proc/sys/kernel/random/boot_id"),
            namespace=_link("/proc/self/ns/pid"),
            pid=os.getpid(),
            started=_start_time(os.getpid()),
        )


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def _start_time(pid: int) -> str:
    # Field 22 of /proc/PID/stat; the second field, a name in parentheses, may hold anything.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] != "Z" else ""


def _is_alive(maker: Maker) -> bool:
    if maker.started:
        return _start_time(maker.pid) == maker.started
    try:  # a system without /proc
        os.kill(maker.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@dataclasses.dataclass(frozen=True)
class Intent:
    """What is being done to one map.

    Attributes
    ----------
    action : {"create", "rerun", "retag", "abandon", "remove"}
    map_id : str
    tag : str
    run : int
        Which submission of the map it is about.
    time : float
        When it was written, in seconds since the epoch.
    """

    action: Literal["create", "rerun", "retag", "abandon", "remove"]
    map_id: str
    tag: str
    run: int = 0
    time: float = dataclasses.field(default_factory=time.time)
    maker: Maker = dataclasses.field(default_factory=Maker.this_process)

    @property
    def _name(self) -> str:
        return f"{self.action}-{self.run}-{self.map_id}"

    def begin(self) -> None:
        """Write the intent down."""
        path = open_root() / "journal" / self._name
        write_whole(path, json.dumps(dataclasses.asdict(self)).encode())

    def end(self) -> None:
        """Erase the intent: what it says is done, or undone; safe to repeat."""
        with contextlib.suppress(FileNotFoundError):
            (root() / "journal" / self._name).unlink()

    def is_left_behind(self) -> bool:
        """Tell whether the process that wrote the intent can no longer finish it."""
        here = Maker.this_process()
        maker = self.maker
        if (maker.boot, maker.namespace) == (here.boot, here.namespace):
            return not _is_alive(maker)
        if maker.host == here.host and maker.boot != here.boot:
            return True  # this machine has been started anew since
        return time.time() - self._last_sign() > _FOREIGN_AGE

    def _last_sign(self) -> float:
        # Writing the inputs of a map may take hours; each one that is added changes their folder.
        inputs = root() / "maps" / self.map_id / "runs" / str(self.run) / "inputs"
        try:
            return max(self.time, inputs.stat().st_mtime)
        except OSError:
            return self.time


def pending() -> list[Intent]:
    """Return the intents that are written down, of living processes and of dead ones."""
    try:
        names = [path.name for path in (trusted_root() / "journal").iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    intents = []
    for name in names:
        if name.startswith("."):
            continue
        with contextlib.suppress(FileNotFoundError, ValueError, TypeError, KeyError):
            fields = json.loads((root() / "journal" / name).read_text())
            intents.append(Intent(**{**fields, "maker": Maker(**fields["maker"])}))
    return intents

"""Processes that write their names down, so that any other can tell whether they still live."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from pathlib import Path

#: Seconds without a sign of life after which a process on another machine, which cannot be seen
#: from here, counts as gone.
_FOREIGN_AGE = 600.0


@dataclasses.dataclass(frozen=True)
class Process:
    """A process, by what tells it from every other one."""

    host: str
    boot: str
    namespace: str
    pid: int
    started: str

    @classmethod
    def this(cls) -> Process:
        """Describe the calling process."""
        return cls(
            host=os.uname().nodename,
            boot=_read("/proc/sys/kernel/random/boot_id"),
            namespace=_link("/proc/self/ns/pid"),
            pid=os.getpid(),
            started=_start_time(os.getpid()),
        )

    def is_gone(self, last_sign: Callable[[], float]) -> bool:
        """Tell whether the process can no longer finish what it had begun.

        Parameters
        ----------
        last_sign : callable
            Returns when it last gave a sign of life, in seconds since the epoch. Asked of processes
            of other machines and containers only.
        """
        here = Process.this()
        if (self.boot, self.namespace) == (here.boot, here.namespace):
            return not self._is_alive()
        if self.host == here.host and self.boot != here.boot:
            return True  # this machine has been started anew since
        return time.time() - last_sign() > _FOREIGN_AGE

    def _is_alive(self) -> bool:
        if self.started:
            return _start_time(self.pid) == self.started
        try:  # a system without /proc
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True


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

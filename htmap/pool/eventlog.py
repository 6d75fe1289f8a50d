r"""Reading HTCondor's job event log as it grows.

An event is a header line, lines that belong to it, and a line of three dots::

    005 (17.003.000) 2026-11-21 09:30:54 Job terminated.
    \t(1) Normal termination (return value 0)
    ...

HTCondor's own reader, ``htcondor2.JobEventLog``, stops for ever without a word at damage or
truncation, and makes a ClassAd of every event. This one goes on, and looks into an event only when
asked: see the event types in the manual's section "Job Event Log Codes".
"""

from __future__ import annotations

import enum
import os
import re
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import BinaryIO, NamedTuple

__all__ = [
    "Bookmark",
    "Event",
    "EventKind",
    "EventLog",
    "abort_reason",
    "cpu_seconds",
    "event_time",
    "hold_reason",
    "memory_mb",
    "termination",
]

# Large enough to be quick, small enough that a log of any size needs little memory.
_BLOCK = 4 * 1024 * 1024

_END = b"...\n"
_NEXT = b"\n" + _END


class EventKind(enum.IntEnum):
    """The numbers of the events that htmap knows; others are passed on as plain numbers."""

    SUBMIT = 0
    EXECUTE = 1
    CHECKPOINTED = 3
    JOB_EVICTED = 4
    JOB_TERMINATED = 5
    IMAGE_SIZE = 6
    SHADOW_EXCEPTION = 7
    JOB_ABORTED = 9
    JOB_SUSPENDED = 10
    JOB_UNSUSPENDED = 11
    JOB_HELD = 12
    JOB_RELEASED = 13
    JOB_DISCONNECTED = 22
    JOB_RECONNECTED = 23
    JOB_RECONNECT_FAILED = 24
    CLUSTER_SUBMIT = 35
    CLUSTER_REMOVE = 36
    FACTORY_PAUSED = 37
    FACTORY_RESUMED = 38
    FILE_TRANSFER = 40


class Event(NamedTuple):
    """One event of the log.

    Attributes
    ----------
    kind : int
        Its number; compare it with :class:`EventKind`.
    cluster, proc : int
        The job; ``proc`` is -1 where the event is about the whole cluster.
    body : bytes
        Its text, from the time on.
    """

    kind: int
    cluster: int
    proc: int
    body: bytes


class Bookmark(NamedTuple):
    """Where in which log a reader was, for one in another process.

    Attributes
    ----------
    offset : int
    print : int
        CRC-32 of the log's first bytes and of those before the offset. Not the inode: that is
        another one in a copy, and may be that of another file in time.
    is_damaged : bool
        As in :class:`EventLog`.
    """

    offset: int
    print: int
    is_damaged: bool


# Bytes at either end that tell one log from another: events have times, and names of jobs.
_PRINT = 1024


def _print(file: BinaryIO, offset: int) -> int:
    size = min(offset, _PRINT)
    file.seek(0)
    check = zlib.crc32(file.read(size))
    file.seek(offset - size)
    return zlib.crc32(file.read(size), check)


_HEADER = re.compile(rb"(\d{3}) \((-?\d+)\.(-?\d+)\.-?\d+\) ")
_HEADER_END = b") 20"  # of an event of this century
# A crash or a network file system may leave zeros, or half of something, where an event should be.
_HEADER_AFTER_DAMAGE = re.compile(rb"(?<=[\0\n])" + _HEADER.pattern + rb"(?=\d)")


class EventLog:
    """A reader of one event log that remembers where it was.

    Parameters
    ----------
    path : Path
        The log; it need not exist yet.
    offset, inode : int, optional
        Where an earlier reader of the same log was, to go on from there.

    Attributes
    ----------
    path : Path
        As given.
    offset, inode : int
        Where this reader is; None as inode before there was a file.
    restarted : bool
        Whether the file turned out to be another than before (truncated, replaced, written anew),
        so that the events that :meth:`read` has just returned, or will return next, are its first.
    skipped_bytes : int
        How much has been passed over because it was no event.
    is_damaged : bool
        Whether it has met anything that HTCondor does not write, or its file is gone; there may
        have been events.
    rest : int
        How many bytes lie behind the last event that is whole.

    Examples
    --------
    >>> log = EventLog(Path("events"))
    >>> while events := log.read():
    ...     for event in events:
    ...         print(event.kind, event.proc)
    """

    def __init__(self, path: Path, *, offset: int = 0, inode: int | None = None) -> None:
        self.path = path
        self.offset = offset
        self.inode = inode
        self.restarted = False
        self.skipped_bytes = 0
        self.is_damaged = False
        self.rest = 0
        self._returned = False

    def read(self, limit: int = _BLOCK) -> list[Event]:
        """Return the next complete events; none means that there are no more for now.

        Parameters
        ----------
        limit : int, optional
            About how many bytes to read at once. An event that is longer is read nevertheless.

        Returns
        -------
        events : list of Event
            In the order of the log. An event of which the end is not written yet is held back.

        Raises
        ------
        OSError
            If there is a log and it cannot be read.
        """
        if self._returned:
            self.restarted = self._returned = False
        try:
            file = self.path.open("rb", buffering=0)
        except FileNotFoundError:
            self.is_damaged |= self.offset > 0
            return []
        with file:
            self._find_place(file)
            size = limit
            while True:
                file.seek(self.offset)
                block = file.read(size)
                end = block.rfind(_NEXT) + len(_NEXT)
                if end >= len(_NEXT):
                    events = self._parse(block[: end - len(_NEXT)])
                    self.is_damaged |= (
                        self.skipped_bytes > 0
                        or b"\0" in block
                        # More headers than events: one lies within what is left of another.
                        or block.count(_HEADER_END, 0, end) > len(events)
                    )
                    self.offset += end
                    if events:
                        self._returned = True
                        return events
                elif len(block) < size:
                    self.rest = len(block)
                    return []
                else:
                    size *= 2

    def bookmark(self) -> Bookmark | None:
        """Return where this reader is, for :meth:`resume`; None where the file is no longer there.

        Raises
        ------
        OSError
            If the log cannot be read.
        """
        with self.path.open("rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_ino != self.inode:
                return None
            return Bookmark(self.offset, _print(file, self.offset), self.is_damaged)

    @classmethod
    def resume(cls, path: Path, bookmark: Bookmark) -> EventLog | None:
        """Return a reader that goes on from a bookmark; None where the log is another one.

        Raises
        ------
        OSError
            If the log cannot be read.
        """
        with path.open("rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            grew = status.st_size >= bookmark.offset
            if not grew or _print(file, bookmark.offset) != bookmark.print:
                return None
            log = cls(path, offset=bookmark.offset, inode=status.st_ino)
        log.is_damaged = bookmark.is_damaged
        return log

    def _find_place(self, file: BinaryIO) -> None:
        """Go back to the start unless the file is the one that was read before, and grew."""
        status = os.fstat(file.fileno())
        known = self.inode in (None, status.st_ino)
        self.inode = status.st_ino
        if not self.offset:
            return
        if known and status.st_size >= self.offset:
            # An inode's number is used again at once on some file systems, so what ends here must
            # be an event.
            file.seek(max(0, self.offset - len(_END)))
            if file.read(len(_END)) == _END:
                return
        self.offset = 0
        self.restarted = True

    def _parse(self, block: bytes) -> list[Event]:
        # A map of a million jobs has eight million events: this loop is what counts.
        match_header, new, events = _HEADER.match, tuple.__new__, []
        for text in block.split(_NEXT):
            match = match_header(text) or self._find_header(text)
            if match is not None:
                kind, cluster, proc = match.groups()
                body = text[match.end() :]
                events.append(new(Event, (int(kind), int(cluster), int(proc), body)))
        return events

    def _find_header(self, text: bytes) -> re.Match[bytes] | None:
        """Find the event in text that does not begin with one."""
        match = _HEADER_AFTER_DAMAGE.search(text)
        self.skipped_bytes += len(text) + len(_NEXT) if match is None else match.start()
        return match


# Compiled, and kept by `re`, when they are first needed: an import has no need of them.
_TIME = rb"(?:(\d{4})-)?(\d\d)[-/](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z?)"
_TERMINATION = (
    rb"[^\n]*\n\t\([01]\) (?:Normal termination \(return value (-?\d+)\)"
    rb"|Abnormal termination \(signal (\d+)\))"
)
_HOLD_CODE = rb"\n\tCode (-?\d+) Subcode (-?\d+)(?=\n|\Z)"
# In a table of what was used, requested and allocated, the first of which may be missing.
_MEMORY = (
    rb"\n\t(?:(\d{1,15})  -  MemoryUsage of job \(MB\)"
    rb"| +Memory \(MB\) +: +(\d{1,15}) +\d+ +\d+ )"
)
_CPU = rb"\n\t\tUsr (\d+) (\d+):(\d+):(\d+), Sys (\d+) (\d+):(\d+):(\d+)  -  Run Remote Usage"


def event_time(event: Event) -> datetime | None:
    """Return when an event happened, with its time zone, or None if that cannot be read.

    A log without years (HTCondor's old format) is taken to be of the last twelve months.
    """
    match = re.match(_TIME, event.body)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, utc = match.groups()
    zone = timezone.utc if utc else None
    now = datetime.now(zone)
    try:
        time = datetime(
            int(year or now.year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second),
            int((fraction or b"").ljust(6, b"0")),
            zone,
        )
        if not year and time > now + timedelta(days=1):
            time = time.replace(year=now.year - 1)
    except ValueError:  # no such day
        return None
    return time.astimezone(zone)


def termination(event: Event) -> tuple[int | None, int | None]:
    """Return the exit code and the signal of a JOB_TERMINATED event, one of them None."""
    match = re.match(_TERMINATION, event.body)
    if match is None:
        return None, None
    code, signal = match.groups()
    return (None if code is None else int(code), None if signal is None else int(signal))


def hold_reason(event: Event) -> tuple[int, int, str]:
    """Return the code, the subcode and the text of a JOB_HELD event.

    The text is "Reason unspecified" for a job that was held by hand while it ran, also where a
    reason was given: that one is in the job's ad only.

    The codes are those of ``HoldReasonCode`` in the manual's section "Job ClassAd Attributes".
    """
    code = subcode = 0
    text = event.body
    for match in re.finditer(_HOLD_CODE, event.body):  # the last one: a reason may hold any text
        code, subcode = int(match[1]), int(match[2])
        text = event.body[: match.start()]
    return code, subcode, _text_below(text)


def abort_reason(event: Event) -> str:
    """Return why the job of a JOB_ABORTED event was removed, empty if nobody said."""
    # HTCondor may add, below an empty line, who ended the process.
    return _text_below(event.body.partition(b"\n\n")[0])


def memory_mb(event: Event) -> int | None:
    """Return the memory in MB that a job was seen to use at most, None if it was not looked at.

    IMAGE_SIZE events tell of it while a job runs, JOB_EVICTED and JOB_TERMINATED at its end.
    """
    match = re.search(_MEMORY, event.body)
    return None if match is None else int(match[1] or match[2])


def cpu_seconds(event: Event) -> float | None:
    """Return the CPU time in seconds, user and system, that a JOB_TERMINATED event tells of.

    It is that of the last execution, in whole seconds, as of HTCondor's last look at the job.
    """
    match = re.search(_CPU, event.body)
    if match is None:
        return None
    days, hours, minutes, seconds, *system = (int(number) for number in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    days, hours, minutes, seconds = system
    return float(total + ((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def _text_below(body: bytes) -> str:
    """Return the text below the first line of an event, without its indentation."""
    lines = body.decode(errors="replace").split("\n")[1:]
    return "\n".join(line.removeprefix("\t") for line in lines).strip()

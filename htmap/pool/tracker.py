"""Keeping the state of a map's components up to date."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence

from htmap.exceptions import CorruptEventLog
from htmap.pool import told_by_queue
from htmap.pool.eventlog import Bookmark, Event, EventLog
from htmap.pool.queue import Present
from htmap.pool.told_by_log import ToldByLog
from htmap.pool.told_by_queue import Queues
from htmap.store import snapshot, timings
from htmap.store.folder import MapFolder
from htmap.store.run import Run
from htmap.store.state import State
from htmap.store.told import Job

logger = logging.getLogger(__name__)

# The state is saved when this much was read since the last time, in bytes of the log, and at least
# this part of the state's own size: so that saving is a small part of the work.
_SAVE_AFTER, _SAVE_SHARE = 256 * 1024, 4
# What the end of a component counts for in that: so much its pack's index has on it.
_END_BYTES = 20

# Seconds between two reminders of jobs that wait.
_REMINDER = 15.0


class Tracker:
    """Keeps the state of one map up to date.

    Parameters
    ----------
    folder : MapFolder
    """

    def __init__(self, folder: MapFolder) -> None:
        self._folder = folder
        self._complete = True
        self._replaced = False
        self._may_be_unreleased = True
        self._remind_at = 0.0
        self._lock = threading.RLock()
        about = folder.about
        self._components = about["components"]
        function = about.get("function")
        self._function = function if isinstance(function, str) else None
        self._start_anew()

    def _start_anew(self) -> None:
        runs = self._folder.runs()
        if not self._resume(runs):
            self._begin()
            self._add(runs)
        if not self.state.runs:
            raise self._is_missing(self._folder.path / "runs" / "0")

    def _begin(self) -> None:
        self.state = State(self._components)
        self._queues = Queues()
        self._told = ToldByLog(self.state, self.look_for_runs)
        self._log = EventLog(self._folder.events)
        # Whether the state is what the event log tells, and nothing else.
        self._is_by_log = True
        self._saved = 0
        # Of how many components it was recorded how long they took, and when to do so again.
        self._recorded = 0
        self._record_at: int | None = None

    def look_for_runs(self) -> None:
        """Take up the runs that were written down since the last time."""
        self._add(self._folder.runs(known=self.state.runs))

    def _add(self, runs: Iterable[Run]) -> None:
        for run in runs:
            largest = run.components[-1]
            if largest >= len(self.state):
                raise run.damaged(f"the map has no component with the number {largest}")
            if not self.state.runs:
                self._check_first(run)
            # What is damaged is told now, not at some later look.
            self._queues.add(run)
            self.state.add(run)

    def _check_first(self, run: Run) -> None:
        if run.number != 0:
            raise self._is_missing(self._folder.path / "runs" / "0")
        if not run.is_whole or run.chunks.items != len(self.state):
            raise run.damaged(f"it does not run the {len(self.state)} components of the map")

    def _is_missing(self, path: os.PathLike[str]) -> FileNotFoundError:
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))

    @property
    def folder(self) -> MapFolder:
        """The map's folder."""
        return self._folder

    @property
    def has_spooled(self) -> bool:
        """Whether a run's schedd does not see the folder."""
        return any(run.spooled for run in self.runs.values())

    @property
    def is_apart(self) -> bool:
        """Whether there is something to find out or to fetch from such a schedd."""
        return self.state.unfinished > 0 and self.has_spooled

    def is_time_to_remind(self) -> bool:
        """Tell whether the schedd was not reminded of waiting jobs for a while."""
        return time.monotonic() >= self._remind_at

    def has_reminded(self) -> None:
        """Note that the schedd has just been reminded of waiting jobs."""
        self._remind_at = time.monotonic() + _REMINDER

    def is_to_release(self) -> bool:
        """Tell, once, whether all has been fetched and jobs may nevertheless wait for that."""
        if self._may_be_unreleased and not self.state.unfinished:
            self._may_be_unreleased = False
            return any(run.spooled and not run.is_released for run in self.runs.values())
        return False

    @property
    def runs(self) -> dict[int, Run]:
        """The runs that are known, by number."""
        return self.state.runs

    def run_and_job(self, component: int) -> tuple[Run, int]:
        """Return the latest run of a component, and its job in it."""
        return self.state.run_and_job(component)

    @property
    def mark(self) -> tuple[object, ...]:
        """What changes whenever there is news of the map."""
        return len(self.state.runs), self._log.inode, self._log.offset

    # ---- by the event log -------------------------------------------------------------------

    def refresh(self) -> bool:
        """Read what the event log has got since the last time.

        Returns
        -------
        bool
            Whether there was anything new.

        Raises
        ------
        FileNotFoundError
            If the map is no longer there.
        CorruptEventLog
            If the log is there and cannot be read.
        """
        with self._lock:
            news = False
            if not self._complete:
                # Ctrl-C met an earlier look between reading events and taking them in.
                self._start_anew()
            self._complete = False
            if not self._queues.look():
                self._start_anew()
            while events := self._read_events():
                if self._log.restarted:
                    # Another file, or a shorter one: what was known came from what is gone.
                    logger.warning("the event log in %s began anew", self._folder.path)
                    self._replaced = True
                    before = self.state
                    self._start_anew()
                    self.state.remember(before)
                    self._is_by_log = False
                    continue
                self._told.take(events)
                news = True
                if self._unsaved() >= max(_SAVE_AFTER, self.state.size // _SAVE_SHARE):
                    self._save()
            self._complete = True
            if news:
                self._keep()
            return news

    def _read_events(self) -> list[Event]:
        try:
            return self._log.read()
        except OSError as error:
            raise CorruptEventLog(
                f"the event log {self._log.path} cannot be read: {error.strerror}. Make it "
                "readable, or move it away: results do not need it, and htmap then asks the queue",
                path=self._log.path,
            ) from error

    @property
    def has_lost_events(self) -> bool:
        """Whether the event log shows that it is not whole, so that only the queue knows the rest.

        It may be whole nevertheless: an event may be half written at the moment. Of a queue on
        another machine this is never said: its log may merely be late to be seen here, and whoever
        asks a schedd that cannot be reached waits for a minute. The log of spooled jobs is written
        here.
        """
        if self._queues.is_elsewhere and not self.has_spooled:
            return False
        damaged = self._replaced or self._log.is_damaged or self._log.rest > 0
        return damaged or not self._told.begun.issuperset(self._queues.recorded)

    # ---- by the queue -----------------------------------------------------------------------

    def may_be_lost(self) -> bool:
        """Tell, without asking anybody, whether jobs may have vanished with their queue."""
        with self._lock:
            return self._queues.may_be_lost()

    def close_missing(self, present: Present, only_lost: bool = False) -> bool:
        """Close the components whose jobs are no longer in the queue, whatever the log says.

        Returns
        -------
        bool
            False if some may be in a queue that was not asked, so that nothing is known of them.
        """
        with self._lock, self._told_otherwise():
            return told_by_queue.close_missing(
                self.state, self._queues, present, self._folder.events, only_lost
            )

    def missing(self, present: Present) -> dict[Job, str]:
        """Return the spooled jobs that have not ended and have left the queue, each with a reason.

        Those that vanished with their queue are LOST from now on.
        """
        self.close_missing(present, only_lost=True)
        with self._lock:
            fates = self._queues.fates(present, 0.0)
            return {
                (number, job): fates[number][1]
                for number, job in self.state.unfinished_jobs({})
                if number in fates
                and self.runs[number].spooled
                and (number, job) not in present.jobs
            }

    def believe(self, present: Present, before: bytes) -> None:
        """Take from the queue what its jobs do, where the event log is silent about it.

        Parameters
        ----------
        present : Present
        before : bytes
            The codes of the statuses before the queue was asked: where the log has told of another
            since, it knows better.
        """
        with self._lock, self._told_otherwise():
            told_by_queue.believe(self.state, present, before)

    @contextlib.contextmanager
    def _told_otherwise(self) -> Iterator[None]:
        """Note whether the state changes by what the block takes into it."""
        before = bytes(self.state.codes)
        try:
            yield
        finally:
            self._is_by_log &= before == self.state.codes and not self._queues.gone

    # ---- what is kept -----------------------------------------------------------------------

    def _keep(self) -> None:
        """Keep what is worth it for other processes, and for other maps of the function."""
        has_ended = not self.state.unfinished
        is_recorded = self._record_timing(has_ended)
        # At the end also what is too little to be saved otherwise: it is looked at most often.
        if is_recorded or (has_ended and self._unsaved() > self.state.size // 64):
            self._save()

    def _record_timing(self, has_ended: bool) -> bool:
        """Record how long components took, at the end or when that is known of twice as many."""
        known = self.state.timing.components
        if known <= self._recorded or self._function is None:
            return False
        if self._record_at is None:
            before = timings.recorded(self._function)
            self._record_at = 2 * max(self._recorded, before.components if before else 0)
        if not has_ended and known < self._record_at:
            return False
        timings.record(self._function, self.state.timing)
        self._recorded, self._record_at = known, 2 * known
        return True

    def _unsaved(self) -> int:
        return self._log.offset + _END_BYTES * len(self.state.ended) - self._saved

    def _save(self) -> None:
        # What the queue told is asked for again, and a run that is being made may vanish.
        if not self._is_by_log or self._queues.unrecorded:
            return
        with contextlib.suppress(OSError):  # only speed depends on it
            bookmark = self._log.bookmark()
            if bookmark is None:
                return
            self._saved += self._unsaved()
            about = {
                "map": self._folder.map_id,
                "runs": [[number, *self._queues.submitted(number)] for number in self.state.runs],
                "log": bookmark,
                "clusters": [[cluster, *run] for cluster, run in self._told.clusters.items()],
                "begun": sorted(self._told.begun),
                "recorded": self._recorded,
            }
            snapshot.write(self._folder.state, self.state, about)

    def _resume(self, runs: Sequence[Run]) -> bool:
        """Go on from what was saved; False where that is of no use, and the state is spoilt."""
        self._begin()
        saved = snapshot.read(self._folder.state)
        if saved is None:
            return False
        try:
            about = saved.about
            log = EventLog.resume(self._folder.events, Bookmark(*about["log"]))
            if log is None or about["map"] != self._folder.map_id:
                return False
            there = {run.number: run for run in runs}
            for number, *submitted in about["runs"]:
                self._add([there.pop(number)])
                if json.loads(json.dumps(self._queues.submitted(number))) != submitted:
                    return False
            saved.fill(self.state)
            self._told.clusters = {cluster: (run, note) for cluster, run, note in about["clusters"]}
            self._told.begun = set(about["begun"])
            self._recorded = int(about["recorded"])
        except (OSError, ValueError, TypeError, LookupError) as error:
            logger.debug("%s is of no use: %r", self._folder.state, error)
            return False
        self._log = log
        self._saved = self._unsaved()
        self._add(there.values())
        return True

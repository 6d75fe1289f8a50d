"""What can be done to a map: hold, pause, vacate, rerun, remove, retag, ask for more memory."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection, Iterable

from htmap import recovery, tags
from htmap.exceptions import (
    CannotRerunComponents,
    CannotRetagMap,
    HTMapException,
    InvalidTag,
    MapWasRemoved,
    TagAlreadyExists,
    TimeoutError,
)
from htmap.handle import MapHandle
from htmap.pool import queue, spool
from htmap.resources import DISK, MEMORY, Resource
from htmap.statuses import ComponentStatus
from htmap.store import claims, history
from htmap.store.directory import writing
from htmap.store.journal import Intent
from htmap.store.looks import Looks
from htmap.store.state import State
from htmap.store.told import Job
from htmap.submission import submit_rerun

logger = logging.getLogger(__name__)

# How long a removal waits for the last words of its jobs before it deletes the map.
_REMOVAL_SECONDS = 20.0
# How long an action waits for the event log to tell of it.
_LOG_SECONDS = 5.0
# How long it waits, each time, for the schedd to know of what the event log has told already.
_PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8)


class MapActions(MapHandle):
    """What can be done to a map."""

    def hold(self) -> None:
        """Hold all jobs that are in the queue; they wait until :meth:`release`.

        Raises
        ------
        NoScheduler, SchedulerRefused
            If the schedd cannot be had.
        """
        if self._tracker.has_spooled:
            spool.wait_until_taken(self._folder.map_id)
        self._act(
            "Hold",
            (),
            lambda state: (
                state.unfinished
                == state.count(ComponentStatus.HELD) + state.count(ComponentStatus.UNMATERIALIZED)
            ),
        )

    def release(self) -> None:
        """Release all jobs that are held.

        Raises
        ------
        NoScheduler, SchedulerRefused
            If the schedd cannot be had.
        """
        held = dict(self._refresh().held)
        # Not until none is held: HTCondor may hold one again at once.
        self._act(
            "Release", held, lambda state: not any(state.held.get(job) is held[job] for job in held)
        )

    def pause(self) -> None:
        """Suspend all jobs that run now; they stay where they are until :meth:`resume`.

        Raises
        ------
        NoScheduler, SchedulerRefused
            If the schedd cannot be had.
        """
        self._act_on("Suspend", ComponentStatus.RUNNING)

    def resume(self) -> None:
        """Let all jobs go on that are suspended.

        Raises
        ------
        NoScheduler, SchedulerRefused
            If the schedd cannot be had.
        """
        self._act_on("Continue", ComponentStatus.SUSPENDED)

    def vacate(self) -> None:
        """Take all jobs that run, or are suspended, off their execute nodes; they start again.

        Raises
        ------
        NoScheduler, SchedulerRefused
            If the schedd cannot be had.
        """
        self._act_on("Vacate", ComponentStatus.RUNNING, ComponentStatus.SUSPENDED)

    def _act_on(self, action: queue.Action, *statuses: ComponentStatus) -> None:
        """Act on the jobs, and wait until those that have these statuses have others."""
        # All components of a job do the same.
        before = self._refresh().jobs_with(*statuses)
        self._act(action, before, lambda now: not any(now[i] in statuses for i in before.values()))

    def _act(
        self, action: queue.Action, jobs: Collection[Job], done: Callable[[State], bool]
    ) -> None:
        """Act on the jobs in the queue, and wait for the event log to tell of it.

        The log may tell what became of a job before the schedd knows, which then does nothing to
        it: where it acts on fewer than ``jobs``, it is asked again.
        """
        state = self._refresh()
        if not state.unfinished:
            return
        for patience in _PATIENCE:
            acted_on = queue.act(self._folder.map_id, action, "htmap, for the owner of the map")
            Looks(self._folder.looks).expect()
            history.write(f"map {self.tag}: {action.lower()}, {acted_on} jobs")
            if not acted_on and not jobs:
                return
            # The queue has it then, and the log may be late.
            is_enough = acted_on >= len(jobs)
            with contextlib.suppress(TimeoutError):
                self._wait_until(
                    done, _LOG_SECONDS if is_enough else patience, f"the {action.lower()}"
                )
                return
            if is_enough:
                return

    def set_memory(self, memory: int) -> None:
        """Change how much memory the jobs ask for: those in the queue, and reruns.

        A job that runs goes on with what it was given; a held one has to be released.

        Parameters
        ----------
        memory : int
            In MB.

        Raises
        ------
        InvalidMapOption
            If it is no whole number above 0.
        NoScheduler, SchedulerRefused
            If there are jobs in the queue, and the schedd cannot be had. Reruns ask for it then.

        Examples
        --------
        >>> m.set_memory(4096)  # doctest: +SKIP
        >>> m.release()  # doctest: +SKIP
        """
        self._set_request(MEMORY, memory)

    def set_disk(self, disk: int) -> None:
        """Change how much disk the jobs ask for: those in the queue, and reruns.

        Parameters
        ----------
        disk : int
            In KB.

        Raises
        ------
        InvalidMapOption, NoScheduler, SchedulerRefused
            As :meth:`set_memory`.
        """
        self._set_request(DISK, disk)

    def _set_request(self, resource: Resource, value: int) -> None:
        amount = resource.amount(value)
        unfinished = self._refresh().unfinished
        with writing():
            self._folder.set_request(resource, amount)
        history.write(f"map {self.tag}: {resource.command} set to {amount} {resource.unit}")
        if unfinished:
            # Without the mark first: by it a personal pool knows that nobody chose.
            attributes = {resource.mark: "false", resource.attribute: str(amount)}
            queue.edit(self._folder.map_id, **attributes)
            queue.reconsider()

    def rerun(self, components: Iterable[int] | str | None = None) -> None:
        """Run components again, with the inputs and options that the map was made with.

        The memory and disk that :meth:`set_memory` and :meth:`set_disk` have set are asked for.

        Parameters
        ----------
        components : iterable of int, or ComponentStatus, optional
            Which, or those that have a status now; all of them if None.

        Raises
        ------
        CannotRerunComponents
            If one of them does not exist or has not come to an end. Then none is run.

        Examples
        --------
        >>> m.rerun([3, 7])  # doctest: +SKIP
        >>> m.rerun("LOST")  # doctest: +SKIP
        """
        state = self._refresh()
        known = range(len(self))
        if components is None:
            components = known
        elif isinstance(components, str):
            components = state.with_status(self._status(components))
        chosen = list(dict.fromkeys(components))
        wrong = [i for i in chosen if i not in known or not state[i].is_final]
        if wrong:
            raise CannotRerunComponents(
                f"cannot rerun components {wrong} of the map {self.tag!r}: only components from 0 "
                f"to {len(self) - 1} that are COMPLETED, ERRORED, REMOVED or LOST can be run again",
                tag=self.tag,
                component=wrong[0],
            )
        if not chosen:
            return
        submit_rerun(self._folder, self.tag, {i: self._tracker.run_and_job(i) for i in chosen})
        history.write(f"map {self.tag}: run again, {len(chosen)} components")
        self._tracker.look_for_runs()

    def _status(self, name: str) -> ComponentStatus:
        try:
            return ComponentStatus(name)
        except ValueError:
            raise CannotRerunComponents(
                f"cannot rerun the components of the map {self.tag!r} that are {name!r}: the "
                f"statuses are {', '.join(ComponentStatus)}",
                tag=self.tag,
            ) from None

    def remove(self, force: bool = False) -> None:
        """Remove the map for good: its jobs, inputs and results.

        Parameters
        ----------
        force : bool
            Whether to delete it also when the schedd cannot be had, or jobs do not end.

        Raises
        ------
        NoScheduler, SchedulerRefused
            If the schedd cannot be had, so that its jobs would run on; nothing is removed then.
        """
        self._refresh()
        intent = Intent("remove", self._folder.map_id, self.tag)
        with contextlib.suppress(OSError):  # a full disk must not keep anyone from making room
            intent.begin()
        try:
            queue.act(self._folder.map_id, "Remove", "its map was removed")
        except HTMapException:
            if not force:
                intent.end()
                raise
        else:
            # What travels home does so only when it is asked for.
            if not self._tracker.is_apart:
                self._wait_for_jobs_to_leave()
        recovery.delete(self._folder, self.tag)
        intent.end()
        history.write(f"map {self.tag}: removed")

    def _wait_for_jobs_to_leave(self) -> None:
        try:
            self._wait_until(
                lambda state: state.unfinished == state.count(ComponentStatus.UNMATERIALIZED),
                _REMOVAL_SECONDS,
                "the end of the jobs",
            )
        except (TimeoutError, MapWasRemoved):
            # They are marked for removal in the queue, or another process has removed the map.
            return

    def retag(self, tag: str) -> None:
        """Give the map another tag; a transient map becomes one to keep.

        Its jobs in the queue change the name of their batch with it.

        Raises
        ------
        CannotRetagMap
            If the tag is taken, not valid, or the one that the map has.
        """
        self._refresh()
        intent = Intent("retag", self._folder.map_id, self.tag)
        try:
            tag = tags.validate(tag)
            if tag == self.tag:
                raise CannotRetagMap(f"the map has the tag {tag!r} already", tag=tag)
            with writing():
                intent.begin()
                claims.claim(tag, self._folder.map_id)
                claims.release(self.tag, self._folder.map_id)
                self._folder.set_transient(False)
        except (InvalidTag, TagAlreadyExists) as error:
            raise CannotRetagMap(f"cannot retag the map {self.tag!r}: {error}", tag=tag) from error
        finally:
            intent.end()
        history.write(f"map {self.tag}: has the tag {tag} now")
        self.tag = tag
        self._rename_batch()

    def _rename_batch(self) -> None:
        """Show the tag in condor_q too, if the schedd can be had: nothing depends on it."""
        if self._tracker.state.unfinished:
            try:
                queue.edit(self._folder.map_id, JobBatchName=f'"{self.tag}"')
            except HTMapException as error:
                logger.info("the jobs of the map %r keep their batch's name: %s", self.tag, error)

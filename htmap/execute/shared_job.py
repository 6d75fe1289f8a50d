"""A job of several components: one process calls for one after another, this one looks after it.

What a component does to its process (it ends it, is killed for the memory it takes, crashes) is
then no harm to the others: this process writes the report, and another one goes on with the next.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import resource
import signal
import sys
import time
from typing import Any, BinaryIO, Dict, List, Tuple, Union

from . import checkpoints, leaving, packs, places
from .capture import Capture
from .clean_place import CleanPlace
from .component import (
    UNLOADED,
    Caller,
    Ending,
    failure,
    load_function,
    with_checkpoints,
)

#: Seconds after which a job has HTCondor keep what it has done so far, for the case that its node
#: is lost. What it costs is a transfer of the results so far.
_CHECKPOINT_SECONDS = 600.0
#: The variable of the job's environment that says otherwise.
_CHECKPOINT_VARIABLE = "HTMAP_CHECKPOINT_SECONDS"
# Components that take less, in seconds, are not measured one by one.
_BRIEF = 0.001
# Seconds between looks for whether the process that looks after this one is there.
_LOOK_SECONDS = 0.1

# All that ends a process that does not say otherwise: any may be the job's kill_sig.
_SIGNALS = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)

# What the two processes share: places in an array of float.
_RUNNING = 0  # which of the components that are to be done, counted from 1
_BEGAN = 1  # when it was begun
_CPU = 2  # the CPU time of its process then
_FAILED = 3  # whether any has failed
_PHASE = 4  # how far the process has come
_TOLD_TO_LEAVE = 5  # the signal that said so

_WORKING, _FINISHED, _CHECKPOINT, _ANEW = range(4)


class ProcessEndedError(Exception):
    """The process in which a component ran has ended, and not by the end of its function."""


class _CpuClock:
    """Tells how much CPU time components took, asking the system every millisecond at most.

    It takes longer to ask than a brief component takes, which is taken to have been busy.
    """

    def __init__(self) -> None:
        self.total = _cpu_seconds()
        self._asked = time.perf_counter()
        self._brief = 0.0

    def used(self, now: float, wall: float) -> float:
        """Return the CPU seconds of a component that has just ended, at ``now``."""
        if now - self._asked < _BRIEF:
            self._brief += wall
            return wall
        before, self.total = self.total, _cpu_seconds()
        used = self.total - before - self._brief
        self._asked, self._brief = now, 0.0
        return min(used, wall) if wall < _BRIEF else used


class SharedJob:
    """Runs the components of a job.

    Parameters
    ----------
    function_path : str
        Path of the function's pack.
    inputs : packs.PackReader
    todo : list of (int, int)
        The components, each with the offset of its input.
    output : packs.PackWriter
    has_failed : bool
        Whether one of those has that ran before the job was interrupted.
    """

    def __init__(
        self,
        function_path: str,
        inputs: packs.PackReader,
        todo: List[Tuple[int, int]],
        output: packs.PackWriter,
        has_failed: bool,
    ) -> None:
        self._function_path = function_path
        self._inputs = inputs
        self._todo = todo
        self._output = output
        self._shared = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("d")
        self._shared[_FAILED] = has_failed
        self._child = 0
        self._handlers: Dict[int, Any] = {}
        self._deadline = time.perf_counter() + _checkpoint_seconds()
        self._capture = Capture()
        self._place = CleanPlace()

    def run(self) -> int:
        """Run them.

        Returns
        -------
        int
            The job's exit status; below 0 the signal, negated, that told the job to leave.
        """
        self._take_signals()
        is_finished = False
        while self._todo and not is_finished:
            status, usage = self._run_process()
            phase = self._shared[_PHASE]
            is_finished = phase == _FINISHED
            if not is_finished:
                self._output.catch_up()
            if self._shared[_TOLD_TO_LEAVE]:
                return -int(self._shared[_TOLD_TO_LEAVE])
            if phase == _CHECKPOINT:
                return places.CHECKPOINT_STATUS
            if phase == _WORKING:
                self._report_death(status, usage)
            self._todo = self._todo[int(self._shared[_RUNNING]) :]
            self._place.empty_temporary_folder()
        if not is_finished:
            _finish(self._output, bool(self._shared[_FAILED]))
        self._capture.pass_on()
        return 1 if self._shared[_FAILED] else 0

    # What follows is done by the process that looks after the other.

    def _take_signals(self) -> None:
        for number in _SIGNALS:
            self._handlers[number] = signal.getsignal(number)
            if self._handlers[number] is not signal.SIG_IGN:
                signal.signal(number, self._pass_on)

    def _pass_on(self, number: int, frame: object) -> None:
        self._shared[_TOLD_TO_LEAVE] = number
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, number)

    def _run_process(self) -> Tuple[int, resource.struct_rusage]:
        """Run components in a process of their own, until it ends; return how it did."""
        self._shared[_RUNNING] = 0
        self._shared[_PHASE] = _WORKING
        looks_after = os.getpid()
        self._child = os.fork()
        if not self._child:
            self._become_the_other(looks_after)
        if self._shared[_TOLD_TO_LEAVE]:  # while there was nobody to pass it on to
            os.kill(self._child, int(self._shared[_TOLD_TO_LEAVE]))
        child, status, usage = os.wait4(self._child, 0)
        self._child = 0
        # Nor do the processes stay that components have started.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        return status, usage

    def _report_death(self, status: int, usage: resource.struct_rusage) -> None:
        self._shared[_FAILED] = 1
        error = ProcessEndedError(_how(status))
        running = int(self._shared[_RUNNING])
        if not running:
            failure(error, UNLOADED).write(self._output, packs.ALL_COMPONENTS)
            self._todo = []
            return
        component = self._todo[running - 1][0]
        if component in self._output.endings():
            return  # of something that an earlier component has left behind
        ending = failure(error, "The process that ran the function ended before the function did.")
        ending = ending._replace(exception=b"")  # the other end knows no such class
        wall = time.perf_counter() - self._shared[_BEGAN]
        cpu = usage.ru_utime + usage.ru_stime - self._shared[_CPU]
        self._place.leave()
        self._keep(component, ending, wall, cpu)

    # What follows is done by the process that runs components.

    def _become_the_other(self, looks_after: int) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        os.setpgid(0, 0)
        self._capture.begin()
        try:
            self._work(looks_after)
        except BaseException:
            if not self._shared[_TOLD_TO_LEAVE]:  # a mistake of htmap's own
                sys.excepthook(*sys.exc_info())
            os._exit(1)
        leaving.leave(0)

    def _work(self, looks_after: int) -> None:
        try:
            call = Caller(load_function(self._function_path), self._inputs.envelope)
        except BaseException as error:
            if not self._shared[_TOLD_TO_LEAVE]:
                self._shared[_FAILED] = 1
                failure(error, UNLOADED).write(self._output, packs.ALL_COMPONENTS)
                self._finish()
            return
        shared, place = self._shared, self._place
        look = 0.0
        clock = _CpuClock()
        for position, (component, offset) in enumerate(self._todo, start=1):
            place.enter(component)
            shared[_CPU] = clock.total
            shared[_BEGAN] = began = time.perf_counter()
            shared[_RUNNING] = position
            # Only the first can have begun before, in an earlier execution of the job.
            read = self._inputs.payload_at if position > 1 else self._restored
            ending = call(component, read, offset)
            now = time.perf_counter()
            wall = now - began
            cpu = clock.used(now, wall)
            if shared[_TOLD_TO_LEAVE]:
                return  # and be run again: it may have ended because of that
            if ending.kind == packs.ERROR:
                shared[_FAILED] = 1
            self._capture.take_back()
            has_left_files = place.leave()  # before anything is written, as the disk may be full
            is_written = self._keep(component, ending, wall, cpu)
            if has_left_files:
                with_checkpoints("forget", component)
            if not is_written:
                shared[_PHASE] = _ANEW
                return
            if now >= look:
                look = now + _LOOK_SECONDS
                if os.getppid() != looks_after:
                    os._exit(1)  # it was killed, and nobody knows of this process any more
                if now >= self._deadline and position < len(self._todo):
                    shared[_PHASE] = _CHECKPOINT
                    return
        self._finish()

    def _restored(self, offset: int) -> Union[packs.Payload, BinaryIO]:
        with_checkpoints("restore", self._todo[0][0])
        return self._inputs.payload_at(offset)

    def _finish(self) -> None:
        checkpoints.forget_ended(component for component, _ in self._todo)
        _finish(self._output, bool(self._shared[_FAILED]))
        self._shared[_PHASE] = _FINISHED

    def _keep(self, component: int, ending: Ending, wall: float, cpu: float) -> bool:
        """Write what is kept of a component; tell whether there was room for all of it."""
        try:
            self._capture.keep(self._output, component)
            ending.write(self._output, component, wall, cpu)
            return True
        except OSError as error:
            self._shared[_FAILED] = 1
            self._place.empty_temporary_folder()
            what = "The function returned, but what it returned or printed could not be kept."
            if ending.kind == packs.ERROR:
                what = "The function failed, and its report or what it printed could not be kept."
            for briefly in (False, True):
                with contextlib.suppress(OSError):
                    failure(error, what, briefly).write(self._output, component, wall, cpu)
                    break
            return False


def _finish(output: packs.PackWriter, has_failed: bool) -> None:
    with contextlib.suppress(OSError):  # a full disk: it can be read without an index too
        leaving.finish(output, has_failed)


def _checkpoint_seconds() -> float:
    if not places.may_checkpoint():
        return math.inf
    return float(os.environ.get(_CHECKPOINT_VARIABLE, _CHECKPOINT_SECONDS))


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of those that it has waited for."""
    own, others = (
        resource.getrusage(resource.RUSAGE_SELF),
        resource.getrusage(resource.RUSAGE_CHILDREN),
    )
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"it was left with status {code}, as by os._exit({code})"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "of no name"
    text = f"it was killed by signal {-code} ({name})"
    if -code == signal.SIGKILL:
        text += ", as the kernel does where memory is wanting"
    return text

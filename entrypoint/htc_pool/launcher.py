"""The first program of a container: the pool beside, the command in front.

tini sends every signal to this process's group, so the command gets it directly. Here signals are
never handled or ignored (either would be inherited), but blocked and waited for: what happened is
read off in one place, and a child starts with none blocked.
"""

import contextlib
import os
import signal
import time

from htc_pool import environment, settings, state
from htc_pool.keeper import Keeper
from htc_pool.voice import say

DEFAULT_COMMAND = ["start-notebook.py"]
# sysexits.h: a service that this needs is not there (69), an internal software error (70).
NO_POOL = 70

_UNTOUCHED = {
    signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT,
    signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT,
    signal.SIGSYS, signal.SIGWINCH,
}  # fmt: skip
_WAITED_FOR = signal.valid_signals() - _UNTOUCHED


def main(arguments):
    """Run the command `arguments` (JupyterLab if there is none) and return its exit status."""
    command = arguments or DEFAULT_COMMAND
    try:
        mode = settings.mode(os.environ)
        if mode == "attached":
            attach()
        if mode != "personal":
            return become(command)
        launch = Launch(command, os.environ)
    except state.RunningError:
        # Of `docker exec`: the pool is there for this command too.
        return become(command)
    except (settings.SettingError, state.StateError) as error:
        say(f"no personal pool: {error}")
        return NO_POOL if settings.required(os.environ) else become(command)
    return launch.run()


def attach():
    """Make this process and its children attached to the site."""
    try:
        # Not for a launcher that stays: what this one needs takes memory.
        from htc_pool import attached
    except ImportError as error:
        # Somebody has put another htmap there. The notebook is needed all the more.
        say(f"the site's tokens are not copied, for htmap cannot be imported: {error}")
    else:
        attached.prepare(os.environ, say)


def is_jupyter(command):
    """Say whether `command` serves notebooks: a person starts the first map later, by hand."""
    name = os.path.basename(command[0])
    return name.startswith(("jupyter", "start-notebook", "start-singleuser"))


def become(command):
    """Replace this process by `command`; return only the status of a failure to."""
    try:
        os.execvp(command[0], command)
    except OSError as error:
        return cannot_run(command, error)


def cannot_run(command, error):
    """Say why `command` cannot run and return the status that a shell gives that."""
    say(f"cannot run {command[0]}: {error.strerror}")
    return 127 if isinstance(error, FileNotFoundError) else 126


class Launch:
    """One run of a container that has a pool of its own.

    Parameters
    ----------
    command : list of str
        What to run in front.
    environ : Mapping[str, str]
        The settings.
    """

    def __init__(self, command, environ):
        self.command = command
        self.required = settings.required(environ)
        in_front = not is_jupyter(command) or self.required
        self.wait = settings.wait_seconds(environ, 30.0 if in_front else 0.0)
        self.stop_timeout = settings.stop_seconds(environ)
        self.directory = state.prepare(environ)
        self.keeper = Keeper(self.directory, environment.of_daemons(environ, self.directory), say)
        self.ended = {}
        self.watcher = self.child = None
        self.asked_to_stop = 0

    def run(self):
        """Run the pool and the command; return the command's exit status."""
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED_FOR)
        self.keeper.start()
        status = self.wait_for_pool()
        if status is None:
            status = self.run_command()
        self.keeper.stop()
        self.wait_for_stop()
        return status

    def wait_for_pool(self):
        """Watch the pool come up; return an exit status where the command must not start."""
        bound = ["--timeout", f"{self.wait or 30:g}"]
        # A process of its own keeps the bindings, and what they do to signals, out of this one.
        self.watcher = self.spawn(
            ["htc-pool", "wait", *(["--quiet"] if self.wait else []), *bound],
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, 2, 1),
            ],
        )
        if not self.wait:
            return None
        ready = self.until_end(self.watcher, stop_on=(signal.SIGTERM, signal.SIGINT)) == 0
        if self.asked_to_stop:
            return 128 + self.asked_to_stop
        if not ready and self.required:
            say("the command needs a pool: it is not started")
            return NO_POOL
        return None

    def run_command(self):
        """Run the command to its end and return its exit status."""
        try:
            self.child = self.spawn(self.command)
        except OSError as error:
            return cannot_run(self.command, error)
        return self.until_end(self.child)

    def spawn(self, command, **options):
        """Start `command` in this process group with the signals as this process found them."""
        return os.posix_spawnp(
            command[0],
            command,
            os.environ,
            setsigmask=self.mask,
            # Python ignores these for itself.
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
            **options,
        )

    def until_end(self, pid, stop_on=()):
        """Wait for the end of `pid`, or one of the signals `stop_on`; return its exit status."""
        while pid not in self.ended:
            number = self.next_signal()
            if number == signal.SIGCHLD:
                self.reap()
            elif number in stop_on:
                self.asked_to_stop = number
                return None
            elif number and self.child:
                self.pass_on(number)
        return self.ended[pid]

    def next_signal(self):
        """Wait for a signal and return it, or None if the pool had to be started meanwhile."""
        if self.keeper.due is None:
            return signal.sigwait(_WAITED_FOR)
        left = max(0, self.keeper.due - time.monotonic())
        got = signal.sigtimedwait(_WAITED_FOR, left)
        if got is None:
            self.keeper.start()
        return got and got.si_signo

    def pass_on(self, number):
        """Do what a signal to the whole container asks for."""
        if number == signal.SIGTERM:
            # Jobs are evicted while the command ends: both fit into one grace period.
            self.keeper.stop()
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(self.child) != os.getpgrp():
                # A shell with job control has a group of its own, which tini does not know, and
                # ignores TERM: hang up on it, as a terminal that goes away does.
                os.kill(self.child, number)
                if number == signal.SIGTERM:
                    os.kill(self.child, signal.SIGHUP)

    def reap(self):
        """Take note of the children that have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            self.ended[pid] = code if code >= 0 else 128 - code
            if self.keeper.ended(pid, code) and self.watcher not in self.ended:
                # Nothing is left to wait for.
                os.kill(self.watcher, signal.SIGTERM)

    def wait_for_stop(self):
        """Wait until the pool has ended, for as long as it may take."""
        deadline = time.monotonic() + self.stop_timeout
        while not self.keeper.stopped():
            if time.monotonic() > deadline:
                say(f"the pool did not stop within {self.stop_timeout:g} s (HTC_POOL_STOP_TIMEOUT)")
                return
            if signal.sigtimedwait({signal.SIGCHLD}, 0.05):
                self.reap()

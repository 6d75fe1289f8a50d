"""The pool as the launcher keeps it: supervisord, started again where it was killed."""

import contextlib
import os
import signal
import time

from htc_pool import pool_lock, supervisor
from htc_pool.readiness import log_tails

#: Seconds until supervisord is started again, one for each time that it was killed in a row; there
#: is no more after the last.
DELAYS = (0, 1, 2, 4)
#: A supervisord that lived for so many seconds was well: the row begins anew.
WELL = 60


class Keeper:
    """Keep a pool running until it is told to stop.

    It waits for nothing itself: who waits for signals and children tells it of what happened.

    Parameters
    ----------
    directory : str
        The pool's state.
    environ : Mapping[str, str]
        The environment of supervisord.
    say : Callable[[str], None]
        Tells the person one thing.
    """

    def __init__(self, directory, environ, say):
        self.directory = directory
        self.environ = environ
        self.say = say
        self.pid = None
        #: The time (of the monotonic clock) at which to start supervisord, if there is one.
        self.due = None
        self.stopping = False
        self._began = 0.0
        self._killed = 0

    def start(self):
        """Start supervisord."""
        self.due = None
        self._began = time.monotonic()
        self.pid = supervisor.start(self.directory, self.environ)
        supervisor.wake_when_up(self.directory)

    def ended(self, pid, code):
        """Take note that a child has ended; say whether the pool is given up with it.

        Parameters
        ----------
        pid : int
            The child, which may be any.
        code : int
            Its exit status, or minus the signal that killed it.
        """
        if pid != self.pid:
            return False
        self.pid = None
        if self.stopping:
            return False
        if code >= 0:
            # By its listener's verdict; else told by hand, or it could not start.
            why = supervisor.gave_up(self.directory) or f"supervisord ended (status {code})"
            return self._give_up(why)
        if time.monotonic() - self._began > WELL:
            self._killed = 0
        if self._killed == len(DELAYS):
            return self._give_up(f"supervisord was killed {self._killed + 1} times in a row")
        self.say(f"supervisord was killed (signal {-code}): starting it again")
        self.due = time.monotonic() + DELAYS[self._killed]
        self._killed += 1
        return False

    def _give_up(self, why):
        self.say(
            f"{why}; `htc-pool start` tries again. The log is {self.directory}/log/MasterLog\n"
            + log_tails(self.directory)
        )
        # Whoever tries again has it.
        pool_lock.release(self.directory)
        return True

    def stop(self):
        """Ask the pool to evict, save and end, and start it no more."""
        if not self.stopping:
            self.stopping = True
            self.due = None
            # Not only the own one: `htc-pool start` starts another where the own has ended.
            pid = self.pid or supervisor.pid(self.directory)
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)

    def stopped(self):
        """Say whether supervisord has ended after `stop`; the question keeps it awake."""
        there = supervisor.wake(self.directory)
        return not (there or self.pid)

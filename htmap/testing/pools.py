"""Finding a pool for tests, or starting that of the container, and waiting until it is ready."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import NamedTuple

from htmap.exceptions import NoScheduler
from htmap.pool.offers import places
from htmap.pool.schedd import Schedd, locate, read_configuration
from htmap.settings import settings

#: Looks after the personal pool in the images; starts it where their entrypoint did not run.
_COMMAND = "htc-pool"
#: Seconds that the command is given beyond those that it may wait.
_GRACE = 15
_ADVICE = (
    "docs/testing.md shows how tests get a pool: they run in a container of the images, or with "
    "_CONDOR_SCHEDD_HOST and _CONDOR_COLLECTOR_HOST set"
)


class Pool(NamedTuple):
    """A pool that was found ready.

    Attributes
    ----------
    schedd : str
        The name of the schedd that takes the maps' jobs.
    version : tuple of int
        HTCondor's version there, such as ``(23, 9, 6)``.
    """

    schedd: str
    version: tuple[int, ...]

    @property
    def slots(self) -> int:
        """How many jobs of one core the pool could run now if nothing else ran."""
        return places(1)


def find(seconds: float) -> Pool:
    """Return the pool that maps use, started first where it is the container's own.

    Parameters
    ----------
    seconds : float
        How long it may take until it is ready.

    Raises
    ------
    NoScheduler
        If no schedd answers by then.
    SchedulerRefused
        If one is there, but does not accept who we are.
    """
    deadline, pause = time.monotonic() + seconds, 0.05
    # The command does nothing where the container is attached to a site's access point.
    named = settings["HTCONDOR.SCHEDULER"] or settings["HTCONDOR.COLLECTOR"]
    if not named and (command := shutil.which(_COMMAND)):
        _start(command, seconds)
        read_configuration()
    while True:
        try:
            found = _answering()
        except NoScheduler as error:
            if time.monotonic() >= deadline:
                raise NoScheduler(
                    f"the tests have no pool: within {seconds:g} s, {error}. {_ADVICE}"
                ) from error
        else:
            return Pool(found.name, found.version)
        # Nobody tells us when a schedd comes up on another host.
        time.sleep(pause)
        pause = min(2 * pause, 1)


def _answering() -> Schedd:
    schedd = locate()
    schedd.call(lambda target: target.query("false", ["ClusterId"]), "asking whether it is there")
    return schedd


def _start(command: str, seconds: float) -> None:
    """Start the container's pool, unless it runs, and wait until it has slots."""
    try:
        done = subprocess.run(
            [command, "start", "--quiet", "--timeout", str(seconds)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=seconds + _GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NoScheduler(
            f"the tests have no pool: `{_COMMAND} start` did not end within "
            f"{seconds + _GRACE:g} s. `htc-doctor` and `{_COMMAND} logs` say more"
        ) from error
    if done.returncode != 0:
        raise NoScheduler(f"the tests have no pool: {done.stderr.strip()}.{_who()} {_ADVICE}")


def _who() -> str:
    if os.getgid() != 0 and os.getuid() != 0:
        return ""
    return (
        " In the job container of a CI service, name the user that the checkout belongs to, as in "
        "GitHub's `options: --user 1001:100`."
    )

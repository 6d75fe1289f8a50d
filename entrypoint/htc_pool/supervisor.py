"""supervisord, which keeps the pool's master running."""

import contextlib
import os
import signal
import socket
import subprocess
import time

from htc_pool import pool_lock

CONFIG = "/etc/htc/supervisord.conf"
BIN = "/opt/htc/bin"


def start(directory, environ):
    """Start supervisord in a session of its own, with the environment `environ`; return its id.

    A signal for the command's process group (Ctrl-C, `docker stop`) does not reach it there: the
    pool stops when it is told to, and in order.
    """
    output = os.open(
        os.path.join(directory, "supervisord.out"),
        os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW,
        0o600,
    )
    try:
        return os.posix_spawn(
            f"{BIN}/supervisord",
            ["supervisord", "-c", CONFIG],
            environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
                *pool_lock.inherited(directory),
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGPIPE,),
        )
    finally:
        os.close(output)


def wake(directory):
    """Make supervisord look around now; say whether it is there.

    It looks for programs to start, signals and ended processes after each second of waiting for
    something on its socket (4.3 also before it starts anything), and a connection is something.
    """
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        with contextlib.suppress(OSError):
            client.connect(os.path.join(directory, "supervisor.sock"))
            return True
    return False


def wake_when_up(directory, seconds=5.0):
    """Wait for supervisord's socket and wake it; say whether it came up."""
    deadline = time.monotonic() + seconds
    while not wake(directory):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def control(directory, *arguments):
    """Run supervisorctl and return its exit status and what it said."""
    done = subprocess.run(
        [f"{BIN}/supervisorctl", "-c", CONFIG, *arguments],
        env={**os.environ, "HTC_POOL_DIR": directory},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def program_state(directory):
    """Return the state of the pool's master as supervisor names it, or "" if nobody knows."""
    words = control(directory, "status", "condor")[1].split()
    return words[1] if len(words) > 1 and words[0] == "condor" else ""

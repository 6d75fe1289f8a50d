"""supervisord, which keeps the pool's master running."""

import contextlib
import os
import signal
import socket
import struct
import time

from htc_pool import pool_lock

CONFIG = "/etc/htc/supervisord.conf"
BIN = "/opt/htc/bin"
#: What supervisord.conf calls the master.
PROGRAM = "condor"


def start(directory, environ):
    """Start supervisord in a session of its own, with the environment `environ`; return its id.

    A signal for the command's process group (Ctrl-C, `docker stop`) does not reach it there: the
    pool stops when it is told to, and in order.
    """
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_verdict(directory))
    output = os.open(
        os.path.join(directory, "supervisord.out"),
        os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW,
        0o600,
    )
    try:
        return os.posix_spawn(
            f"{BIN}/supervisord",
            ["supervisord", "-c", CONFIG],
            # A port that stays the same when what listens on it dies and is started again: what the
            # other daemons know each other by.
            {**environ, "_CONDOR_COLLECTOR_HOST": f"127.0.0.1:{_free_port()}"},
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


def pid(directory):
    """Return the id of the supervisord that runs in `directory`, or None.

    To ask is to wake it: it looks for programs to start, signals and ended processes after each
    second of waiting for something on its socket (4.3 also before it starts anything), and a
    connection is something.
    """
    try:
        with _connect(directory) as client:
            peer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except OSError:
        return None
    # 0 is a process of another container, on a home that both have.
    return struct.unpack("3i", peer)[0] or None


def wake(directory):
    """Make supervisord look around now; say whether it is there."""
    return pid(directory) is not None


def wake_when_up(directory, seconds=5.0):
    """Wait for supervisord's socket and wake it; say whether it came up."""
    deadline = time.monotonic() + seconds
    while not wake(directory):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def start_program(directory):
    """Start the pool's master where it was stopped; do not wait for it."""
    with _asking(directory) as supervisord:
        supervisord.startProcess(PROGRAM, False)
    wake(directory)


def stop_program(directory):
    """Stop the pool's master and wait until it has ended."""
    with _asking(directory) as supervisord:
        supervisord.stopProcess(PROGRAM, False)
        while supervisord.getProcessInfo(PROGRAM)["statename"] == "STOPPING":
            time.sleep(0.05)


def program_state(directory):
    """Return the state of the pool's master as supervisor names it, or "" if nobody knows."""
    with contextlib.suppress(OSError), _asking(directory) as supervisord:
        return supervisord.getProcessInfo(PROGRAM)["statename"]
    return ""


def gave_up(directory):
    """Return why this pool is not started any more, as a sentence, or "" if it is."""
    try:
        with open(_verdict(directory), encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def _free_port():
    # Not one that the kernel gives to whoever asks for any: it could be gone when it is wanted
    # again, if only to a client that came to find it silent and so reached itself.
    while True:
        port = 10240 + int.from_bytes(os.urandom(2)) % (32768 - 10240)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _verdict(directory):
    # Written by supervisord's listener, pool-bound.
    return os.path.join(directory, "gave-up")


def _connect(directory, seconds=1.0):
    client = socket.socket(socket.AF_UNIX)
    try:
        client.settimeout(seconds)
        client.connect(os.path.join(directory, "supervisor.sock"))
    except OSError:
        client.close()
        raise
    return client


@contextlib.contextmanager
def _asking(directory):
    """Give what supervisord answers to; what it refuses (it is so already) ends the block."""
    # Not for the launcher, which asks nothing and stays as long as the container.
    import http.client
    import xmlrpc.client

    class Transport(xmlrpc.client.Transport):
        def make_connection(self, host):
            connection = http.client.HTTPConnection(host)
            connection.sock = _connect(directory, seconds=10)
            return connection

    proxy = xmlrpc.client.ServerProxy("http://supervisord", Transport())
    with contextlib.suppress(xmlrpc.client.Fault):
        yield proxy.supervisor

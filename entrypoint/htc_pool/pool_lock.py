"""Who has a state directory: the lock that a living pool holds on it.

The kernel keeps it, for all containers of this machine alike, as long as a process has the open
file: the launcher, and supervisord, which inherits it. Nothing is left to clean up after a kill.
"""

import contextlib
import fcntl
import json
import os
import socket
import time

NAME = ".in-use"

#: The open files by which this process holds locks: a directory's true path to its descriptor.
_held = {}


class HeldError(Exception):
    """Somebody else has the directory.

    Attributes
    ----------
    here : bool
        Whether it is this very container that has it.
    holder : str
        Who, in words.
    """

    def __init__(self, host, since, here):
        self.here = here
        self.holder = f"container {host} since {since}" if host else "another container"
        super().__init__(self.holder)


def take(directory):
    """Take `directory` until `release`, or the end of this process and of whom it handed it to.

    Raises
    ------
    HeldError
        If somebody else has it.
    """
    directory = os.path.realpath(directory)
    if directory in _held:
        return
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(os.path.join(directory, NAME), flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _held_by(descriptor) from None
    except BaseException:
        os.close(descriptor)
        raise
    # Only for people to read; a full disk has no room for it.
    with contextlib.suppress(OSError):
        who = {"host": socket.gethostname(), "since": _now(), "container": _container()}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(who).encode(), 0)
    _held[directory] = descriptor


def release(directory):
    """Give `directory` back, but for those to whom it was handed."""
    with contextlib.suppress(KeyError):
        os.close(_held.pop(os.path.realpath(directory)))


def is_taken_here(directory):
    """Say whether another process of this container has `directory`, if there is such a one."""
    if os.path.realpath(directory) in _held:
        return False
    try:
        take(directory)
    except HeldError as error:
        return error.here
    except OSError:
        return False
    release(directory)
    return False


def inherited(directory):
    """Return the actions by which a child that is spawned holds the lock too."""
    # supervisord closes what its own children would inherit from the third on.
    descriptor = _held.get(os.path.realpath(directory))
    return [] if descriptor is None else [(os.POSIX_SPAWN_DUP2, descriptor, 3)]


def _held_by(descriptor):
    try:
        who = json.loads(os.pread(descriptor, 4096, 0))
        return HeldError(str(who["host"]), str(who["since"]), who["container"] == _container())
    except (ValueError, KeyError, TypeError):
        return HeldError("", "", False)
    finally:
        os.close(descriptor)


def _now():
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())


def _container():
    # A container's processes see one set of mounts, those of `docker exec` too, and nobody else's
    # do. Names of containers need not differ.
    return f"{socket.gethostname()} {os.readlink('/proc/self/ns/mnt')}"

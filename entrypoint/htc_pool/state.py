"""The directory that holds the pool's state: found, made and locked, or refused with a reason.

Everything else knows the pool by one path in /tmp (`settings.pool_dir`). That is a link to where
the state outlives the container, or, where no such place can be used, a plain directory.
"""

import contextlib
import os
import shutil
import stat

from htc_pool import filesystems, pool_lock, queue_log, settings, space, voice


class StateError(Exception):
    """Why no pool can run here; its text is a whole sentence."""


class RunningError(StateError):
    """A pool runs in this very container already; a second one would have nothing to do."""


class _UnusableError(Exception):
    """Why a place cannot hold the pool's state."""


def prepare(environ, say=None):
    """Make the pool's directory and what must be in it before HTCondor starts; lock it.

    Parameters
    ----------
    environ : Mapping[str, str]
        The settings.
    say : Callable[[str], None], optional
        Told in one line each what is not as somebody may expect; by default standard error is.

    Returns
    -------
    str
        The pool's directory as all tools know it; it is of mode 0700 and owned by this user.

    Raises
    ------
    RunningError
        If a pool runs in this container.
    StateError
        If this user cannot run a pool, or there is no place for one.
    """
    _refuse_root()
    say = say or voice.say
    known = settings.pool_dir(environ)
    wanted = settings.state_dir(environ)
    try:
        there = _look(known)
        # Wherever this one would be, the running one must not lose its path.
        if pool_lock.is_taken_here(known):
            raise RunningError("a pool runs in this container already")
        why = _keep_in(wanted, known, there) if wanted != known else ""
        if why is not None:
            _keep_here(known, there)
            if why and _matters(environ, wanted):
                say(f"the pool's state is in {known} and ends with this container: {why}")
        said = queue_log.mend(known)
        _clear(known)
        full = not space.is_there(known)
    except pool_lock.HeldError as error:
        raise RunningError("a pool starts in this container already") from error
    except _UnusableError as error:
        raise StateError(str(error)) from error
    except OSError as error:
        raise StateError(f"{known} cannot hold the pool's state: {error.strerror}") from error
    if said:
        say(said)
    if full:
        # A queue that is there waits (libexec/when-space) rather than seem lost.
        say(space.lack(known))
    return known


def _keep_in(wanted, known, there):
    """Make `known` a link to `wanted`; return why that cannot be, or None."""
    if not wanted:
        return "HOME is not set"
    try:
        kind, point = filesystems.find(wanted)
        if kind not in filesystems.TRUSTED:
            return (
                f"{wanted} is on a file system ({kind}, mounted at {point}) on which no queue is "
                "safe (HTC_POOL_DIR can name a directory on a local one)"
            )
        _make(wanted)
        pool_lock.take(wanted)
        if there == "directory" and _has_queue(known):
            pool_lock.release(wanted)
            return f"this container began it there when {wanted} could not be used"
        if not space.is_there(wanted) and not _has_queue(wanted):
            pool_lock.release(wanted)
            return f"{wanted} is full"
    except _UnusableError as error:
        return str(error)
    except OSError as error:
        pool_lock.release(wanted)
        return f"{wanted} cannot be used ({error.strerror})"
    except pool_lock.HeldError as error:
        if error.here:
            raise
        return f"{wanted} is in use by the pool of {error.holder}"
    # With the lock: another start may have made the link, and given the lock back, since the look.
    there = _look(known)
    if there != "link" or os.readlink(known) != wanted:
        _replace(known, there)
        os.symlink(wanted, known)
    return None


def _keep_here(known, there):
    """Make `known` a plain directory."""
    if there == "link":
        _replace(known, there)
    _make(known)
    pool_lock.take(known)
    if not space.is_there(known) and not _has_queue(known):
        raise StateError(f"{known} cannot hold the pool's state: it is full")


def _look(known):
    """Say what is at `known`: "" or this user's "link" or "directory"; refuse the rest."""
    try:
        found = os.lstat(known)
    except FileNotFoundError:
        return ""
    if found.st_uid != os.getuid():
        raise StateError(
            f"{known} belongs to user {found.st_uid}, not to this one ({os.getuid()}): it has to go"
        )
    if stat.S_ISLNK(found.st_mode):
        return "link"
    if stat.S_ISDIR(found.st_mode):
        return "directory"
    raise StateError(f"{known} is neither a directory nor a link: it has to go")


def _replace(known, there):
    if there == "link":
        os.unlink(known)
    elif there == "directory":
        # What a start without success left there: no queue, and nobody.
        pool_lock.take(known)
        shutil.rmtree(known)
        pool_lock.release(known)


def _make(directory):
    os.makedirs(directory, mode=0o700, exist_ok=True)
    found = os.stat(directory)
    for owner in {os.lstat(directory).st_uid, found.st_uid}:
        if owner != os.getuid():
            raise _UnusableError(
                f"{directory} belongs to user {owner}, not to this one ({os.getuid()})"
            )
    os.chmod(directory, 0o700)
    # HTCondor makes all of its directories but the one that it says so in.
    os.makedirs(os.path.join(directory, "log"), mode=0o700, exist_ok=True)


def _has_queue(directory):
    return os.path.exists(os.path.join(directory, "spool", "job_queue.log"))


def _matters(environ, wanted):
    """Say whether the state would have been kept for longer than the container at `wanted`."""
    if environ.get("HTC_POOL_DIR"):
        return True
    # A home in the container's own file system ends with it too.
    return bool(wanted) and filesystems.find(wanted)[1] != "/"


def _clear(directory):
    """Remove what the daemons of an earlier life said of themselves: nobody is there."""
    for folder in ("log", "spool"):
        with contextlib.suppress(FileNotFoundError), os.scandir(f"{directory}/{folder}") as entries:
            for entry in entries:
                if "_address" in entry.name:
                    os.unlink(entry)


def _refuse_root():
    # HTCondor would switch users as root, and in group 0 jobs hang in "running" with no message.
    if os.getuid() == 0 or os.getgid() == 0:
        raise StateError(
            "a personal pool does not run as root or in group 0; start the container as another "
            "user (for example --user 1000:100)"
        )

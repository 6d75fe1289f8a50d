"""The directory that holds the pool's state: made, or refused with a reason."""

import os
import stat

from htc_pool import settings


class StateError(Exception):
    """Why no pool can run here; its text is a whole sentence."""


def prepare(environ):
    """Make the state directory and what must be in it before HTCondor starts.

    Parameters
    ----------
    environ : Mapping[str, str]
        The settings.

    Returns
    -------
    str
        The directory's absolute path; it is of mode 0700 and owned by this user.

    Raises
    ------
    StateError
        If this user cannot run a pool, or the directory is another user's, cannot be written, or
        is on a full disk.
    """
    _refuse_root()
    directory = settings.pool_dir(environ)
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        found = os.lstat(directory)
        if not stat.S_ISDIR(found.st_mode):
            raise StateError(f"{directory} (HTC_POOL_DIR) is not a plain directory")
        if found.st_uid != os.getuid():
            raise StateError(
                f"{directory} (HTC_POOL_DIR) belongs to user {found.st_uid}, not to this one "
                f"({os.getuid()})"
            )
        os.chmod(directory, 0o700)
        # HTCondor makes all of its directories but the one that it says so in.
        os.makedirs(os.path.join(directory, "log"), mode=0o700, exist_ok=True)
        _write_something(directory)
    except OSError as error:
        raise StateError(
            f"{directory} (HTC_POOL_DIR) cannot hold the pool's state: {error.strerror}"
        ) from error
    return directory


def _refuse_root():
    # HTCondor would switch users as root, and in group 0 jobs hang in "running" with no message.
    if os.getuid() == 0 or os.getgid() == 0:
        raise StateError(
            "a personal pool does not run as root or in group 0; start the container as another "
            "user (for example --user 1000:100)"
        )


def _write_something(directory):
    # A full disk shows itself when there is something to write, and only then.
    path = os.path.join(directory, f".probe-{os.getpid()}")
    try:
        with open(path, "wb") as file:
            file.write(bytes(1 << 20))
            file.flush()
            os.fsync(file.fileno())
    finally:
        if os.path.lexists(path):
            os.unlink(path)

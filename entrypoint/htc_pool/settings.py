"""What the environment says about the pool."""

import os
import pwd
import re


class SettingError(ValueError):
    """A variable that cannot be read; its text is a whole sentence."""


def site_schedd(environ):
    """Say which site's access point this container is attached to.

    HTCondor reads ``_CONDOR_SCHEDD_HOST`` with its prefix and name in any case, and takes an empty
    value for none.

    Parameters
    ----------
    environ : Mapping[str, str]
        The environment.

    Returns
    -------
    str
        The host, or the empty string where a personal pool is wanted.
    """
    for name, value in environ.items():
        if name.lower() == "_condor_schedd_host" and value.strip():
            return value.strip()
    return ""


def pool_dir(environ):
    """Return the directory that holds the pool's state.

    Raises
    ------
    SettingError
        If the path is one that HTCondor's configuration or a socket cannot hold.
    """
    path = environ.get("HTC_POOL_DIR", "")
    if not path:
        # As the configuration says it: tools started by `docker exec` agree without being told.
        return f"/tmp/htc-pool-{user_name()}"
    if not re.fullmatch(r"/[\w./+@:-]+", path, re.ASCII) or len(path) > 60:
        raise SettingError(
            f"HTC_POOL_DIR={path!r} cannot hold a pool: it must be an absolute path of at most "
            "60 letters, digits and . _ / + @ : -"
        )
    return path.rstrip("/")


def user_name():
    """Return the name of the user who runs this process, or its number."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def wait_seconds(environ, default):
    """Return how long a command may wait for the pool (``HTC_POOL_WAIT``), in seconds."""
    return _seconds(environ, "HTC_POOL_WAIT", default)


def stop_seconds(environ):
    """Return how long the pool may take to stop (``HTC_POOL_STOP_TIMEOUT``), in seconds."""
    # Docker kills a container ten seconds after it asked it to stop.
    return _seconds(environ, "HTC_POOL_STOP_TIMEOUT", 7.0)


def required(environ):
    """Say whether the command must not run without a pool (by default only in a CI job)."""
    value = environ.get("HTC_POOL_REQUIRED") or environ.get("CI", "")
    return value.lower() not in ("", "0", "false", "no", "off")


def _seconds(environ, name, default):
    text = environ.get(name, "")
    if not text:
        return default
    if not re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        raise SettingError(f"{name} must be a number of seconds, not {text!r}")
    return float(text)

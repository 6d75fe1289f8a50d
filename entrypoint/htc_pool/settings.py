"""What the environment says about the pool."""

import os
import pwd
import re

MODES = ("personal", "attached", "none")


class SettingError(ValueError):
    """A variable that cannot be read; its text is a whole sentence."""


def site_schedd(environ):
    """Say which site's access point this container is attached to.

    HTCondor reads ``_CONDOR_SCHEDD_HOST`` with its prefix and name in any case, and takes an empty
    value for none. htmap decides in the same way what maps do by default
    (``htmap.settings.is_attached``); it is not asked, so that a container starts whatever was done
    to it.

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


def mode(environ):
    """Say what this container does about a pool: ``"personal"``, ``"attached"`` or ``"none"``.

    ``HTC_POOL`` says so, or, at its default ``auto``, whether an access point is named.

    Raises
    ------
    SettingError
        If ``HTC_POOL`` is no mode, or one that ``_CONDOR_SCHEDD_HOST`` contradicts.
    """
    asked = environ.get("HTC_POOL", "").strip().lower() or "auto"
    site = site_schedd(environ)
    if asked not in ("auto", *MODES):
        raise SettingError(f"HTC_POOL={asked!r} is none of auto, {', '.join(MODES)}")
    if asked == "attached" and not site:
        raise SettingError("HTC_POOL=attached, but _CONDOR_SCHEDD_HOST names no access point")
    if asked == "personal" and site:
        # HTCondor's tools would talk to the site, whatever runs here.
        raise SettingError(f"HTC_POOL=personal, but _CONDOR_SCHEDD_HOST={site} is set: unset one")
    return asked if asked != "auto" else "attached" if site else "personal"


def pool_dir(environ):
    """Return the pool's directory as HTCondor's configuration and every tool know it.

    It is always there, so that tools which `docker exec` starts agree without being told, and short
    enough for sockets; what is there may be a link to the true place.
    """
    return f"/tmp/htc-pool-{user_name()}"


def state_dir(environ):
    """Return where the pool's state is to be kept, or "" where no place is known.

    Raises
    ------
    SettingError
        If ``HTC_POOL_DIR`` is no path that could be one.
    """
    path = environ.get("HTC_POOL_DIR", "")
    if not path:
        base = environ.get("XDG_STATE_HOME", "")
        if not base.startswith("/"):
            home = environ.get("HOME", "")
            base = f"{home}/.local/state" if home.startswith("/") else ""
        return os.path.normpath(f"{base}/htc-pool") if base else ""
    # In one line of a log it must be readable.
    if not path.startswith("/") or not path.isprintable():
        raise SettingError(f"HTC_POOL_DIR={path!r} is not an absolute path of printable characters")
    path = os.path.normpath(path)
    if path.startswith(pool_dir(environ) + "/"):
        raise SettingError(f"HTC_POOL_DIR={path} is inside the pool's own {pool_dir(environ)}")
    return path


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
    return _seconds(environ, "HTC_POOL_STOP_TIMEOUT", 2.5)


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

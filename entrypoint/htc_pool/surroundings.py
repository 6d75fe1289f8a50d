"""What a container was given: its share of the machine, and where it can keep things."""

import os

from htc_pool import filesystems, limits, readiness, settings
from htc_pool.findings import FAIL, OK, WARN, Finding

_MIB = 1 << 20
# A map of a thousand components is some megabytes; below this the next one may be the last.
_SCARCE, _NOTHING = 200 * _MIB, 10 * _MIB


def shares(environ):
    """Look at what the container may use, and at what the pool offers of it."""
    given = {name: value for name, value in environ.items() if not name.startswith("HTC_POOL_")}
    cpus, memory = limits.cpus(given), limits.memory(given)
    may_use = (
        f"{cpus.amount} CPUs ({cpus.because}) and {memory.amount} MB for jobs ({memory.because})"
    )
    try:
        limits.cpus(environ), limits.memory(environ), limits.gpus(environ)
    except settings.SettingError as error:
        yield Finding(FAIL, "limits", f"{error}: set it otherwise and start the container again")
        return
    ads = readiness.slots(settings.pool_dir(environ))
    offered = [sum(int(ad.get(name, 0)) for ad in ads) for name in ("TotalCpus", "TotalMemory")]
    yield shared(cpus.amount, memory.amount, may_use, offered if ads else None)


def shared(cpus, memory, may_use, offered):
    """Return what is to be said about an offer, beside what the container may use."""
    if not offered:
        return Finding(OK, "limits", f"the container may use {may_use}")
    text = f"the container may use {may_use}; the pool offers {offered[0]} CPUs and {offered[1]} MB"
    if offered[1] > memory:
        return Finding(
            WARN, "limits",
            f"{text}: jobs that use it all may take the notebook down with them; lower "
            "HTC_POOL_MEMORY or unset it",
        )  # fmt: skip
    if offered[0] > cpus:
        return Finding(
            WARN,
            "limits",
            f"{text}: jobs share CPUs and are slower; lower HTC_POOL_CPUS or unset it",
        )
    return Finding(OK, "limits", text)


def home(environ):
    """Look at the home's file system."""
    yield folder("the home", os.path.expanduser("~"))


def maps(environ):
    """Look at the file system on which maps live."""
    from htmap.settings import settings as chosen

    yield folder("maps (HTMAP_DIR)", os.path.expanduser(str(chosen["HTMAP_DIR"])))


def state(environ):
    """Look at the file system that holds the pool's queue."""
    path = settings.pool_dir(environ)
    if os.path.isdir(path):
        yield folder("the pool's queue", path, holds_queue=True)


def folder(what, path, holds_queue=False):
    """Return what there is to say about a directory in which something is kept."""
    there = os.path.realpath(path)
    where = f"{what} in {path}" if there == path else f"{what} in {path}, which is {there}"
    while not os.path.exists(there):
        there = os.path.dirname(there)
    kind, point = filesystems.find(there)
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            FAIL, "files",
            f"{where}: user {os.getuid()} cannot write to {there} ({kind} at {point}): mount it so "
            "that this user can, or choose another directory",
        )  # fmt: skip
    status = os.statvfs(there)
    free = status.f_bavail * status.f_frsize
    where = f"{where}: {kind}, {free // _MIB} MB free"
    if free < _SCARCE:
        return Finding(
            FAIL if free < _NOTHING else WARN, "files",
            f"{where}: remove what is not needed (`htmap status`, `htmap remove`) or give {point} "
            "more space",
        )  # fmt: skip
    if holds_queue and kind not in filesystems.TRUSTED:
        return Finding(
            WARN, "files",
            f"{where}: a queue can be lost there when the container is killed: let HTC_POOL_DIR be "
            "a directory on a local volume",
        )  # fmt: skip
    return Finding(OK, "files", where)

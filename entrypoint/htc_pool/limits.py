"""What this container may use of its machine, and what its pool offers of that.

HTCondor itself sees neither a CPU quota nor a hub's limits, nor in every version a memory limit: it
would offer the whole machine to jobs, and they would crowd out the notebook or be killed with it.
"""

import collections
import math
import os
import re

from htc_pool.settings import SettingError

#: So many of something, and whose word that is.
Offer = collections.namedtuple("Offer", "amount because")

_MIB = 1 << 20
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
# JupyterLab, a kernel and the pool's daemons take some 160 MB when nothing has been loaded yet.
_NOTEBOOK = 256
# A map's job asks for so much unless it is told otherwise (htmap's setting request_memory).
_ONE_JOB = 128


def cpus(environ, root="/", allowed=None):
    """Return how many CPUs the pool offers.

    Parameters
    ----------
    environ : Mapping[str, str]
        Its ``HTC_POOL_CPUS`` stands above all; ``CPU_LIMIT`` is what a JupyterHub grants.
    root : str, optional
        Where the system's files are.
    allowed : int, optional
        On how many CPUs this process may run, if that is not to be asked of the system.

    Returns
    -------
    Offer
        The number, at least 1; a part of a CPU counts as one.

    Raises
    ------
    SettingError
        If ``HTC_POOL_CPUS`` is no number of CPUs.
    """
    asked = environ.get("HTC_POOL_CPUS", "").strip()
    if asked:
        if not re.fullmatch(r"0*[1-9]\d{0,3}", asked, re.ASCII):
            raise SettingError(f"HTC_POOL_CPUS must be a whole number of CPUs, not {asked!r}")
        return Offer(int(asked), "HTC_POOL_CPUS")
    bounds = [Offer(allowed or len(os.sched_getaffinity(0)), "the CPUs it may run on")]
    bounds += [Offer(quota, "its CPU quota") for quota in _quotas(root)]
    granted = _number(environ.get("CPU_LIMIT", ""))
    if granted:
        bounds.append(Offer(granted, "CPU_LIMIT"))
    least = min(bounds)
    return Offer(max(1, math.ceil(least.amount)), least.because)


def memory(environ, root="/"):
    """Return how much memory the pool offers.

    Parameters
    ----------
    environ : Mapping[str, str]
        Its ``HTC_POOL_MEMORY`` stands above all; ``MEM_LIMIT`` is what a JupyterHub grants.
    root : str, optional
        Where the system's files are.

    Returns
    -------
    Offer
        The number of MB (of 1024 * 1024 bytes), without what is kept back for the notebook.

    Raises
    ------
    SettingError
        If ``HTC_POOL_MEMORY`` is no amount of memory.
    """
    asked = environ.get("HTC_POOL_MEMORY", "").strip()
    if asked:
        # A number alone is of MB, as for HTCondor.
        amount = _bytes(asked, unit="M")
        if amount < _MIB:
            raise SettingError(
                f"HTC_POOL_MEMORY must be a number of MB, or one with K, M, G or T, not {asked!r}"
            )
        return Offer(amount // _MIB, "HTC_POOL_MEMORY")
    bounds = [Offer(amount, "the machine's memory") for amount in _installed(root)]
    bounds += [Offer(amount, "its memory limit") for amount in _memory_limits(root)]
    # A number alone is of bytes, as a hub passes it.
    granted = _bytes(environ.get("MEM_LIMIT", "").strip())
    if granted:
        bounds.append(Offer(granted, "MEM_LIMIT"))
    least = min(bounds, default=Offer(1 << 30, "a guess"))
    return Offer(_without_notebook(least.amount // _MIB), least.because)


def gpus(environ):
    """Say whether jobs may have the GPUs that the container has (``HTC_POOL_GPUS``).

    Raises
    ------
    SettingError
        If ``HTC_POOL_GPUS`` is neither ``auto`` nor 0.
    """
    asked = environ.get("HTC_POOL_GPUS", "").strip().lower()
    if asked not in ("", "auto", "0"):
        raise SettingError(
            f"HTC_POOL_GPUS must be auto or 0, not {asked!r}: which GPUs are here is for the "
            "container engine to say"
        )
    return asked != "0"


def _without_notebook(total):
    """Keep a tenth back, which is where a kernel's own data is, but never more than half."""
    kept = min(max(_NOTEBOOK, total // 10), total // 2)
    return max(total - kept, min(total, _ONE_JOB), 1)


def _quotas(root):
    for folder in _groups(root, "cpu"):
        # Version 2: "150000 100000", or "max 100000" where there is no quota.
        words = _read(folder, "cpu.max").split()
        # Version 1: -1 where there is none.
        words = words or [_read(folder, "cpu.cfs_quota_us"), _read(folder, "cpu.cfs_period_us")]
        if len(words) == 2 and all(re.fullmatch(r"\d+", word, re.ASCII) for word in words):
            quota, period = map(int, words)
            if quota and period:
                yield quota / period


def _memory_limits(root):
    for folder in _groups(root, "memory"):
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes"):
            amount = _number(_read(folder, name))
            if amount:
                yield int(amount)


def _installed(root):
    found = re.search(r"(?m)^MemTotal: *(\d+) kB$", _read(root, "proc/meminfo"))
    return [int(found[1]) << 10] if found else []


def _groups(root, controller):
    """Yield the folders with this container's control groups, as far as they can be seen.

    Usually the container sees its own group where the root should be. Where it sees the machine's
    whole tree, its group is further down, and every group above it has a word in it too.
    """
    mounted = os.path.join(root, "sys/fs/cgroup")
    yield mounted
    for line in _read(root, "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        folder = os.path.join(mounted, controller) if controllers else mounted
        yield folder
        for name in path.strip("/").split("/"):
            folder = os.path.join(folder, name)
            if name in ("", "..") or not os.path.isdir(folder):
                break
            yield folder


def _read(*path):
    try:
        with open(os.path.join(*path), encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _number(text):
    """Return a number above 0, or 0 for everything else: "max", "-1", another program's words."""
    return float(text) if re.fullmatch(r"\d{1,20}(\.\d+)?", text.strip(), re.ASCII) else 0


def _bytes(text, unit=""):
    """Return an amount like 1.5G, 512MB or 1073741824 in bytes, or 0 for what is none."""
    found = re.fullmatch(r"(\d{1,20}(?:\.\d+)?) ?([KMGT]?)(?:i?B)?", text, re.ASCII | re.IGNORECASE)
    if not found:
        return 0
    return int(float(found[1]) * _UNITS[found[2].upper() or unit])

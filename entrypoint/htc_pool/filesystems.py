"""Which file systems can be trusted with a queue."""

import os
import re

#: Local ones, on which a rename is atomic, a sync reaches the disk and a lock holds between
#: containers. All others (nfs, cifs, lustre, 9p, virtiofs, whatever is behind fuse ...) are not:
#: HTCondor's manual warns of some, and nobody has shown that a queue is safe on the rest.
TRUSTED = frozenset({
    "aufs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "fuse.fuse-overlayfs", "jfs",
    "nilfs2", "overlay", "ramfs", "reiserfs", "shiftfs", "tmpfs", "xfs", "zfs",
})  # fmt: skip


def find(path, mounts=None):
    """Say what `path` is on.

    Parameters
    ----------
    path : str
        An absolute path; what is at its end need not exist.
    mounts : str, optional
        The text of a ``/proc/self/mountinfo``, which is this process's own by default.

    Returns
    -------
    kind : str
        The type of the file system, as the kernel names it; ``"unknown"`` if nothing says it.
    point : str
        Where that is mounted.
    """
    path = os.path.realpath(path)
    if mounts is None:
        # What is mounted when somebody comes (autofs) is there once somebody has come.
        os.path.exists(path)
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            mounts = file.read()
    best = ("unknown", "")
    for line in mounts.splitlines():
        before, found, after = line.partition(" - ")
        if not found:
            continue
        point = _unescape(before.split(" ")[4])
        # The last of several on one point is the one that is seen.
        if _holds(point, path) and len(point) >= len(best[1]):
            best = (after.split(" ")[0], point)
    return best


def _holds(point, path):
    return path == point or path.startswith(point.rstrip("/") + "/")


def _unescape(text):
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)

"""How the processes of a job end, whatever the function has left behind."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any, List

from . import packs


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # closed by the function
            continue


def put_back(output: int) -> None:
    """Make again what the function has deleted: HTCondor holds a job whose files are missing.

    Parameters
    ----------
    output : int
        The descriptor of the output pack.
    """
    _flush()
    for descriptor in (output, 1, 2):
        try:
            # Linux keeps what is in an open file, and lets it be read by this name.
            kept = f"/proc/self/fd/{descriptor}"
            name, deleted, _ = os.readlink(kept).partition(" (deleted)")
            if deleted:
                import shutil

                os.makedirs(os.path.dirname(name), exist_ok=True)
                shutil.copyfile(kept, name)
        except OSError:  # a stream that is closed; a system without /proc
            continue


def finish(output: packs.PackWriter, has_failed: bool) -> None:
    """Write what is written last, after all components.

    Parameters
    ----------
    output : packs.PackWriter
    has_failed : bool
        Whether any of them has: what is the same in the reports of all is written once.
    """
    if has_failed:
        from . import reports

        found = json.dumps(reports.packages()).encode()
        with contextlib.suppress(OSError):  # a full disk: the failure itself is written already
            output.add(packs.ALL_COMPONENTS, packs.PACKAGES, found)
    left = _threads_left()
    if left:
        remark = f"It was ended although threads went on: {left}"
        output.add(packs.ALL_COMPONENTS, packs.REMARK, remark.encode("utf-8", "replace"))
    output.finish()


def _threads_left() -> List[Any]:
    """Return the threads that the function has left behind, which may never end."""
    threading = sys.modules.get("threading")  # only the function can have needed it
    if threading is None:
        return []
    main_thread = threading.main_thread()
    return [each for each in threading.enumerate() if not each.daemon and each is not main_thread]


def leave(status: int) -> None:
    """End the process, also when the function has left a thread behind that never ends.

    Parameters
    ----------
    status : int
        Its exit status; below 0 the signal, negated, that it ends by.
    """
    if status < 0:
        import signal

        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    if not _threads_left():
        sys.exit(status)
    # The results are written, and whoever waits for them would wait for the thread.
    _flush()
    os._exit(status)

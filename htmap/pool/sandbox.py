"""Where a job of this machine's own pool runs, and writes until it has ended.

Only of a pool whose jobs run as the user who submits them, as in a personal one: other sandboxes
are on other machines, or another user's.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from htmap.pool.schedd import is_local

# The starter writes the job's ad into the sandbox before it starts the job: see the manual's
# section "Services for Running Jobs". Since 24.x the sandbox is a folder of its own inside.
_ADS = ("dir_*/.job.ad", "dir_*/scratch/.job.ad")
_STREAMS = {"stdout": "_condor_stdout", "stderr": "_condor_stderr"}


def folder(map_id: str, run: int, job: int) -> Path | None:
    """Return the folder in which a job runs, or None where it cannot be seen.

    Parameters
    ----------
    map_id : str
    run, job : int
        The job's run, and its process in it.
    """
    import htcondor2

    if not is_local():
        return None
    execute = Path(str(htcondor2.param.get("EXECUTE", "/nonexistent")))
    wanted = re.compile(
        rf'^(?:HTMapID = "{re.escape(map_id)}"|HTMapRun = {run}|ProcId = {job})$', re.MULTILINE
    )
    newest, made = None, -1
    for pattern in _ADS:
        for ad in execute.glob(pattern):
            try:
                if ad.parent.stat().st_uid != os.geteuid():
                    continue
                found = set(wanted.findall(ad.read_text(errors="replace")))
                time = ad.stat().st_mtime_ns
            except OSError:  # it has just ended, or is another user's
                continue
            # That of an execution which was cut short may not have been deleted yet.
            if len(found) == 3 and time > made:
                newest, made = ad.parent, time
    return newest


def stream(map_id: str, run: int, job: int, name: Literal["stdout", "stderr"]) -> Path | None:
    """Return the file to which a running job writes a stream, or None where none can be seen."""
    found = folder(map_id, run, job)
    path = None if found is None else found / _STREAMS[name]
    return path if path is not None and path.exists() else None

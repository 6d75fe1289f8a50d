"""Running ``mappers.py`` in an environment, for no longer than it may take."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pool

MAPPERS = Path(__file__).with_name("mappers.py")


def measure(python, name, workers, sizes, seconds):
    """Run a mapper on a pool where nothing is left of another; return what it said, and a problem.

    Parameters
    ----------
    python : str or Path
        The interpreter of the environment.
    name : str
        Of the function in ``mappers.py``.
    workers : int
    sizes : iterable of int
    seconds : float
        After which it is killed, with all that it started.

    Returns
    -------
    list of dict, str
        The lines of JSON that it printed, and why there are no more; empty if there are all.
    """
    pool.cool()
    command = [python, MAPPERS, name, str(workers), *map(str, sizes)]
    # As where the environment has been activated: Parsl looks for programs of its own.
    path = f"{Path(python).parent}:{os.environ['PATH']}"
    # Files, for a pipe would stay open for as long as anything that the mapper started.
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as noise:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=noise,
            cwd=Path.home(),
            env=os.environ | {"PATH": path},
            start_new_session=True,
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            pool.empty()
        said.seek(0)
        noise.seek(0)
        records = [json.loads(line) for line in said if line.startswith("{") and line[-1] == "\n"]
        last = noise.read().strip().splitlines()[-1:]
    if code is None:
        return records, f"not over after {seconds:.0f} s"
    return records, f"exit status {code}: {''.join(last)}" if code else ""

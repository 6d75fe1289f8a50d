"""What tests against a live pool do over and over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import htcondor2
import pytest

import htmap
from htmap.execute import packs
from htmap.pool.spool import AT_HOME
from htmap.store.directory import root


def schedd() -> Any:
    return htcondor2.Schedd(htcondor2.Collector().locate(htcondor2.DaemonType.Schedd))


def until(ready: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """Ask again and again, backing off, until the answer is true; return it."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while True:
        answer = ready()
        if answer:
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"it did not come true within {seconds} s that {what}")
        time.sleep(pause)
        pause = min(2 * pause, 0.2)


def jobs_in_queue(constraint: str = "true") -> list[Any]:
    """The jobs of maps that are in the queue, factories without jobs too.

    But for those whose output has been fetched: they leave when the schedd next looks at them.
    """
    ads = list(
        schedd().query(
            f"HTMapID isnt undefined && {AT_HOME} =!= true && ({constraint})",
            [
                *("ClusterId", "ProcId", "JobStatus", "HTMapID", "HTMapRun", "JobBatchName"),
                *("Iwd", "SUBMIT_Iwd", "JobMaterializeLimit"),
            ],
            opts=htcondor2.QueryOpts.IncludeClusterAd,
        )
    )
    made = {ad["ClusterId"] for ad in ads if "ProcId" in ad or "JobMaterializeLimit" in ad}
    return [ad for ad in ads if ad["ClusterId"] in made]


def jobs_here() -> list[Any]:
    """The jobs in the queue that belong to maps in this test's HTMap directory."""
    return [job for job in jobs_in_queue() if initialdir(job).startswith(str(root()))]


def initialdir(job: Any) -> str:
    """The folder of a job's map; one whose files travel runs in a folder of the schedd's."""
    return str(job.get("SUBMIT_Iwd", job["Iwd"]))


def nothing_is_left(tag: str | None = None) -> None:
    """Check that the HTMap directory holds no trace of a map, and neither does the queue."""
    assert htmap.get_tags() == ()
    assert os.listdir(root() / "maps") == []
    assert os.listdir(root() / "tags") == []
    assert os.listdir(root() / "journal") == []
    until(lambda: not jobs_here(), "no job of this directory is left in the queue")


#: Inputs that do not share a pack with others; for ``len``.
LARGE = [bytes(100_000 + number) for number in range(3)]


def damaged(pack: Path) -> bytes:
    """A pack's content, with a bit of its last payload changed."""
    data = bytearray(pack.read_bytes())
    with packs.PackReader(pack) as reader:
        *_, last = reader.records()
    data[last.offset + last.length - 1] ^= 1
    return bytes(data)


def start(
    code: str, stderr: int | IO[bytes] = subprocess.PIPE, **environment: str
) -> subprocess.Popen[str]:
    """Start another Python process that has htmap imported."""
    return subprocess.Popen(
        [sys.executable, "-c", "import htmap, os, signal, sys, time\n" + textwrap.dedent(code)],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run another Python process that has htmap imported, to its end."""
    process = start(code, **environment)
    try:
        out, err = process.communicate(timeout=60)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def was_killed(process: subprocess.CompletedProcess[str]) -> bool:
    return process.returncode == -signal.SIGKILL


# Replaces a function by one that kills the process before or after the `calls`-th call of it.
KILL = """
import importlib

def kill(where, when, calls=1):
    module, *names = where.split(":")
    owner = importlib.import_module(module)
    for name in names[:-1]:
        owner = getattr(owner, name)
    original = getattr(owner, names[-1])
    left = [calls]

    def deadly(*args, **kwargs):
        left[0] -= 1
        if left[0] == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, names[-1], deadly)
"""


def die(code: str, where: str, when: str, calls: int = 1) -> None:
    """Run a process that kills itself where it calls a function, or returns from it."""
    process = run(f"{KILL}\nkill({where!r}, {when!r}, {calls})\n{code}")
    assert process.returncode == -signal.SIGKILL, (process.stdout, process.stderr)

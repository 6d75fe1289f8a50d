"""What tests against a live pool do over and over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from typing import Any

import htcondor2
import pytest

import htmap
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
    """The jobs of maps that are in the queue, factories without jobs too."""
    return list(
        schedd().query(
            f"HTMapID isnt undefined && ({constraint})",
            ["ClusterId", "ProcId", "JobStatus", "HTMapID", "HTMapRun", "JobBatchName", "Iwd"],
            opts=htcondor2.QueryOpts.IncludeClusterAd,
        )
    )


def jobs_here() -> list[Any]:
    """The jobs in the queue that belong to maps in this test's HTMap directory."""
    return [job for job in jobs_in_queue() if job["Iwd"].startswith(str(root()))]


def nothing_is_left(tag: str | None = None) -> None:
    """Check that the HTMap directory holds no trace of a map, and neither does the queue."""
    assert htmap.get_tags() == ()
    assert os.listdir(root() / "maps") == []
    assert os.listdir(root() / "tags") == []
    assert os.listdir(root() / "journal") == []
    until(lambda: not jobs_here(), "no job of this directory is left in the queue")


def start(code: str, **environment: str) -> subprocess.Popen[str]:
    """Start another Python process that has htmap imported."""
    return subprocess.Popen(
        [sys.executable, "-c", "import htmap, os, signal, sys, time\n" + textwrap.dedent(code)],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
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

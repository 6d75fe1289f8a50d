"""The htmap command beside a live pool, as a person at a shell uses it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import htcondor2
import pytest
from click.testing import CliRunner
from live import jobs_in_queue, schedd, until

import htmap
from htmap.cli import cli

COMMAND = [sys.executable, "-m", "htmap"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def double(x):
    print(f"doubling {x}")
    print("on the other stream", file=sys.stderr)
    return 2 * x


def invert(x):
    return 1 / x


def after(gate):
    """Return once the file is there; both ends are this machine."""
    deadline = time.monotonic() + 60
    while not os.path.exists(gate):
        if time.monotonic() > deadline:
            raise TimeoutError(gate)
        time.sleep(0.02)
    print("through the gate")


def counts(tag: str) -> dict[str, int]:
    done = run("status", tag, "--format", "json")
    assert done.returncode == 0, done.stderr
    return {k: v for k, v in json.loads(done.stdout)[tag]["component_status_counts"].items() if v}


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def test_a_map_is_waited_for_looked_at_and_removed_by_a_shell():
    htmap.map(double, range(4), tag="run-1", quiet=True)
    htmap.map(double, range(3), tag="run-2", quiet=True)
    htmap.map(double, range(1), tag="other", quiet=True)
    script = """
        set -e -o pipefail
        htmap() { "$PYTHON" -m htmap "$@"; }
        htmap tags -p 'run-*' | htmap wait --timeout 60
        htmap status -p 'run-*' --format csv --no-meta
        htmap stdout run-1 3
        htmap stderr run-2 0
        htmap tags -p 'run-*' | htmap remove
        htmap tags
    """
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        timeout=90,
        env={**os.environ, "PYTHON": sys.executable},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "tag,held,errored,idle,running,completed,unmaterialized,suspended,removed,lost",
        "run-1,0,0,0,0,4,0,0,0,0",
        "run-2,0,0,0,0,3,0,0,0,0",
        "doubling 3",
        "on the other stream",
        "Removed map run-1",
        "Removed map run-2",
        "other",
    ]


def test_wait_ends_soon_after_the_last_component(gate):
    map_ = htmap.map(after, [str(gate)] * 2, tag="gated", quiet=True)
    process = start("wait", "gated")
    assert process.stderr.readline().startswith("Waiting for map gated: ")
    until(lambda: counts("gated") == {"running": 2}, "both components run")
    assert process.poll() is None
    gate.touch()
    map_.wait(timeout=60)
    ended = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert time.monotonic() - ended < 3


def test_wait_tells_of_failures_and_errors_shows_them():
    htmap.map(invert, [1, 0, 2], tag="inverse", quiet=True)
    done = run("wait", "inverse")
    assert done.returncode == 1
    assert "ERROR: map inverse: of 3 components 1 ERRORED." in done.stderr
    report = run("errors", "inverse").stdout
    assert "error report for component 1 of map inverse" in report
    assert "ZeroDivisionError" in report
    assert "x = 0" in report


def test_wait_ends_at_a_hold_and_tells_its_reason(gate):
    held = htmap.map(after, [str(gate)], tag="held", quiet=True)
    held.hold()
    done = run("wait", "held", "--timeout", "60")
    assert done.returncode == 1
    assert "of 1 components 1 HELD. HTCondor's reason for the first hold: " in done.stderr
    held.release()
    gate.touch()
    assert run("wait", "held", "--timeout", "60").returncode == 0


@pytest.mark.parametrize("components", [1, 400])
def test_condor_rm_ends_a_wait(gate, components):
    # Of many, most have no job yet, and never get one.
    htmap.map(after, [str(gate)] * components, tag="doomed", quiet=True)
    process = start("wait", "doomed")
    assert process.stderr.readline().startswith("Waiting for map doomed: ")
    until(lambda: "running" in counts("doomed"), "a component runs")
    schedd().act(htcondor2.JobAction.Remove, 'JobBatchName == "doomed"')
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"ERROR: map doomed: of {components} components {components} REMOVED." in said


@pytest.mark.shared
def test_wait_asks_the_queue_when_the_event_log_is_silent(gate, monkeypatch):
    map_ = htmap.map(after, [str(gate)], tag="silent", quiet=True)
    monkeypatch.setattr("htmap.handle._SILENCE", 0.2)
    monkeypatch.setattr("htmap.pool.eventlog.EventLog.read", lambda log: [])
    schedd().act(htcondor2.JobAction.Remove, 'JobBatchName == "silent"')
    until(lambda: not jobs_in_queue('JobBatchName == "silent"'), "the job has left the queue")
    result = CliRunner().invoke(cli, ["wait", map_.tag, "--timeout", "30"])
    assert result.exit_code == 1
    assert "ERROR: map silent: of 1 components 1 REMOVED." in result.stderr


def test_wait_for_too_long_leaves_the_map_as_it_is(gate):
    htmap.map(after, [str(gate)], tag="slow", quiet=True)
    done = run("wait", "slow", "--timeout", "0.2")
    assert done.returncode == 1
    assert "ERROR: after 0.2 s there are components that go on" in done.stderr
    gate.touch()
    assert run("wait", "slow", "--timeout", "60").returncode == 0


def test_stdout_of_a_running_component_comes_when_it_ends(gate):
    htmap.map(after, [str(gate)], tag="gated", quiet=True)
    process = start("stdout", "gated", "0")
    assert process.stderr.readline() == "Waiting for component 0 to end ...\n"
    gate.touch()
    assert process.communicate(timeout=60) == ("through the gate\n", "")
    assert process.returncode == 0


def test_removing_a_running_map_takes_its_jobs_out_of_the_queue(gate):
    htmap.map(after, [str(gate)] * 3, tag="running", quiet=True)
    until(lambda: "running" in counts("running"), "a component runs")
    done = run("remove", "running")
    assert (done.stdout, done.returncode) == ("Removed map running\n", 0), done.stderr
    assert htmap.get_tags() == ()
    until(lambda: not jobs_in_queue('JobBatchName == "running"'), "the jobs have left the queue")


def test_clean_removes_maps_without_a_tag_of_their_own():
    htmap.map(double, range(1), tag="keep", quiet=True)
    transient = htmap.map(double, range(1), quiet=True)
    assert run("clean").stdout == f"Cleaned maps {transient.tag}\n"
    assert htmap.get_tags() == ("keep",)


def test_without_a_schedd_a_map_can_be_looked_at_and_only_be_removed_by_force():
    htmap.map(double, range(2), tag="a", quiet=True).wait(timeout=60)
    nowhere = {"_CONDOR_COLLECTOR_HOST": "127.0.0.1:1", "_CONDOR_SCHEDD_HOST": "nowhere"}
    assert run("status", "a", **nowhere).returncode == 0
    assert run("wait", "a", **nowhere).returncode == 0
    done = run("remove", "a", **nowhere)
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: ")
    assert "schedd" in done.stderr
    assert "Traceback" not in done.stderr
    assert htmap.get_tags() == ("a",)
    done = run("remove", "a", "--force", **nowhere)
    assert (done.stdout, done.returncode) == ("Removed map a\n", 0), done.stderr
    assert htmap.get_tags() == ()

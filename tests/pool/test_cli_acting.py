"""The htmap commands that act on jobs and maps, beside a live pool."""

import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from live import jobs_here, schedd, until

import htmap
from htmap.cli import cli


def after(gate):
    """Return once the file is there; both ends are this machine."""
    deadline = time.monotonic() + 60
    while not os.path.exists(gate):
        if time.monotonic() > deadline:
            raise TimeoutError(gate)
        time.sleep(0.02)
    return "through the gate"


def fails_until(there):
    with open(there):
        return "well"


def says(*arguments: str) -> str:
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def statuses(tag: str) -> set[str]:
    return {line.split()[1] for line in says("components", tag).splitlines()}


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def test_jobs_are_paused_resumed_vacated_held_and_released(gate):
    map_ = htmap.map(after, [str(gate)] * 2, tag="gated", quiet=True)
    until(lambda: statuses("gated") == {"RUNNING"}, "both run")
    assert says("pause", "gated") == "Paused map gated\n"
    # The queue may tell of a job as it was, for as long as its machine has not answered.
    until(lambda: statuses("gated") == {"SUSPENDED"}, "both are suspended")
    assert says("resume", "gated") == "Resumed map gated\n"
    until(lambda: statuses("gated") == {"RUNNING"}, "both go on")
    assert says("vacate", "gated") == "Vacated map gated\n"
    until(lambda: statuses("gated") == {"RUNNING"}, "both run again")
    assert says("hold", "-p", "gat*") == "Held map gated\n"
    assert says("components", "gated", "--status", "HELD") == "0 1\n"
    reasons = says("reasons", "gated")
    assert reasons.startswith("Map gated (2 holds)\n")
    assert "htmap, for the owner of the map" in reasons
    assert says("release", "--all") == "Released map gated\n"
    gate.touch()
    map_.wait(timeout=60)
    assert list(map_) == ["through the gate"] * 2
    log = says("logs", "--view")
    for entry in ("made with 2 components", "suspend, 2 jobs", "hold, 2 jobs", "release, 2 jobs"):
        assert f"map gated: {entry}" in log


def test_what_waiting_jobs_ask_for_is_changed_and_analyzed(gate):
    options = htmap.MapOptions(requirements="false")
    htmap.map(after, [str(gate)], options, tag="waiting", quiet=True)
    assert says("edit", "memory", "waiting", "2", "--unit", "GB") == (
        "Set memory request for map waiting to 2 GB\n"
    )
    assert says("edit", "disk", "waiting", "3") == "Set disk request for map waiting to 3 GB\n"
    (job,) = schedd().query(
        f"ClusterId == {jobs_here()[0]['ClusterId']}", ["RequestMemory", "RequestDisk"]
    )
    assert (job["RequestMemory"], job["RequestDisk"]) == (2048, 3 * 1024**2)
    assert says("analyze", "waiting") == f"{htmap.load('waiting').analyze()}\n"


def test_failed_components_and_whole_maps_are_run_again_and_renamed(tmp_path):
    there = tmp_path / "there"
    map_ = htmap.map(fails_until, ["/dev/null", str(there)], tag="old", quiet=True)
    map_.wait(timeout=60, errors_ok=True)
    assert says("retag", "old", "new") == "Retagged map old to new\n"
    there.touch()
    assert says("rerun", "components", "new", "--status", "ERRORED") == (
        "Reran components 1 of map new\n"
    )
    map_.wait(timeout=60)
    assert says("rerun", "map", "new") == "Reran map new\n"
    map_.wait(timeout=60)
    assert list(map_) == ["well", "well"]
    runs = [Path(line) for line in says("path", "new:outputs").splitlines()]
    assert [len(list(run.iterdir())) for run in runs] == [2, 1, 2]
    assert says("path", "new:tag") == f"{tmp_path}/htmap/tags/new\n"

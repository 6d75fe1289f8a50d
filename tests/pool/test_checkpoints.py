"""Checkpoints survive that a running job is sent away."""

import os
import signal
import time
from pathlib import Path

import htcondor2
import pytest
from live import schedd, until

import htmap
from htmap import ComponentStatus, checkpoint, exceptions


def counts(mark):
    """Count to 3 in a file and a folder, and be away while counting to 2."""
    state = Path("sub/state")
    folder = Path("steps")
    began = int(state.read_text()) if state.exists() else 0
    found = sorted(os.listdir(folder)) if folder.exists() else None
    state.parent.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    Path("sent").write_text(str(began))
    if not began:
        htmap.transfer_output_files("sent")
    for number in range(began + 1, 4):
        state.write_text(str(number))
        (folder / str(number)).write_text("")
        checkpoint(state, "steps")
        if number == 2 and not began:
            state.write_text("not a checkpoint")
            Path("steps/1").unlink()
            Path(mark).touch()
            time.sleep(60)
    return began, found


def vacate(m):
    schedd().act(htcondor2.JobAction.Vacate, f'HTMapID == "{m._folder.map_id}"')


def test_files_and_folders_survive_an_eviction_and_are_there_when_it_is_called_again(tmp_path):
    m = htmap.map(counts, [str(tmp_path / "mark")])
    until((tmp_path / "mark").exists, "it has made its second checkpoint")

    vacate(m)

    assert m.get(0, timeout=60) == (2, ["1", "2"])
    # What it had sent before the checkpoint it does not send again.
    assert (m.output_files[0] / "sent").read_text() == "0"
    # And none of it litters the map's folder. (Once there were empty folders of checkpoints.)
    assert [path for path in m._folder.path.rglob("*") if "checkpoint" in path.name] == []


def test_a_hold_and_a_release_are_survived_too(tmp_path):
    m = htmap.map(counts, [str(tmp_path / "mark")])
    until((tmp_path / "mark").exists, "it has made its second checkpoint")

    m.hold()
    m.release()

    assert m.get(0, timeout=60) == (2, ["1", "2"])


def without(mark):
    if Path(mark).exists():
        return sorted(path.name for path in Path().rglob("*"))
    Path("mine").write_text("")
    Path("0-first").write_text("")
    htmap.transfer_output_files("0-first")
    Path(mark).touch()
    time.sleep(60)
    return None


@pytest.mark.shared
def test_without_a_checkpoint_an_evicted_job_starts_anew_and_nothing_of_it_is_left(tmp_path):
    m = htmap.map(without, [str(tmp_path / "mark")])
    until((tmp_path / "mark").exists, "it runs")

    vacate(m)

    found = m.get(0, timeout=60)
    assert "mine" not in found
    assert "0-first" not in found
    assert list(m.output_files[0].iterdir()) == []


def fails(how):
    Path("state").write_text("1")
    htmap.checkpoint("state")
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "missing":
        htmap.checkpoint("nothing")
    raise ValueError("plain")


def test_components_that_fail_bring_no_checkpoints_but_that_of_one_that_is_killed():
    m = htmap.map(fails, ["raises", "missing", "killed"])

    with pytest.raises(exceptions.MapComponentError, match="plain"):
        m.get(0, timeout=60)
    with pytest.raises(exceptions.MapComponentError, match="nothing to keep") as caught:
        m.get(1, timeout=60)
    assert isinstance(caught.value.__cause__, exceptions.CannotTransferFile)
    with pytest.raises(exceptions.MapComponentError, match="SIGKILL"):
        m.get(2, timeout=60)
    (run,) = m._folder.runs()
    assert os.listdir(run.folder / "checkpoints") == ["2"]
    assert os.listdir(run.folder / "files") == []
    assert set(m.component_statuses) == {ComponentStatus.ERRORED}

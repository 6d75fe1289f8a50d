"""Checkpoints on the node, without a pool: whole whatever happens, and back where they were."""

import os
import shutil
import sys
from pathlib import Path

import pytest

import htmap
from htmap.execute import checkpoints, places


@pytest.fixture
def node(tmp_path, monkeypatch):
    """The folder of a job that runs component 7."""
    folder = tmp_path / "scratch"
    (folder / places.FOLDER).mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("_CONDOR_SCRATCH_DIR", str(folder))
    monkeypatch.setenv("HTMAP_ON_EXECUTE", "1")
    monkeypatch.setenv("HTMAP_COMPONENT", "7")
    return folder


class Killer:
    """Ends the process when it is about to change something on disk for the nth time."""

    changes = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.copyfile")

    def __init__(self, moment):
        self.left = moment

    def __call__(self, event, args):
        if event in self.changes:
            if not self.left:
                os._exit(9)
            self.left -= 1


def work(text):
    Path("folder/deep").mkdir(parents=True, exist_ok=True)
    for name in ("file", "folder/one", "folder/deep/two"):
        Path(name).write_text(text)
    htmap.checkpoint("file", "folder")


def sent_away(node):
    """The job's folder on the next node: what was to travel back, and nothing else."""
    back = node / places.FOLDER
    for path in node.iterdir():
        if path != back:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in list(back.iterdir()):
        path.rename(node / path.name)
    checkpoints.resume()
    checkpoints.restore("7")
    return {
        str(path.relative_to(node)): path.read_text()
        for path in node.rglob("*")
        if path.is_file() and path.parts[len(node.parts)] != places.FOLDER
    }


def state(text):
    return dict.fromkeys(("file", "folder/one", "folder/deep/two"), text)


def test_a_kill_at_any_moment_leaves_the_old_checkpoint_or_the_new_one(node):
    seen = []
    for moment in range(1000):
        for path in node.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        work("old")
        child = os.fork()
        if not child:
            for name in ("file", "folder/one", "folder/deep/two"):
                Path(name).write_text("new")
            sys.addaudithook(Killer(moment))
            htmap.checkpoint("file", "folder")
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        seen.append(sent_away(node))
        assert seen[-1] in (state("old"), state("new")), moment
        if ended == 0:
            break
    assert seen[0] == state("old")
    assert seen[-1] == state("new")
    assert len(seen) > 10


def test_a_checkpoint_survives_one_eviction_after_another(node):
    work("a")
    for _ in range(3):
        assert sent_away(node) == state("a")
    work("b")
    assert sent_away(node) == state("b")


def test_each_call_replaces_what_the_last_one_kept(node):
    work("a")
    Path("other").write_text("b")
    htmap.checkpoint("other")

    assert sent_away(node) == {"other": "b"}
    assert len(list((node / places.FOLDER / places.CHECKPOINTS / "7").iterdir())) == 1


def test_a_file_from_elsewhere_comes_back_by_its_last_name(node, tmp_path):
    (tmp_path / "away").write_text("x")
    os.chdir(tmp_path)
    htmap.checkpoint("away", node / ".." / "away")

    assert sent_away(node) == {"away": "x"}


def test_components_of_one_job_have_their_own(node, monkeypatch):
    work("seven")
    monkeypatch.setenv("HTMAP_COMPONENT", "8")
    Path("file").write_text("eight")
    htmap.checkpoint("file")
    checkpoints.forget("7")

    sent_away(node)
    checkpoints.restore("8")

    assert Path("file").read_text() == "eight"
    assert not Path("folder").exists()
    checkpoints.forget("8")
    assert list((node / places.FOLDER).iterdir()) == []


def test_a_missing_file_is_an_error_and_what_was_kept_is_kept(node):
    work("a")
    with pytest.raises(htmap.exceptions.CannotTransferFile, match="write it first"):
        htmap.checkpoint("file", "missing")

    assert sent_away(node) == state("a")

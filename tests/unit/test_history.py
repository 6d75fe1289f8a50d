"""The log of the HTMap directory."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from htmap.store import history
from htmap.store.directory import open_root


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))
    return tmp_path / "htmap"


def test_an_entry_has_the_time_the_machine_and_the_process(htmap_dir):
    open_root()
    history.write("map a: removed")
    when, host, process, *text = history.read().split()
    assert when[:2] == "20"
    assert (host, process) == (os.uname().nodename, str(os.getpid()))
    assert text == ["map", "a:", "removed"]
    assert history.path() == htmap_dir / "logs" / "htmap.log"
    assert stat.S_IMODE(history.path().stat().st_mode) == 0o600


def test_further_lines_of_an_entry_are_indented():
    open_root()
    history.write("wrong:\nTraceback\nlast\n")
    assert history.read().splitlines()[1:] == ["  Traceback", "  last"]


def test_nothing_is_made_where_there_is_no_directory(htmap_dir):
    history.write("nobody was here")
    assert history.read() == ""
    assert not htmap_dir.exists()


def test_what_cannot_be_written_keeps_nobody_from_anything(htmap_dir):
    open_root()
    (htmap_dir / "logs").write_text("in the way")
    history.write("lost")
    (htmap_dir / "logs").unlink()
    htmap_dir.chmod(0o777)  # others could have put something there
    history.write("lost")
    assert not (htmap_dir / "logs").exists()


def test_a_large_log_is_put_aside_and_the_last_four_of_these_are_kept(htmap_dir, monkeypatch):
    open_root()
    monkeypatch.setattr(history, "_LARGEST", 100)
    for number in range(20):
        history.write(f"entry {number} {'x' * 100}")
    assert len(list((htmap_dir / "logs").iterdir())) == 1 + 4
    assert [line.split()[4] for line in history.read().splitlines()] == [
        str(number) for number in range(15, 20)
    ]


def test_no_entry_of_several_processes_is_lost_also_while_logs_are_put_aside(htmap_dir):
    open_root()
    code = """
from htmap.store import history
import sys
history._LARGEST, history._KEPT = 2000, 1000
for number in range(100):
    history.write(f"{sys.argv[1]}-{number}")
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "abc"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    found = sorted(line.split()[3] for line in history.read().splitlines())
    assert found == sorted(f"{name}-{number}" for name in "abc" for number in range(100))
    assert len(list((htmap_dir / "logs").iterdir())) > 1

"""How commands end, and what they say of errors."""

import dataclasses
import logging
import os
import subprocess
import sys

import pytest
from command import COMMAND, Terminal, run
from hand_made import HandMade

import htmap
from htmap.exceptions import NoScheduler
from htmap.maps import Map
from htmap.store.journal import Intent
from htmap.store.processes import Process


def test_version_names_htmap_and_the_bindings():
    result = run("version")
    first, second = result.output.splitlines()
    assert first == f"HTMap version {htmap.__version__}"
    assert second.startswith("$CondorVersion: ")
    assert second.endswith(" $")
    assert run("--version").output == f"{first}\n"


def test_a_mistyped_command_is_told_what_it_may_have_been():
    result = run("stats")
    assert result.exit_code == 2
    assert "status" in result.stderr.splitlines()[-1]


def test_an_unexpected_error_is_a_sentence_and_its_traceback_is_logged(monkeypatch, htmap_dir):
    def fail(tag: str) -> None:
        raise TypeError("surprise")

    HandMade("a", "COMPLETED")
    monkeypatch.setattr(Map, "load", fail)
    result = run("status")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: unexpected TypeError: surprise")
    assert "Traceback" not in result.stderr
    # It is in the log.
    log = run("logs").stdout
    assert log == f"{htmap_dir}/logs/htmap.log\n"
    text = run("logs", "--view").stdout
    assert "Traceback (most recent call last)" in text
    assert "TypeError: surprise" in text


def test_verbose_shows_the_traceback():
    quiet = subprocess.run([*COMMAND, "wait", "x"], capture_output=True, text=True)
    assert (quiet.returncode, quiet.stderr.count("\n")) == (1, 1)
    told = subprocess.run([*COMMAND, "-v", "wait", "x"], capture_output=True, text=True)
    assert told.returncode == 1
    assert "Traceback (most recent call last)" in told.stderr
    assert "TagNotFound: could not find a map with tag x" in told.stderr


def test_an_unusable_directory_is_an_error(htmap_dir, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", "/tmp/a\nb")
    result = run("tags")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: the HTMap directory ")


def test_what_the_library_warns_of_is_shown_and_its_logger_left_as_it_was(monkeypatch):
    def refuse(*_: object) -> None:
        raise NoScheduler("no HTCondor schedd answered")

    made = HandMade("a", "UNMATERIALIZED")
    (made.run.folder / "cluster").unlink()
    monkeypatch.setattr("htmap.pool.queue.cluster_of", refuse)
    dead = dataclasses.replace(Process.this(), started="0")
    Intent("create", made.folder.map_id, "a", maker=dead).begin()
    logger = logging.getLogger("htmap")
    before = (logger.level, list(logger.handlers))
    result = run("status")
    assert "WARNING: the map 'a' is half made" in result.stderr
    assert (logger.level, list(logger.handlers)) == before


@pytest.mark.parametrize("command", ["tags", "status", "errors", "stdout"])
def test_a_closed_pipe_is_quiet(command):
    HandMade("a", "ERRORED")
    reading, writing = os.pipe()
    os.close(reading)
    arguments = {"errors": ["a"], "stdout": ["a", "0"]}.get(command, [])
    done = subprocess.run(
        [*COMMAND, command, *arguments], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_tag_that_the_encoding_lacks_is_escaped():
    HandMade("\U0001f4da", "COMPLETED")
    done = subprocess.run(
        [*COMMAND, "tags"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert (done.stdout, done.stderr) == ("\\U0001f4da\n", "")


def test_what_is_warned_of_is_shown_without_its_place_in_the_code(tmp_path):
    (tmp_path / ".htmaprc").write_text("WAITTIME = 3\n")
    done = subprocess.run([*COMMAND, "tags"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("WARNING: the setting WAITTIME in ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("module", ["click", "rich", "tomlkit"])
def test_an_extra_that_is_missing_is_named(module):
    HandMade("a", "COMPLETED")
    arguments = {"click": "tags", "rich": "wait a", "tomlkit": "set WAIT_TIME 1"}[module]
    code = f"import sys; sys.modules[{module!r}] = None; from htmap.__main__ import main; main()"
    with Terminal(*arguments.split(), program=[sys.executable, "-c", code]) as terminal:
        assert terminal.exit_status() == 1
    assert f"needs {module}: run `pip install 'htmap[cli]'`" in terminal.shown
    assert "Traceback" not in terminal.shown


def test_a_full_disk_is_told():
    HandMade("a", "COMPLETED")
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, "tags"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "ERROR: [Errno 28] No space left on device\n"

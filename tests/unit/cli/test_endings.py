"""How commands end, and what they say of errors."""

import dataclasses
import logging
import os
import subprocess

import pytest
from command import COMMAND, run
from hand_made import HandMade

import htmap
from htmap.exceptions import NoScheduler
from htmap.maps import Map
from htmap.store.journal import Intent, Maker


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


def test_an_unexpected_error_is_a_sentence(monkeypatch):
    def fail(tag: str) -> None:
        raise TypeError("surprise")

    HandMade("a", "COMPLETED")
    monkeypatch.setattr(Map, "load", fail)
    result = run("status")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: unexpected TypeError: surprise")


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
    dead = dataclasses.replace(Maker.this_process(), started="0")
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

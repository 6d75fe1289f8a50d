"""Intents: whether the process that wrote one can still finish what it began."""

import dataclasses
import os
import subprocess
import sys
import time

import pytest

from htmap.store import journal, processes
from htmap.store.journal import Intent
from htmap.store.processes import Process


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


def by(**changes):
    """An intent of a maker that differs from this process in some way."""
    return Intent("create", "0" * 32, "t", maker=dataclasses.replace(
        Process.this(), **changes
    ))  # fmt: skip


def test_an_intent_is_pending_from_its_begin_to_its_end():
    intent = Intent("rerun", "0" * 32, "t", 3)
    assert journal.pending() == []
    intent.begin()
    assert journal.pending() == [intent]
    intent.end()
    intent.end()
    assert journal.pending() == []


def test_several_intents_for_one_map_do_not_disturb_each_other():
    first, second = Intent("rerun", "0" * 32, "t", 1), Intent("rerun", "0" * 32, "t", 2)
    first.begin()
    second.begin()
    first.end()
    assert journal.pending() == [second]


def test_what_is_no_intent_in_the_folder_is_passed_over():
    intent = Intent("remove", "0" * 32, "t")
    intent.begin()
    (folder,) = {path.parent for path in journal.root().glob("journal/*")}
    for name, text in (("x", "{}"), ("y", "not json"), (".hidden.tmp", ""), ("z", "[]")):
        (folder / name).write_text(text)
    assert journal.pending() == [intent]


def test_an_intent_of_a_living_process_is_not_left_behind():
    assert not by().is_left_behind()


def test_an_intent_of_another_process_is_left_behind_once_that_has_ended():
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True
    ) as process:
        started = processes._start_time(process.pid)
        intent = by(pid=process.pid, started=started)
        assert not intent.is_left_behind()
        process.communicate("\n")
    assert intent.is_left_behind()


def test_a_process_that_was_given_the_number_of_a_dead_one_is_not_taken_for_it():
    assert by(started="1").is_left_behind()


def test_a_zombie_is_dead():
    process = subprocess.Popen([sys.executable, "-c", ""])
    started = None
    deadline = time.monotonic() + 30
    while started != "" and time.monotonic() < deadline:
        started = processes._start_time(process.pid) or ""
    assert by(pid=process.pid, started="5").is_left_behind()
    process.wait()


def test_an_intent_from_before_the_machine_was_started_anew_is_left_behind():
    assert by(boot="earlier").is_left_behind()


@pytest.mark.parametrize(
    "elsewhere", [{"host": "other", "boot": "other"}, {"namespace": "pid:[1]"}]
)
def test_an_intent_from_elsewhere_is_left_behind_only_when_it_is_old(elsewhere):
    young = by(**elsewhere)
    old = dataclasses.replace(young, time=time.time() - 3600)

    assert not young.is_left_behind()
    assert old.is_left_behind()


def test_an_intent_is_for_its_owner_s_eyes():
    Intent("create", "0" * 32, "t").begin()
    (path,) = (journal.root() / "journal").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.stat(journal.root()).st_mode & 0o777 == 0o700

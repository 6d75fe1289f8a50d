"""Looks at a schedd: one process at a time, never too often, and taken over from the dead."""

import dataclasses
import json
import os
import threading
import time

import pytest

from htmap.store import looks as module
from htmap.store.looks import Look, Looks
from htmap.store.processes import Process


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "looks"


@pytest.fixture
def looks(folder):
    return Looks(folder)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def after(folder, *, ago, quiet=0.0, took=0.0):
    """Return looks of which the last began some seconds ago, the last news before that."""
    folder.mkdir(exist_ok=True)
    at = time.time() - ago
    (folder / "0").write_text(json.dumps(dataclasses.asdict(Look(at, at - quiet, took))))
    return Looks(folder)


def test_the_first_look_is_due(looks):
    assert looks.due_in() == 0


def test_a_look_is_followed_by_a_pause_that_another_process_sees(looks, folder):
    assert looks.begin()
    looks.end(news=True, took=0.0)
    assert 0 < Looks(folder).due_in() <= module._SHORTEST


@pytest.mark.parametrize(
    ("quiet", "took", "pause"),
    [(0, 0, 0.25), (10, 0, 1), (100, 0, 10), (10_000, 0, 60), (0, 0.1, 2), (0, 10, 5)],
)
def test_the_pause_is_a_share_of_the_time_without_news_and_spares_a_slow_schedd(
    folder, quiet, took, pause
):
    due_in = after(folder, ago=0, quiet=quiet, took=took).due_in()
    assert pause - 0.2 < due_in <= pause


def test_after_something_was_done_the_next_look_is_due_at_once(folder):
    looks = after(folder, ago=1, quiet=10_000)
    assert looks.due_in() > 50
    looks.expect()
    assert looks.due_in() == 0
    assert looks.begin()
    looks.end(news=False, took=0.0)
    assert looks.due_in() <= 0.25


def test_what_is_done_during_a_look_makes_the_next_one_due(looks, folder):
    assert looks.begin()
    Looks(folder).expect()
    looks.end(news=True, took=0.0)
    assert looks.due_in() == 0


def test_a_look_goes_on_for_all_others_too(looks, folder):
    assert looks.begin()
    assert not Looks(folder).begin()
    assert Looks(folder).due_in() > 0
    looks.end(news=False, took=0.0)
    assert Looks(folder).begin()


def test_of_many_that_want_to_look_at_once_one_does(folder):
    taken, barrier = [], threading.Barrier(16)

    def take():
        mine = Looks(folder)
        barrier.wait()
        if mine.begin():
            taken.append(mine)

    threads = [threading.Thread(target=take) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


def test_the_look_of_a_process_that_died_is_taken_over(folder):
    folder.mkdir()
    dead = dataclasses.replace(Process.this(), started="0")
    (folder / "7").write_text(json.dumps(dataclasses.asdict(dead)))
    looks = Looks(folder)
    assert looks.due_in() == 0
    assert looks.begin()
    assert files(folder) == ["8"]


def test_the_look_of_another_machine_is_left_alone_while_it_gives_signs_of_life(folder):
    folder.mkdir()
    other = dataclasses.replace(Process.this(), host="other", boot="other")
    path = folder / "7"
    path.write_text(json.dumps(dataclasses.asdict(other)))
    assert not Looks(folder).begin()
    os.utime(path, (0, time.time() - 601))
    assert Looks(folder).begin()


def test_a_file_without_content_is_a_look_that_begins_unless_it_is_old(folder):
    folder.mkdir()
    (folder / "3").touch()
    assert not Looks(folder).begin()
    os.utime(folder / "3", (0, time.time() - 11))
    assert Looks(folder).begin()


def test_a_number_that_was_free_again_is_not_taken(looks, folder, monkeypatch):
    """A process that fell asleep between looking and taking wakes up behind the others."""
    after(folder, ago=100)
    numbers = iter([[0], [0, 1, 5]])
    monkeypatch.setattr(Looks, "_numbers", lambda self: next(numbers))
    assert not looks.begin()
    assert files(folder) == ["0"]


def test_a_look_at_a_map_that_is_removed_meanwhile_ends_without_a_word(looks, folder):
    assert looks.begin()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    looks.end(news=True, took=0.0)
    assert not folder.exists()


def test_of_a_map_that_is_removed_there_is_no_look(tmp_path):
    assert not Looks(tmp_path / "removed" / "looks").begin()


def test_ending_twice_is_ending_once(looks, folder):
    assert looks.begin()
    looks.end(news=True, took=0.0)
    before = (folder / "0").read_text()
    looks.end(news=False, took=9.0)
    assert (folder / "0").read_text() == before


def test_a_clock_that_was_set_back_makes_the_next_look_due(folder):
    assert after(folder, ago=-1000).due_in() == 0

"""The saved state: what a process that comes later need not read again."""

import json
import shutil

import pytest
from hand_made import HELD, RELEASED, REMOVED, STARTED, SUBMITTED, TERMINATED, HandMade

import htmap
from htmap.pool import tracker as tracking
from htmap.pool.queue import Present
from htmap.pool.told_by_log import ToldByLog
from htmap.pool.tracker import Tracker
from htmap.store import snapshot, timings
from htmap.store.state import State
from htmap.store.timings import Timing

KINDS = ["UNMATERIALIZED", "IDLE", "RUNNING", "HELD", "REMOVED", "COMPLETED", "ERRORED"]
USAGE = TERMINATED.removesuffix("...\n") + (
    "\t\tUsr 0 00:01:05, Sys 0 00:00:01  -  Run Remote Usage\n"
    "\t   Memory (MB)          :       50        1      3615 \n...\n"
)


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


@pytest.fixture(autouse=True)
def saved_at_every_look(monkeypatch):
    monkeypatch.setattr(tracking, "_SAVE_AFTER", 0)
    monkeypatch.setattr(tracking, "_SAVE_SHARE", 10**9)


@pytest.fixture
def taken(monkeypatch):
    """How many events were taken into a state."""
    taken, take = [], ToldByLog.take

    def count(self, events):
        taken.append(len(events))
        take(self, events)

    monkeypatch.setattr(ToldByLog, "take", count)
    return taken


def looked(folder):
    tracker = Tracker(folder)
    tracker.refresh()
    return tracker


def known(tracker):
    """All that a tracker knows."""
    state, told = tracker.state, tracker._told
    return {
        "statuses": list(state),
        "counts": state._counts,
        "used": [list(state.memory), list(state.cpu)],
        "ended": list(state.ended),
        "holds": dict(state.holds),
        "endings": [state.ending(component) for component in range(len(state))],
        "runs": [state.job(component) for component in range(len(state))],
        "timing": state.timing,
        "clusters": told.clusters,
        "begun": told.begun,
        "damage": tracker.has_lost_events,
        "offset": tracker._log.offset,
    }


def all_kinds(tag="kinds"):
    made = HandMade(tag, *KINDS, *["RUNNING"] * 6, chunksize=1)
    made.log(USAGE, 5)
    made.end_job(8, "ERRORED")
    made.log(TERMINATED, 9)  # which left nothing
    return made


def chunked(tag="chunked"):
    made = HandMade(tag, *["UNMATERIALIZED"] * 11, chunksize=3)
    for event in (SUBMITTED, STARTED):
        for job in range(4):
            made.log(event, job)
    made.end_job(0, "COMPLETED", "ERRORED", "COMPLETED")
    made.end_job(1, "COMPLETED")
    made.log(HELD, 2)
    return made


def rerun(tag="rerun"):
    made = chunked(tag)
    made.rerun([1, 4]).record_cluster(made.cluster + 500)
    submitted = SUBMITTED.replace("\n...\n", "\n    htmap run 1\n...\n")
    with made.folder.events.open("a") as log:
        log.write(submitted.format(cluster=made.cluster + 500, job=1))
    return made


def damaged(tag="damaged"):
    made = all_kinds(tag)
    with made.folder.events.open("ab") as log:
        log.write(b"\0\0\0garbage\n...\n")
    made.log(STARTED, 1)
    return made


MAKERS = [all_kinds, chunked, rerun, damaged]


@pytest.mark.parametrize("make", MAKERS)
def test_what_is_saved_is_what_reading_the_log_again_finds(make, taken):
    made = make()
    first = known(looked(made.folder))
    assert made.folder.state.exists()
    taken.clear()

    later = looked(made.folder)

    assert taken == []
    assert known(later) == first
    made.folder.state.unlink()
    assert known(looked(made.folder)) == first


@pytest.mark.parametrize("make", MAKERS)
def test_news_are_read_on_from_there(make, taken):
    made = make()
    looked(made.folder)
    taken.clear()
    made.log(RELEASED, 3)
    made.log(REMOVED, 2)

    with_saved = known(looked(made.folder))

    assert taken == [2]
    made.folder.state.unlink()
    assert known(looked(made.folder)) == with_saved


def test_a_rerun_after_that_begins_anew_for_its_components_alone(taken):
    made = chunked()
    looked(made.folder)
    taken.clear()
    made.rerun([1, 2])

    tracker = looked(made.folder)

    assert taken == []
    assert list(tracker.state)[:4] == ["COMPLETED", *["UNMATERIALIZED"] * 2, "COMPLETED"]
    assert tracker.run_and_job(2)[0].number == 1
    # It is not known to be submitted, and may vanish: nothing is saved that rests on it.
    before = made.folder.state.read_bytes()
    made.log(RELEASED, 2)
    tracker.refresh()
    assert made.folder.state.read_bytes() == before


def changed(made, how):
    state, log = made.folder.state, made.folder.events
    data = bytearray(state.read_bytes())
    if how == "a byte":
        data[len(data) // 2] ^= 1
    elif how == "its end":
        del data[-1:]
    elif how == "its magic":
        data[:8] = b"HTMAPACK"
    elif how == "empty":
        data.clear()
    elif how == "newer":
        head = snapshot._START.unpack_from(data, 8)
        data[8:20] = snapshot._START.pack(*head[:2], snapshot._FORMAT + 1)
    elif how == "a log written anew":
        text = log.read_bytes()
        log.write_bytes(text.replace(b"2026-01-01", b"2026-01-02"))
    elif how == "a shorter log":
        log.write_bytes(log.read_bytes()[: -len(TERMINATED) * 2])
    elif how == "another run":
        (made.run.folder / "cluster").write_text(f"{made.cluster}\n" + json.dumps(["a", 1, ""]))
    state.write_bytes(data)


@pytest.mark.parametrize(
    "how",
    ["a byte", "its end", "its magic", "empty", "newer", "a log written anew", "a shorter log",
     "another run"],
)  # fmt: skip
def test_what_is_not_as_it_was_written_is_ignored(how, taken):
    made = all_kinds()
    looked(made.folder)
    changed(made, how)
    taken.clear()

    tracker = looked(made.folder)

    assert sum(taken) > 10
    made.folder.state.unlink()
    assert known(looked(made.folder)) == known(tracker)


def test_the_state_of_another_map_is_ignored(taken):
    made, other = all_kinds(), all_kinds("other")
    looked(other.folder)
    expected = known(looked(made.folder))
    shutil.copyfile(other.folder.state, made.folder.state)
    taken.clear()

    assert known(looked(made.folder)) == expected
    assert sum(taken) > 10


def test_a_head_that_makes_no_sense_is_ignored(taken):
    made = all_kinds()
    tracker = looked(made.folder)
    expected = known(tracker)
    for about in ({}, {"log": [5]}, {"log": [0, 0, False], "map": made.folder.map_id, "runs": [7]}):
        snapshot.write(made.folder.state, tracker.state, about)
        assert known(looked(made.folder)) == expected
    about = snapshot.read(made.folder.state).about
    assert about["runs"]  # the last look has saved it again
    snapshot.write(made.folder.state, State(3), about)
    assert known(looked(made.folder)) == expected


def test_a_copy_of_a_map_on_another_disk_goes_on_with_it(tmp_path, monkeypatch, taken):
    """There the log is another file."""
    made = all_kinds()
    expected = known(looked(made.folder))
    shutil.copytree(tmp_path / "htmap", tmp_path / "copy")
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "copy"))
    taken.clear()

    assert known(looked(type(made.folder)(made.folder.map_id))) == expected
    assert taken == []


def test_what_the_queue_has_told_is_not_saved():
    made = HandMade("asked", "RUNNING", "RUNNING")
    tracker = looked(made.folder)
    before = made.folder.state.read_bytes()
    tracker.close_missing(Present(None, 0.0, {(0, 0), (0, 1)}, {}))  # which says nothing new
    made.log(HELD, 0)
    tracker.refresh()
    assert made.folder.state.read_bytes() != before

    before = made.folder.state.read_bytes()
    tracker.close_missing(Present(None, 0.0, {(0, 0)}, {}))
    assert list(tracker.state) == ["HELD", "REMOVED"]
    made.log(RELEASED, 0)
    tracker.refresh()

    assert made.folder.state.read_bytes() == before
    assert list(looked(made.folder).state) == ["IDLE", "RUNNING"]


def test_a_disk_that_takes_nothing_hurts_no_look(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshot, "write_whole", full)
    monkeypatch.setattr(timings, "write_whole", full)
    made = HandMade("full", "COMPLETED", "RUNNING", function="f")
    m = htmap.load("full")

    assert m.component_statuses == ["COMPLETED", "RUNNING"]
    made.complete(1)
    assert m.is_done
    assert not made.folder.state.exists()


def test_little_is_not_worth_it_until_the_map_has_ended(monkeypatch):
    monkeypatch.undo()
    made = HandMade("small", "COMPLETED", "RUNNING")
    tracker = looked(made.folder)
    assert not made.folder.state.exists()
    made.complete(1)
    tracker.refresh()

    assert made.folder.state.exists()


def test_processes_that_save_at_once_leave_one_whole_state():
    made = HandMade("both", *["RUNNING"] * 4)
    trackers = [looked(made.folder) for _ in range(3)]
    for component in range(4):
        made.complete(component)
        for tracker in trackers[: component + 1]:
            tracker.refresh()
    assert snapshot.read(made.folder.state) is not None
    assert [path.name for path in made.folder.path.glob(".state*")] == []
    assert list(looked(made.folder).state) == ["COMPLETED"] * 4


# ---- how long components took ---------------------------------------------------------------


def test_how_long_components_took_is_recorded_when_it_is_known_of_twice_as_many(monkeypatch):
    writes, record = [], timings.record
    monkeypatch.setattr(timings, "record", lambda *given: (writes.append(given[1]), record(*given)))
    made = HandMade("timed", *["RUNNING"] * 12, chunksize=2, function="f" * 32)
    tracker = looked(made.folder)
    for job in range(6):
        made.end_job(job, "COMPLETED", "COMPLETED" if job else "ERRORED", seconds=job)
        tracker.refresh()

    assert [timing.components for timing in writes] == [1, 3, 7, 11]
    assert timings.recorded("f" * 32) == Timing(11, 2.0 * (1 + 2 + 3 + 4 + 5), 5.0)
    looked(made.folder)
    assert len(writes) == 4


def test_a_map_that_has_just_begun_does_not_take_the_place_of_what_a_large_one_recorded():
    made = HandMade("begun", "RUNNING", "RUNNING", function="f")
    timings.record("f", Timing(1000, 1000.0, 2.0))
    made.end_job(0, "COMPLETED", seconds=0.5)
    tracker = looked(made.folder)
    assert timings.recorded("f").components == 1000
    made.end_job(1, "COMPLETED", seconds=0.5)
    tracker.refresh()

    assert timings.recorded("f") == Timing(2, 1.0, 0.5)

"""From the event log to the statuses of components."""

import pytest
from hand_made import HELD, REMOVED, STARTED, SUBMITTED, TERMINATED, HandMade

from htmap.pool.queue import Present
from htmap.pool.tracker import Tracker
from htmap.statuses import ComponentStatus


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


def statuses(tracker):
    tracker.refresh()
    return [str(status) for status in tracker.state]


def test_every_status_is_read_from_the_log():
    expected = ["UNMATERIALIZED", "IDLE", "RUNNING", "HELD", "REMOVED", "COMPLETED", "ERRORED"]
    tracker = Tracker(HandMade("all", *expected).folder)

    assert statuses(tracker) == expected
    assert tracker.state.unfinished == 4
    assert [tracker.state.count(ComponentStatus(status)) for status in expected] == [1] * 7


def test_news_are_read_as_they_come():
    made = HandMade("one", "IDLE")
    tracker = Tracker(made.folder)

    assert statuses(tracker) == ["IDLE"]
    assert not tracker.refresh()
    made.log(STARTED, 0)
    assert tracker.refresh()
    assert statuses(tracker) == ["RUNNING"]


def test_a_look_that_was_interrupted_loses_no_event(monkeypatch):
    made = HandMade("one", "RUNNING", "RUNNING")
    tracker = Tracker(made.folder)
    tracker.refresh()
    made.complete(0)
    made.complete(1)

    with monkeypatch.context() as patched:
        patched.setattr(tracker, "_terminated", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tracker.refresh()

    assert statuses(tracker) == ["COMPLETED", "COMPLETED"]


def test_a_hold_ends_with_the_release_and_with_the_removal():
    made = HandMade("held", "HELD", "HELD")
    tracker = Tracker(made.folder)
    assert statuses(tracker) == ["HELD", "HELD"]
    assert tracker.state.holds[0] == (13, 2, "no such file")

    made.log("013 ({cluster}.{job}.000) 2026-01-01 00:00:04 Job was released.\n...\n", 0)
    made.log(REMOVED, 1)

    assert statuses(tracker) == ["IDLE", "REMOVED"]
    assert tracker.state.holds == {}
    assert tracker.state.endings[1].reason == "via condor_rm"


def test_a_job_whose_shadow_ends_only_after_the_hold_was_told_stays_held():
    made = HandMade("late", *["HELD"] * 3, "RUNNING")
    for job, event in enumerate(["004", "007", "024", "004"]):
        made.log(event + " ({cluster}.{job}.000) 2026-01-01 00:00:04 It has stopped.\n...\n", job)
    tracker = Tracker(made.folder)

    assert statuses(tracker) == ["HELD", "HELD", "HELD", "IDLE"]
    assert sorted(tracker.state.holds) == [0, 1, 2]


def test_a_resumed_job_is_running():
    made = HandMade("paused", "RUNNING")
    made.log("010 ({cluster}.{job}.000) 2026-01-01 00:00:04 Job was suspended.\n...\n", 0)
    tracker = Tracker(made.folder)
    assert statuses(tracker) == ["SUSPENDED"]

    made.log("011 ({cluster}.{job}.000) 2026-01-01 00:00:05 Job was unsuspended.\n...\n", 0)

    assert statuses(tracker) == ["RUNNING"]


def test_a_log_that_is_written_anew_is_read_from_its_start():
    made = HandMade("anew", "COMPLETED", "RUNNING")
    tracker = Tracker(made.folder)
    assert statuses(tracker) == ["COMPLETED", "RUNNING"]

    made.folder.events.unlink()
    for event in (SUBMITTED, STARTED, TERMINATED):
        made.log(event, 0)
    made.log(SUBMITTED, 1)
    made.log(HELD, 1)

    assert statuses(tracker) == ["COMPLETED", "HELD"]


def test_a_job_that_left_the_queue_without_a_word_is_closed_by_its_output():
    made = HandMade("silent", "RUNNING", "RUNNING", "RUNNING", "UNMATERIALIZED")
    made.write_output(0, "COMPLETED")
    tracker = Tracker(made.folder)
    tracker.refresh()

    assert tracker.close_missing(Present(None, 0.0, {(0, 2)}, {0: 3}))

    assert statuses(tracker) == ["COMPLETED", "REMOVED", "RUNNING", "UNMATERIALIZED"]
    assert "left the queue" in tracker.state.endings[1].reason


def test_events_of_a_cluster_that_no_run_became_change_nothing():
    made = HandMade("own", "IDLE")
    tracker = Tracker(made.folder)
    with made.folder.events.open("a") as log:
        log.write(STARTED.format(cluster=made.cluster + 5000, job=0))

    assert statuses(tracker) == ["IDLE"]

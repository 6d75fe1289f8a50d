"""From the event log to the statuses of components."""

import pytest
from hand_made import HELD, RELEASED, REMOVED, STARTED, SUBMITTED, TERMINATED, HandMade

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

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("htmap.pool.told_by_log.close", interrupt)
        with pytest.raises(KeyboardInterrupt):
            tracker.refresh()

    assert statuses(tracker) == ["COMPLETED", "COMPLETED"]


def test_a_hold_ends_with_the_release_and_with_the_removal():
    """B26: an entry survived the removal of the job."""
    made = HandMade("held", "HELD", "HELD")
    tracker = Tracker(made.folder)
    assert statuses(tracker) == ["HELD", "HELD"]
    assert tracker.state.holds[0] == (13, 2, "no such file")

    made.log(RELEASED, 0)
    made.log(REMOVED, 1)

    assert statuses(tracker) == ["IDLE", "REMOVED"]
    assert tracker.state.holds == {}
    assert tracker.state.ending(1).reason == "via condor_rm"


def test_a_job_whose_shadow_ends_only_after_the_hold_was_told_stays_held():
    made = HandMade("late", *["HELD"] * 3, "RUNNING")
    for job, event in enumerate(["004", "007", "024", "004"]):
        made.log(event + " ({cluster}.{job}.000) 2026-01-01 00:00:04 It has stopped.\n...\n", job)
    tracker = Tracker(made.folder)

    assert statuses(tracker) == ["HELD", "HELD", "HELD", "IDLE"]
    assert sorted(tracker.state.holds) == [0, 1, 2]


def test_what_a_damaged_log_tells_late_of_a_completed_component_changes_nothing():
    made = HandMade("cut", "RUNNING", "RUNNING")
    made.write_output(0, "COMPLETED")
    tracker = Tracker(made.folder)
    tracker.refresh()
    tracker.close_missing(Present(None, 0.0, {(0, 1)}, {}))
    assert statuses(tracker) == ["COMPLETED", "RUNNING"]

    made.log(STARTED, 0)

    assert statuses(tracker) == ["COMPLETED", "RUNNING"]


def test_a_resumed_job_is_running():
    """B20: it was shown as idle."""
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
    assert "left the queue" in tracker.state.ending(1).reason


def test_events_of_a_cluster_that_no_run_became_change_nothing():
    made = HandMade("own", "IDLE")
    tracker = Tracker(made.folder)
    with made.folder.events.open("a") as log:
        log.write(STARTED.format(cluster=made.cluster + 5000, job=0))

    assert statuses(tracker) == ["IDLE"]


# ---- what jobs used -------------------------------------------------------------------------

IMAGE_SIZE = (
    "006 ({{cluster}}.{{job}}.000) 2026-01-01 00:00:02 Image size of job updated: 97320\n"
    "\t{}  -  MemoryUsage of job (MB)\n\t92612  -  ResidentSetSize of job (KB)\n...\n"
)
USAGE = (
    "\t\tUsr 0 00:01:{:02}, Sys 0 00:00:01  -  Run Remote Usage\n"
    "\t\tUsr 0 01:00:00, Sys 0 00:00:00  -  Total Remote Usage\n"
    "\tPartitionable Resources :    Usage  Request Allocated \n"
    "\t   Cpus                 :     0.75        1         1 \n"
    "\t   Memory (MB)          : {:>8}        1      3615 \n...\n"
)
EVICTED = "004 ({{cluster}}.{{job}}.000) 2026-01-01 00:00:03 Job was evicted.\n" + USAGE
ENDED = TERMINATED.replace("{", "{{").replace("}", "}}").removesuffix("...\n") + USAGE


def usage(tracker):
    tracker.refresh()
    return list(tracker.state.memory), list(tracker.state.cpu)


def test_memory_is_the_most_that_any_event_tells_of_and_time_that_of_the_last_execution():
    made = HandMade("used", "RUNNING", "RUNNING")
    tracker = Tracker(made.folder)
    assert usage(tracker) == ([0, 0], [0, 0])

    made.log(IMAGE_SIZE.format(91), 0)
    made.log(IMAGE_SIZE.format(80), 0)
    assert usage(tracker) == ([91, 0], [0, 0])
    made.log(EVICTED.format(50, 95), 0)
    assert usage(tracker) == ([95, 0], [0, 0])
    made.log(ENDED.format(2, 98), 0)
    made.log(ENDED.format(3, ""), 1)  # it was never looked at
    assert usage(tracker) == ([98, 0], [63, 64])


def test_a_rerun_forgets_what_the_run_before_it_used():
    made = HandMade("again", "RUNNING", "RUNNING")
    for component in (0, 1):
        made.log(ENDED.format(0, 50), component)
    tracker = Tracker(made.folder)
    assert usage(tracker) == ([50, 50], [61, 61])

    made.rerun([1])
    tracker.look_for_runs()
    made.log(ENDED.format(5, 70), 1)  # of the job before, and late

    assert usage(tracker) == ([50, 0], [61, 0])


def test_components_that_share_a_job_share_its_time():
    made = HandMade("shared", "IDLE", "IDLE", "IDLE", "IDLE", chunksize=2)
    tracker = Tracker(made.folder)
    made.log(ENDED.format(9, 30), 0)

    assert usage(tracker) == ([30, 30, 0, 0], [35, 35, 0, 0])


def test_numbers_that_cannot_be_true_are_not_believed():
    made = HandMade("odd", "RUNNING")
    made.log(IMAGE_SIZE.format(10**30), 0)
    assert usage(Tracker(made.folder)) == ([0], [0])


def test_looking_at_a_map_writes_nothing():
    """B23: every look saved its state, all processes by one name."""
    made = HandMade("read", "COMPLETED", "RUNNING")

    def files():
        return sorted((path, path.stat().st_mtime_ns) for path in made.folder.path.rglob("*"))

    before = files()
    statuses(Tracker(made.folder))
    assert files() == before

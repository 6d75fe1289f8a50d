"""Jobs that vanished together with the queue that they were in."""

import time

import pytest
from hand_made import SUBMITTED, HandMade

import htmap
from htmap import exceptions
from htmap.pool import loss, queue
from htmap.pool.loss import born, fate
from htmap.pool.queue import Present
from htmap.pool.schedd import Schedd
from htmap.pool.tracker import Tracker
from htmap.statuses import ComponentStatus
from htmap.store.run import Queue, Run

FIRST, SECOND = 1_800_000_000, 1_800_005_000
# Far in the future: it cannot be that an event was written after it.
NOW = 4e9


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


@pytest.fixture
def log(tmp_path):
    """The file that holds the queue of a personal pool."""
    return tmp_path / "job_queue.log"


def make_queue(log, time, written=1):
    log.write_text(f"107 {written} CreationTimestamp {time}\n101 0.0 Job Machine\n")
    return Queue("jovyan@htc-notebook", time, str(log))


def test_the_birth_of_a_queue_is_read_from_its_file_however_often_that_was_rewritten(log):
    make_queue(log, FIRST)
    assert born(str(log)) == FIRST
    make_queue(log, FIRST, written=23)
    assert born(str(log)) == FIRST


@pytest.mark.parametrize("content", ["", "107 1 Creation", "101 0.0 Job Machine\n", "\0" * 100])
def test_a_damaged_file_tells_no_birth(log, content):
    log.write_text(content)
    assert born(str(log)) is None


def test_no_file_tells_no_birth(log):
    assert born(str(log)) is None
    assert born("") is None
    assert born(str(log.parent)) is None


def test_jobs_that_left_their_own_queue_were_removed(log):
    mine = make_queue(log, FIRST)
    for here in (mine, mine._replace(log=""), None):
        assert fate(mine, here) is ComponentStatus.REMOVED


def test_jobs_of_a_map_that_does_not_say_in_which_queue_they_were_are_taken_for_removed(log):
    assert fate(None, make_queue(log, FIRST)) is ComponentStatus.REMOVED


def test_jobs_are_lost_where_their_queue_was_made_anew_or_is_not_there_at_all(log):
    mine = make_queue(log, FIRST)
    here = make_queue(log, SECOND)
    assert fate(mine, here) is ComponentStatus.LOST
    log.unlink()
    assert fate(mine, here) is ComponentStatus.LOST


def test_nothing_is_known_of_jobs_in_a_queue_whose_file_is_there_while_another_was_asked(log):
    # As from a second container, which cannot use the first one's pool in the home they share.
    mine = make_queue(log, FIRST)
    here = Queue("jovyan@htc-notebook", SECOND, "/tmp/elsewhere/job_queue.log")
    assert fate(mine, here) is None


def test_nothing_is_known_of_jobs_whose_pool_spoke_while_the_one_that_was_asked_was_running(log):
    mine, here = make_queue(log, FIRST), make_queue(log, SECOND)
    started = SECOND + 1000.0
    assert fate(mine, here, last_word=started + 3600, since=started) is None
    assert fate(mine, here, last_word=started - 3600, since=started) is ComponentStatus.LOST
    # What is left of a pool may speak a little longer than its queue lives.
    assert fate(mine, here, last_word=started + 5, since=started) is ComponentStatus.LOST


def test_a_site_s_jobs_are_lost_when_the_schedd_of_this_name_has_another_queue():
    mine = Queue("ap.example.org", FIRST)
    assert fate(mine, Queue("ap.example.org", FIRST)) is ComponentStatus.REMOVED
    assert fate(mine, Queue("ap.example.org", SECOND)) is ComponentStatus.LOST
    assert fate(mine, Queue("other.example.org", SECOND)) is None
    assert fate(mine, Queue("other.example.org", FIRST)) is None


def test_a_run_tells_its_queue_again(log):
    made = HandMade("a", "IDLE")
    assert made.run.queue is None
    made.run.record_cluster(7, make_queue(log, FIRST))
    assert (made.run.cluster, made.run.queue) == (7, make_queue(log, FIRST))


@pytest.mark.parametrize("text", ["", "seven", '7\n["a"]', '7\n{"a"', "7\n5"])
def test_a_damaged_record_of_a_cluster_is_told_with_its_path(text):
    made = HandMade("a", "IDLE")
    path = made.run.folder / "cluster"
    path.write_text(text)
    with pytest.raises(exceptions.CorruptPack, match="damaged") as caught:
        made.run.cluster  # noqa: B018
    assert caught.value.path == path


def lose(made, log, monkeypatch, present=(), **words):
    """Put a queue in the place of the one that a map was submitted to."""
    made.run.record_cluster(made.cluster, make_queue(log, FIRST))
    here = make_queue(log, SECOND)
    asked = []

    def jobs_of(map_id):
        asked.append(map_id)
        return Present(here, NOW, set(present), {})

    monkeypatch.setattr(loss, "local_queue", lambda: here)
    monkeypatch.setattr(queue, "jobs_of", jobs_of)
    return asked


def test_the_next_look_finds_what_is_lost_and_leaves_what_had_ended(log, monkeypatch):
    states = ["UNMATERIALIZED", "IDLE", "RUNNING", "HELD", "REMOVED", "COMPLETED", "ERRORED"]
    made = HandMade("a", *states)
    asked = lose(made, log, monkeypatch)

    m = htmap.load("a")

    assert m.component_statuses == [*["LOST"] * 4, "REMOVED", "COMPLETED", "ERRORED"]
    assert not m.is_active
    assert m.holds == {}
    assert "LOST = 4" in m.status()
    assert "LOST" in htmap.status()
    assert list(m.errors) == [0, 1, 2, 3, 4, 6]
    assert len(asked) == 1  # not at every look


def test_a_wait_for_what_is_lost_ends_at_once_and_says_what_happened(log, monkeypatch):
    made = HandMade("a", "RUNNING")
    lose(made, log, monkeypatch)
    m = htmap.load("a")

    for wait in (m.wait, lambda: m.get(0), lambda: list(m), lambda: list(m.iter_as_available())):
        with pytest.raises(exceptions.MapComponentLost, match="vanished") as caught:
            wait()
        assert 'rerun("LOST")' in str(caught.value)
        assert str(log) in caught.value.report
        assert caught.value.component == 0
    m.wait(errors_ok=True)


def test_a_result_that_arrived_before_the_queue_was_lost_counts(log, monkeypatch):
    made = HandMade("a", "RUNNING", "RUNNING")
    made.write_output(0, "COMPLETED")
    lose(made, log, monkeypatch)

    assert htmap.load("a").component_statuses == ["COMPLETED", "LOST"]


def test_an_event_that_tells_otherwise_is_believed(log, monkeypatch):
    made = HandMade("a", "RUNNING")
    lose(made, log, monkeypatch)
    m = htmap.load("a")
    assert m.component_statuses == ["LOST"]

    made.complete(0)

    assert m.component_statuses == ["COMPLETED"]
    assert m.errors == {}


def test_a_queue_that_comes_back_brings_its_jobs_back(log, monkeypatch):
    made = HandMade("a", "RUNNING", "HELD")
    lose(made, log, monkeypatch)
    m = htmap.load("a")
    assert m.component_statuses == ["LOST", "LOST"]

    make_queue(log, FIRST)

    assert m.component_statuses == ["RUNNING", "HELD"]
    assert list(m.holds) == [1]


def test_what_the_queue_has_is_not_lost(log, monkeypatch):
    made = HandMade("a", "RUNNING", "RUNNING")
    lose(made, log, monkeypatch, present={(0, 1)})

    assert htmap.load("a").component_statuses == ["LOST", "RUNNING"]


def test_nothing_is_lost_while_no_schedd_answers(log, monkeypatch):
    made = HandMade("a", "RUNNING")
    lose(made, log, monkeypatch)

    def refuse(map_id):
        raise exceptions.NoScheduler("nobody is there")

    monkeypatch.setattr(queue, "jobs_of", refuse)
    assert htmap.load("a").component_statuses == ["RUNNING"]


def test_a_schedd_that_cannot_clear_a_doubt_is_not_asked_at_every_look(log, monkeypatch):
    monkeypatch.setattr("htmap.handle._DOUBT", 1e9)
    made = HandMade("a", "RUNNING")
    asked = lose(made, log, monkeypatch, present={(0, 0)})
    m = htmap.load("a")
    for _ in range(3):
        assert m.component_statuses == ["RUNNING"]
    assert len(asked) == 1


def test_nobody_is_asked_while_the_queue_is_the_same_or_no_pool_has_been_started(log, monkeypatch):
    made = HandMade("a", "RUNNING")
    asked = lose(made, log, monkeypatch)
    monkeypatch.setattr(loss, "local_queue", lambda: None)
    assert htmap.load("a").component_statuses == ["RUNNING"]
    monkeypatch.setattr(loss, "local_queue", lambda: pytest.fail("not asked for"))
    make_queue(log, FIRST, written=2)
    assert htmap.load("a").component_statuses == ["RUNNING"]
    assert asked == []


def test_a_rerun_that_gets_the_number_of_a_lost_cluster_is_told_from_it(log):
    made = HandMade("a", "RUNNING", "RUNNING")
    made.run.record_cluster(made.cluster, make_queue(log, FIRST))
    tracker = Tracker(made.folder)
    tracker.refresh()
    number, folder = made.folder.create_run()
    again = Run.of_single(folder, number, [1])
    again.write(made.run.submit)
    again.record_cluster(made.cluster, make_queue(log, SECOND))
    submitted = SUBMITTED.replace("\n...\n", f"\n    htmap run {number}\n...\n")

    made.log(submitted, 0)  # the first job of the second run, and of the same cluster

    tracker.refresh()
    assert list(tracker.state) == ["RUNNING", "IDLE"]
    # Job 0 of that cluster is in the queue; component 0 was job 0 of the other one.
    assert tracker.close_missing(Present(make_queue(log, SECOND), NOW, {(number, 0)}, {}))
    assert list(tracker.state) == ["LOST", "IDLE"]
    # A process that comes later sees the same.
    later = Tracker(made.folder)
    later.refresh()
    later.close_missing(Present(make_queue(log, SECOND), NOW, {(number, 0)}, {}))
    assert list(later.state) == ["LOST", "IDLE"]
    # And when the second one has ended, whatever the first one's number.
    made.log("009 ({cluster}.{job}.000) 2026-01-01 00:00:09 Job was aborted.\n...\n", 0)
    for tracking in (tracker, later):
        tracking.refresh()
        assert list(tracking.state) == ["LOST", "REMOVED"]


def test_only_what_is_lost_is_closed_where_the_log_may_tell_of_the_rest_yet(log):
    made = HandMade("a", "RUNNING")
    made.run.record_cluster(made.cluster, make_queue(log, FIRST))
    tracker = Tracker(made.folder)
    tracker.refresh()
    present = Present(make_queue(log, FIRST), NOW, set(), {})

    tracker.close_missing(present, only_lost=True)
    assert list(tracker.state) == ["RUNNING"]
    assert tracker.close_missing(present)
    assert list(tracker.state) == ["REMOVED"]


def test_a_wait_leaves_jobs_alone_that_are_in_a_queue_which_cannot_be_asked(log):
    made = HandMade("a", "RUNNING")
    made.run.record_cluster(made.cluster, make_queue(log, FIRST))
    tracker = Tracker(made.folder)
    tracker.refresh()
    other = Queue("ap.example.org", SECOND)

    assert not tracker.close_missing(Present(other, NOW, set(), {}))
    assert list(tracker.state) == ["RUNNING"]


def test_a_schedd_whose_first_ad_does_not_say_when_it_was_started_has_just_been(monkeypatch):
    monkeypatch.setattr("htcondor2.Schedd", lambda ad: None)
    ad = {"Name": "jovyan@htc-notebook", "MyAddress": "<127.0.0.1:1>", "JobQueueBirthdate": FIRST}
    before = time.time()
    assert before <= Schedd(ad).started <= time.time()
    assert Schedd({**ad, "DaemonStartTime": SECOND}).started == SECOND
    assert Schedd(ad).born == FIRST
    del ad["JobQueueBirthdate"]
    assert Schedd(ad).born is None

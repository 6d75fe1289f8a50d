"""When and where jobs ran, by the event log."""

import math
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hand_made import HELD, SUBMITTED, TERMINATED, HandMade

import htmap
from htmap.component_times import ComponentTimes
from htmap.exceptions import CorruptEventLog
from htmap.pool.executions import executions

LOGS = Path(__file__).parent / "logs"

EXECUTING = """\
001 ({cluster}.{job}.000) 2026-01-01 00:00:%02d Job executing on host: <10.0.0.1:9618?alias=node7&x>
\tSlotName: slot1_3@glidein_9@node7.example
...
"""
EVICTED = "004 ({cluster}.{job}.000) 2026-01-01 00:00:20 Job was evicted.\n\t(0) No.\n...\n"
OLD = """\
001 ({cluster}.{job}.000) 2026-01-01 00:00:01 Job executing on host: <10.0.0.1:9618?alias=node7&x>
...
"""
SEEN = """\
001 ({cluster}.{job}.000) 2026-01-01T00:00:01Z Job executing on host: slot1_2@node3
...
"""
NOBODY = "001 ({cluster}.{job}.000) 2026-01-01 00:00:01 Job executing on host: a slot of it\n...\n"


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


def told(*events, tag="m"):
    """What is known of the only job of a map whose log has these events."""
    made = HandMade(tag, "UNMATERIALIZED")
    for event in events:
        made.log(event, 0)
    return executions(made.folder.events, {0: made.run})[0]


def second(number):
    return datetime(2026, 1, 1, 0, 0, number).astimezone().timestamp()


def test_a_job_is_submitted_starts_in_a_slot_and_ends():
    found = told(SUBMITTED, EXECUTING % 1, TERMINATED)

    assert (found.submitted[0], found.started[0], found.ended[0]) == tuple(map(second, (0, 1, 3)))
    assert found.slot == ["slot1_3@glidein_9@node7.example"]
    assert found.attempts[0] == 1


@pytest.mark.parametrize("stop", [EVICTED, HELD])
def test_a_job_that_waits_again_has_been_tried_and_has_not_started(stop):
    found = told(SUBMITTED, EXECUTING % 1, stop)

    assert math.isnan(found.started[0])
    assert math.isnan(found.ended[0])
    assert found.attempts[0] == 1
    assert found.slot[0] is not None


def test_the_last_of_several_executions_counts():
    found = told(SUBMITTED, EXECUTING % 1, EVICTED, EXECUTING % 30)

    assert found.started[0] == second(30)
    assert found.attempts[0] == 2


@pytest.mark.parametrize(
    ("event", "slot"), [(OLD, "node7"), (SEEN, "slot1_2@node3"), (NOBODY, None)]
)
def test_where_no_slot_is_named_it_is_the_machine_or_what_a_look_has_seen(event, slot):
    assert told(SUBMITTED, event).slot == [slot]


def test_a_time_with_its_zone_is_that_time():
    at = datetime(2026, 1, 1, 0, 0, 1, tzinfo=timezone.utc).timestamp()
    assert told(SUBMITTED, SEEN).started[0] == at


def test_a_job_s_own_log_is_not_counted_on_top_of_what_looks_have_seen():
    found = told(SUBMITTED, SEEN, SUBMITTED, EXECUTING % 2, TERMINATED)

    assert found.attempts[0] == 1
    assert found.started[0] == second(2)


def test_a_log_that_is_gone_tells_nothing_and_one_that_cannot_be_read_is_named(tmp_path):
    made = HandMade("m", "COMPLETED")
    made.folder.events.unlink()
    assert math.isnan(executions(made.folder.events, {0: made.run})[0].ended[0])

    made.folder.events.mkdir()
    with pytest.raises(CorruptEventLog) as raised:
        executions(made.folder.events, {0: made.run})
    assert raised.value.path == made.folder.events


def test_components_that_share_a_job_share_its_times_and_have_their_own_run_times():
    made = HandMade("m", *["UNMATERIALIZED"] * 4, chunksize=2)
    for job in range(2):
        made.log(SUBMITTED + EXECUTING % (1 + job), job)
        made.end_job(job, "COMPLETED", "ERRORED", seconds=0.25)
    times = ComponentTimes(htmap.load("m"))

    assert list(times.started) == list(map(second, (1, 1, 2, 2)))
    assert list(times.runtime) == [0.25] * 4
    assert list(times.cpu) == [0, 1, 2, 3]
    assert list(times.leader) == [0, 0, 2, 2]


def test_a_component_that_is_killed_alone_in_its_job_took_as_long_as_that():
    made = HandMade("m", "UNMATERIALIZED")
    made.log(SUBMITTED + EXECUTING % 1 + TERMINATED, 0)

    assert list(ComponentTimes(htmap.load("m")).runtime) == [2.0]


def test_runs_add_up_to_attempts_and_the_latest_tells_the_times():
    made = HandMade("m", "UNMATERIALIZED", "UNMATERIALIZED")
    for job in range(2):
        made.log(SUBMITTED + EXECUTING % 1, job)
        made.end_job(job, "ERRORED")
    made.rerun([1]).record_cluster(900)
    made.cluster = 900
    made.log(SUBMITTED + EXECUTING % 40, 0)
    times = ComponentTimes(htmap.load("m"))

    assert list(times.attempts) == [1, 2]
    assert list(times.started) == [second(1), second(40)]
    assert math.isnan(times.ended[1])
    assert math.isnan(times.runtime[1])


@pytest.mark.parametrize("version", ["23.9.6", "25.14.1"])
def test_a_real_log_tells_where_its_jobs_ran(version):
    made = HandMade("m", *["UNMATERIALIZED"] * 3)
    (made.run.folder / "cluster").unlink()
    made.run.record_cluster(1)
    found = executions(LOGS / f"events-{version}.log", {0: made.run})[0]

    assert {slot.rpartition("@")[2] for slot in found.slot} == {"htc-notebook"}
    assert min(found.attempts) >= 1
    assert found.submitted[0] <= found.started[0] <= found.ended[0]

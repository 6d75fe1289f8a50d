"""Acting on the jobs of a map: hold, pause, vacate, what they ask for, their batch's name."""

import htcondor2
import pytest
from live import jobs_here, run, schedd, start, until

import htmap
from htmap import ComponentStatus, MapOptions, exceptions

# A job that no slot can take stays idle for as long as a test wants it to.
NEVER = MapOptions(requirements="false")


def until_gate(gate):
    """Run until a file is there; tell how often it was begun."""
    import os
    import time

    with open(f"{gate}.begun", "a+") as file:
        file.write("x")
        file.flush()
        file.seek(0)
        times = len(file.read())
    while not os.path.exists(gate):
        time.sleep(0.02)
    return times


def work(seconds):
    """Use the CPU and memory for a while."""
    import time

    data = bytearray(60_000_000)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data[::4096] = bytes(len(data[::4096]))
    return len(data)


def ads(m, *attributes):
    """The jobs of a map in the queue, and their cluster: what they say of some attributes."""
    found = schedd().query(
        f'HTMapID == "{m._folder.map_id}"',
        ["ProcId", *attributes],
        opts=htcondor2.QueryOpts.IncludeClusterAd,
    )
    return {ad.get("ProcId"): tuple(ad.get(name) for name in attributes) for ad in found}


# ---- pause, resume, vacate ------------------------------------------------------------------


def test_a_running_map_can_be_paused_resumed_and_vacated(tmp_path):
    gate = tmp_path / "gate"
    m = htmap.map(until_gate, [gate])
    until(lambda: m.component_statuses == ["RUNNING"], "it runs")
    until((tmp_path / "gate.begun").exists, "it has begun")

    # Each returns when the event log has told of it.
    m.pause()
    assert m.component_statuses == ["SUSPENDED"]
    assert m.is_active
    assert "SUSPENDED = 1" in m.status()
    m.resume()
    assert m.component_statuses == ["RUNNING"]
    m.vacate()
    until(lambda: (tmp_path / "gate.begun").read_text() == "xx", "it has begun anew")
    gate.touch()
    assert m.get(0, timeout=60) == 2
    for act in (m.pause, m.resume, m.vacate):  # nothing to act on
        act()
    assert m.is_done


def test_pausing_leaves_jobs_that_do_not_run_alone():
    m = htmap.map(abs, range(2), NEVER)
    until(lambda: m.component_statuses == ["IDLE"] * 2, "they are idle")

    m.pause()
    m.resume()
    m.vacate()

    assert m.component_statuses == ["IDLE"] * 2


# ---- memory and disk ------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize(
    "options", [{}, {"request_memory": [64 + i % 2 for i in range(130)]}], ids=["default", "own"]
)
def test_jobs_that_are_yet_to_be_made_ask_for_what_was_set_too(options):
    m = htmap.map(abs, range(130), MapOptions(requirements="false", **options))
    until(lambda: len(ads(m)) == 101, "a hundred jobs are made, and the factory has the rest")

    m.set_memory(300)
    m.set_disk(2_000_000)
    schedd().act(htcondor2.JobAction.Remove, f'HTMapID == "{m._folder.map_id}" && ProcId < 30')

    until(lambda: 129 in ads(m), "the last job is made")
    asked = ads(m, "RequestMemory", "RequestDisk")
    assert set(asked.values()) == {(300, 2_000_000)}


def test_a_rerun_asks_for_what_was_set_last():
    m = htmap.map(abs, range(2), NEVER)
    schedd().act(htcondor2.JobAction.Remove, f'HTMapID == "{m._folder.map_id}"')
    m.wait(timeout=30, errors_ok=True)

    m.set_memory(200)
    other = run(f"htmap.load({m.tag!r}).set_memory(300)")  # there is nothing in the queue
    assert other.returncode == 0, other.stderr
    m.rerun([1])

    assert ads(m, "RequestMemory")[0] == (300,)


@pytest.mark.parametrize("value", [0, "2GB", 1.5, True])
def test_a_request_that_cannot_be_one_changes_nothing(value):
    m = htmap.map(abs, [1], NEVER)
    before = ads(m, "RequestMemory", "RequestDisk")

    for change in (m.set_memory, m.set_disk):
        with pytest.raises(exceptions.InvalidMapOption):
            change(value)

    assert ads(m, "RequestMemory", "RequestDisk") == before
    assert m._folder.requests == {}


def test_a_map_tells_the_memory_and_time_that_its_components_used():
    m = htmap.map(work, [0.1, 2.5])
    m.wait(timeout=60)

    assert 60 <= m.memory_usage[1] < 200
    # Of a job of a few seconds HTCondor may not have seen any.
    assert all(0 <= used.total_seconds() < 60 for used in m.runtime)
    m.rerun([1])
    assert m.memory_usage[1] == 0


# ---- the batch's name -----------------------------------------------------------------------


def test_a_new_tag_is_the_name_of_the_batch_in_the_queue_too():
    m = htmap.map(abs, range(130), NEVER)
    m.retag("new.name-é")
    assert {job["JobBatchName"] for job in jobs_here()} == {"new.name-é"}


def test_a_map_can_be_retagged_where_no_schedd_answers():
    m = htmap.map(abs, [1], NEVER, tag="old")

    other = run(
        "m = htmap.load('old'); m.retag('new'); print(m.tag)",
        _CONDOR_SCHEDD_HOST="127.0.0.1:9",
        _CONDOR_COLLECTOR_HOST="127.0.0.1:9",
    )

    assert other.stdout == "new\n", other.stderr
    assert htmap.get_tags() == ("new",)
    assert htmap.load("new") is m


# ---- several processes ----------------------------------------------------------------------

LOOK = """
m = htmap.load("busy")
print("ready", flush=True)
looks = 0
while not os.path.exists(os.environ["STOP"]):
    statuses = m.component_statuses
    assert len(statuses) == 6, statuses
    assert sum(map(len, m.components_by_status().values())) == 6
    assert set(m.errors) <= {1}, m.errors
    for i in range(6):
        try:
            assert m[i] == i, m[i]
        except htmap.exceptions.MapComponentError as error:
            assert error.component == i == 1, error
        except (htmap.exceptions.OutputNotFound, htmap.exceptions.MapComponentHeld):
            pass
    assert '"busy"' in htmap.status_json([m])
    looks += 1
good = [outcome.component for outcome in m.as_completed(timeout=60) if outcome.error is None]
print(looks > 0, sorted(good))
"""


def test_processes_that_look_at_a_map_see_the_truth_while_others_act_on_it(tmp_path):
    def all_but_one(x):
        if x == 1:
            raise ValueError(x)
        return x

    m = htmap.map(all_but_one, range(6), tag="busy")
    stop = tmp_path / "stop"
    lookers = [start(LOOK, STOP=str(stop)) for _ in range(2)]
    for looker in lookers:
        assert looker.stdout.readline() == "ready\n"
    m.hold()
    m.set_memory(64)
    m.release()
    m.wait(timeout=60, errors_ok=True)
    other = run("htmap.load('busy').rerun([1, 2, 3])")
    assert other.returncode == 0, other.stderr
    m.wait(timeout=60, errors_ok=True)
    stop.touch()
    said = [looker.communicate(timeout=60) for looker in lookers]

    assert [looker.returncode for looker in lookers] == [0, 0], said
    assert m.component_statuses == [
        ComponentStatus.ERRORED if i == 1 else ComponentStatus.COMPLETED for i in range(6)
    ]
    assert [out for out, _ in said] == ["True [0, 2, 3, 4, 5]\n"] * 2

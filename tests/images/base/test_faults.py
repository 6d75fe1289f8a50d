"""What happens to a pool whose parts are killed, and to the maps in it."""

import re

import pytest
from long_jobs import EVICTED, events, submit

# As pkill -x knows them: the kernel keeps fifteen letters of a name.
MASTERS = {
    "condor_collector", "condor_negotiator", "condor_procd", "condor_schedd", "condor_shared_port",
    "condor_startd",
}  # fmt: skip
#: What takes others with it, or has them come back: that may differ between versions.
HEADS = ["condor_master", "condor_schedd", "condor_startd", "supervisord"]
OTHERS = ["condor_shadow", "condor_starter", *sorted(MASTERS.difference(HEADS))]

MAKE = """\
import htmap, time
def slow(number):
    time.sleep(3)
    return 2 * number
htmap.map(slow, range(2), tag="m")
"""
RESULTS = """\
import htmap
m = htmap.load("m")
print(list(m), {status.name for status in m.component_statuses})
"""


def ids(running, name):
    return set(running.exec("pgrep", "-x", name[:15]).stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("name", HEADS)
def test_a_map_outlives_the_death_of(start, image, name):
    kill_in_a_map(start, image, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_a_map_outlives_the_death_of_another(start, default_image, name):
    kill_in_a_map(start, default_image, name)


def kill_in_a_map(start, image, name):
    running = start(image, "sleep", "infinity")
    running.output("htc-pool", "wait")
    running.output("python", "-c", MAKE)
    running.wait_until(lambda: len(ids(running, "condor_starter")) == 2)
    before = ids(running, name)
    assert before
    running.output("pkill", "-9", "-x", name[:15])

    running.wait_until(lambda: not before & ids(running, name))
    results = running.output("timeout", "100", "python", "-c", RESULTS)
    assert results == "[0, 2] {'COMPLETED'}"
    running.output("htc-pool", "wait")
    # Of each there is one again, and one only.
    running.wait_until(lambda: all(len(ids(running, daemon)) == 1 for daemon in MASTERS))
    running.wait_until(lambda: running.exec("condor_q", "-af", "ClusterId").stdout == "")
    said = running.logs().stderr
    if name == "supervisord":
        said = said.removeprefix("htc: supervisord was killed (signal 9): starting it again\n")
    assert said == ""


def test_a_container_whose_launcher_is_killed_ends_and_comes_back_with_its_queue(
    start, default_image
):
    running = start(default_image, "sleep", "infinity")
    submit(running, 1)
    # It may take the command that kills it along.
    running.exec("pkill", "-9", "-f", "htc-launch sleep")
    assert running.wait().code == 128 + 9

    running.container.start()
    running.output("htc-pool", "wait")
    assert running.output("condor_q", "-af", "JobStatus") in ("1", "2")


MAKE_TWENTY = MAKE.replace("range(2)", "range(20)").replace("sleep(3)", "sleep(1)")
TWENTY = str([2 * number for number in range(20)]) + " {'COMPLETED'}"


@pytest.fixture
def on_volume(volume):
    """Return the options of containers that share a home, with the pool's state in it."""
    return {
        "volumes": {volume: {"bind": "/home/jovyan", "mode": "rw"}},
        "environment": {"HTC_POOL_DIR": "/home/jovyan/pool"},
    }


@pytest.mark.slow
def test_a_map_in_a_container_that_is_killed_completes_in_the_next_one(on_volume, start, image):
    first = start(image, "sleep", "infinity", **on_volume)
    first.output("htc-pool", "wait")
    first.output("python", "-c", MAKE_TWENTY)
    ask = "import htmap; print([s.name for s in htmap.load('m').component_statuses])"
    first.wait_until(lambda: "COMPLETED" in first.output("python", "-c", ask))
    assert "IDLE" in first.output("python", "-c", ask)
    first.container.kill()

    second = start(image, "sleep", "infinity", **on_volume)
    assert second.output("timeout", "100", "python", "-c", RESULTS) == TWENTY


BROKEN = {"_CONDOR_LOG": "/proc/none"}


def test_a_pool_that_does_not_stay_up_is_given_up_and_the_notebook_stays(start, default_image):
    running = start(default_image, environment=BROKEN, may_say="Cannot open log file")
    running.wait_until(lambda: "given up" in running.logs().stderr, timeout=60)
    running.wait_until(lambda: "/lab?token=" in running.logs().stderr)
    said = running.logs().stderr
    assert re.findall("(?m)^htc: .*", said) == [
        "htc: the pool's master does not stay up: given up after it ended early 4 times in a row; "
        "`htc-pool start` tries again. The log is /tmp/htc-pool-jovyan/log/MasterLog"
    ]
    assert "--- /tmp/htc-pool-jovyan/condor_master.out\nERROR" in said
    for command in ("status", "wait"):
        answer = running.exec("htc-pool", command)
        assert answer.code == 1, answer
        assert "does not stay up" in answer.stdout + answer.stderr, answer


def test_a_pool_that_was_given_up_leaves_nothing_can_be_started_by_hand_and_stops_in_order(
    start, default_image
):
    running = start(default_image, "sleep", "infinity", environment={"HTC_POOL_STOP_TIMEOUT": "30"})
    running.output("htc-pool", "wait")

    def given_up():
        running.exec("pkill", "-9", "-x", "condor_master")
        return "given up" in running.logs().stderr

    running.wait_until(given_up, timeout=60)
    assert running.exec("pgrep", "condor").stdout == ""

    running.output("htc-pool", "start")
    submit(running, 1)
    running.stop(60)
    running.container.start()
    running.output("htc-pool", "wait")
    assert events(running, EVICTED) == 1


def test_a_command_whose_pool_was_given_up_runs_before_the_time_is_over(start, default_image):
    patient = {**BROKEN, "HTC_POOL_WAIT": "600"}
    ended = start(
        default_image, "echo", "hello", environment=patient, may_say="Cannot open log file"
    ).wait()
    assert (ended.code, ended.stdout) == (0, "hello\n"), ended
    assert ended.stderr.count("given up") == 1, ended

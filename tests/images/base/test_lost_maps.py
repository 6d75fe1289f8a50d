"""Maps whose jobs vanished together with the pool's queue."""

import json

import pytest

# What the scripts below, which run in the container, have in common.
TOOLS = """
import json, os, subprocess, time
import htmap

def when(path):
    import os, time
    while not os.path.exists(path):
        time.sleep(0.05)
    return "seen"

def sh(command):
    subprocess.run(command, shell=True, check=True, capture_output=True)

def tell(*about):
    print(json.dumps(about), flush=True)

def until(ready):
    end = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < end, [m.status() for m in htmap.load_maps()]
        time.sleep(0.05)

def make(tag, *paths):
    return htmap.map(when, paths, tag=tag, quiet=True)

def cluster(map_):
    return map_._folder.runs()[-1].cluster
"""


def run(running, script):
    """Run a script in the container; return what it told, line by line."""
    return list(map(json.loads, running.output("python", "-c", TOOLS + script).splitlines()))


HERE, GONE = "/etc/hostname", "/home/jovyan/gate"
QUEUE = "/tmp/htc-pool-jovyan/spool/job_queue.log"

LIVES_THROUGH_IT = f"""
m = make("old", {HERE!r}, {GONE!r}, {GONE!r}, {GONE!r})
m.get(0, timeout=60)
sh("condor_rm 1.3")
until(lambda: m.component_statuses[1] == "RUNNING" and m.component_statuses[3] == "REMOVED")

sh("htc-pool stop")
tell("stopped", "LOST" in m.status())
sh("htc-pool start")
tell("started again", "LOST" in m.status(), "LOST" in subprocess.getoutput("htmap status"))
m.hold()
until(lambda: m.component_statuses.count("HELD") == 2)  # a shadow that starts may be slow to say so
tell(*m.component_statuses)
m.release()
until(lambda: m.component_statuses[1] == "RUNNING")

waiting = subprocess.Popen(["htmap", "wait", "old"], stderr=subprocess.PIPE)
waiting.stderr.readline()
sh("htc-pool stop; rm {QUEUE}")
tell("without its queue", "LOST" in m.status())
sh("htc-pool start")
tell("with another queue", *m.component_statuses)
for wait in (m.wait, lambda: m.get(1), lambda: list(m)):
    try:
        wait()
    except htmap.exceptions.MapComponentLost as error:
        tell(error.component, "vanished" in error.report)
tell("the wait", waiting.wait(timeout=60))
"""

AFTERWARDS = f"""
m = htmap.load("old")
tell(*m.component_statuses)
m.rerun("LOST")
tell(cluster(m))
until(lambda: m.component_statuses[1] == "RUNNING")
open({GONE!r}, "w").close()
tell(m.get(1, timeout=60), m.get(2, timeout=60), *m.component_statuses)
"""


def test_a_map_knows_when_its_jobs_vanished_and_one_call_runs_them_again(start, image):
    notebook = start(image, "sleep", "600")
    notebook.output("htc-pool", "wait")

    assert run(notebook, LIVES_THROUGH_IT) == [
        ["stopped", False],
        ["started again", False, False],
        ["COMPLETED", "HELD", "HELD", "REMOVED"],
        ["without its queue", False],
        ["with another queue", "COMPLETED", "LOST", "LOST", "REMOVED"],
        *[[1, True]] * 3,
        ["the wait", 1],
    ]

    waited = notebook.exec("htmap", "wait", "old")
    assert waited.code == 1
    assert "ERROR: map old: of 4 components 1 REMOVED, 2 LOST." in waited.stderr
    report = notebook.output("htmap", "errors", "old", "--limit", "1")
    assert "job_queue.log" in report
    assert 'Map.rerun("LOST")' in report
    counts = json.loads(notebook.output("htmap", "status", "--format", "json"))
    assert counts["old"]["component_status_counts"]["lost"] == 2

    # The new queue counts from 1 again, so the second run gets the number of the first.
    assert run(notebook, AFTERWARDS) == [
        ["COMPLETED", "LOST", "LOST", "REMOVED"],
        [1],
        ["seen", "seen", "COMPLETED", "COMPLETED", "COMPLETED", "REMOVED"],
    ]


BEFORE = f"""
m = make("old", {GONE!r}, {GONE!r}, {GONE!r})
until(lambda: m.component_statuses[0] == "RUNNING")
tell(cluster(m))
"""

IN_THE_NEXT_CONTAINER = f"""
new = make("new", {GONE!r})
old = htmap.load("old")
tell(cluster(new), cluster(old), *old.component_statuses)
until(lambda: new.component_statuses[0] == "RUNNING")

old.hold(), old.release()
tell(*old.component_statuses, *new.component_statuses)

old.rerun([0])
old.hold()
tell(*old.component_statuses, *new.component_statuses)
old.release()
sh("htmap remove old")
tell(subprocess.getoutput("htmap tags"), *new.component_statuses)
open({GONE!r}, "w").close()
tell(new.get(0, timeout=60))
"""


@pytest.fixture
def home(volume):
    """Return the options of containers that have one home, and a pool of their own each."""
    return {
        "environment": {"HTC_POOL_DIR": "/tmp/own-pool"},
        "volumes": {volume: {"bind": "/home/jovyan", "mode": "rw"}},
    }


def test_what_is_done_to_a_lost_map_does_nothing_to_another_that_has_its_cluster_s_number(
    home, start, image
):
    first = start(image, "sleep", "600", **home)
    first.output("htc-pool", "wait")
    assert run(first, BEFORE) == [[1]]
    first.container.kill()

    second = start(image, "sleep", "600", **home)
    second.output("htc-pool", "wait")
    assert run(second, IN_THE_NEXT_CONTAINER) == [
        [1, 1, "LOST", "LOST", "LOST"],
        ["LOST", "LOST", "LOST", "RUNNING"],
        ["HELD", "LOST", "LOST", "RUNNING"],
        ["new", "RUNNING"],
        ["seen"],
    ]


IN_ANOTHER_CONTAINER = """
import htmap.handle
htmap.handle._SILENCE = 0.5
m = htmap.load("old")
try:
    m.wait(timeout=2)
except htmap.exceptions.TimeoutError:
    tell(*m.component_statuses)
"""


def test_a_map_is_not_lost_because_another_container_on_the_same_home_has_its_pool(
    home, start, default_image
):
    keeps = {**home, "environment": {"HTC_POOL_DIR": "/home/jovyan/pool"}}
    first = start(default_image, "sleep", "600", **keeps)
    first.output("htc-pool", "wait")
    assert run(first, BEFORE) == [[1]]

    second = start(default_image, "sleep", "600", **home)
    second.output("htc-pool", "wait")
    seen = run(second, IN_ANOTHER_CONTAINER)
    assert set(seen[0]) == {"RUNNING", "IDLE"} or set(seen[0]) == {"RUNNING"}, seen

    # Nor while nobody has it.
    first.stop()
    seen = run(second, IN_ANOTHER_CONTAINER)
    assert seen == [["IDLE"] * 3]

"""A map of many components a job, whose pool is stopped and started in its middle."""

import json

SCRIPT = """
import collections, json, os, subprocess, time
import htmap

CALLS, GATE = "/home/jovyan/calls", "/home/jovyan/gate"

def double(x):
    import os, time
    calls = os.open(CALLS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(calls, b"%d\\n" % x)
    os.close(calls)
    while x % 1000 == 500 and not os.path.exists(GATE):
        time.sleep(0.05)
    return 2 * x

def called():
    return collections.Counter(map(int, open(CALLS).read().split()))

def until(ready):
    end = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < end, m.status()
        time.sleep(0.05)

m = htmap.map(double, range(10_000), chunksize=1000, quiet=True)
# As many jobs as there are slots have done half of their work.
until(lambda: os.path.exists(CALLS) and {500, 1500} <= called().keys())
for command in ("stop", "start"):
    subprocess.run(["htc-pool", command], check=True, capture_output=True)
began = called()
open(GATE, "w").close()
results = list(m.iter(timeout=120))
again = sorted(x for x, calls in called().items() if calls > 1)
print(json.dumps([results == [2 * x for x in range(10_000)], len(began), again]))
"""


def test_a_pool_that_is_restarted_runs_nothing_again_that_was_done(start, image):
    """Only what was running at that moment begins anew, as every job of HTCondor does."""
    notebook = start(image, "sleep", "600", environment={"_CONDOR_NUM_CPUS": "2"})
    notebook.output("htc-pool", "wait")

    are_right, begun, again = json.loads(notebook.output("python", "-c", SCRIPT))

    assert are_right
    assert begun >= 1002
    assert again == [500, 1500]

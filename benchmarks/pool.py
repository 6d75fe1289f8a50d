"""The pool that a benchmark runs on: what it is, and when nothing is left of what ran before."""

import contextlib
import os
import platform
import time

import htcondor2

from htmap import __version__


def about():
    """Return what was measured on, and how busy it is now."""
    collector = htcondor2.Collector()
    (schedd,) = collector.query(htcondor2.AdTypes.Schedd, projection=["CondorVersion"])
    slots = collector.query(
        htcondor2.AdTypes.Startd, constraint="PartitionableSlot", projection=["TotalSlotCpus"]
    )
    return {
        "date": time.strftime("%F %R UTC", time.gmtime()),
        "load": round(os.getloadavg()[0], 2),
        "cores": os.cpu_count(),
        "slots": sum(slot["TotalSlotCpus"] for slot in slots),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "daemons": schedd["CondorVersion"].split()[1],
        "bindings": htcondor2.version().split()[1],
        "htmap": __version__,
    }


def empty(seconds=60):
    """Remove all jobs, and wait until they are gone."""
    schedd = htcondor2.Schedd()

    def is_empty():
        # The second time for those, like Parsl's, that stay in the queue when they were removed.
        for action in htcondor2.JobAction.Remove, htcondor2.JobAction.RemoveX:
            schedd.act(action, "true", reason="the benchmark goes on")
        return not schedd.query(projection=["ClusterId"])

    _until(is_empty, seconds, "there are jobs")


def cool(seconds=120):
    """Wait until no slot is claimed, and the collector can know that all of the pool is free.

    For as long as `keep_claim_idle` says, a slot is claimed after the last job that used it. What
    the collector knows of a slot that has been freed may be seconds old.
    """
    collector = htcondor2.Collector()

    def has(constraint):
        return collector.query(htcondor2.AdTypes.Startd, constraint=constraint, projection=["Name"])

    _until(lambda: not has('State == "Claimed"'), seconds, "a slot is claimed")
    with contextlib.suppress(SystemExit):
        _until(lambda: not has("PartitionableSlot && Cpus < TotalSlotCpus"), 10, "it is not free")


def _until(is_so, seconds, otherwise):
    deadline = time.monotonic() + seconds
    while True:
        # A daemon may be too busy to answer in time.
        with contextlib.suppress(htcondor2.HTCondorException):
            if is_so():
                return
        if time.monotonic() > deadline:
            raise SystemExit(f"after {seconds} s {otherwise} still")
        time.sleep(0.2)

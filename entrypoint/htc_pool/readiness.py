"""Whether the pool takes jobs: its schedd answers and a slot is there."""

import os
import time

from htc_pool import supervisor


class NotReadyError(Exception):
    """Why the pool is not ready; its text is a whole sentence."""


def slots(directory):
    """Return the slots that the pool offers, or none as long as it would not run a job.

    Returns
    -------
    list of ClassAd
        One advertisement a slot that jobs can be matched with.
    """
    # Asking costs a few milliseconds of processor time, and nothing before there is a collector.
    if not os.path.exists(os.path.join(directory, "log", ".collector_address")):
        return []
    import htcondor2

    try:
        ads = htcondor2.Collector().query(
            htcondor2.AdType.Startd, "DynamicSlot =!= true", ["Name", "TotalCpus", "TotalMemory"]
        )
        if ads:
            htcondor2.Schedd().query("false", ["ClusterId"])
    except htcondor2.HTCondorException:
        return []
    return ads


def wait(directory, seconds):
    """Wait until the pool takes jobs.

    Raises
    ------
    NotReadyError
        If it does not within `seconds`, or nobody starts it.
    """
    began = time.monotonic()
    next_look = began + 3
    while True:
        ads = slots(directory)
        if ads:
            return ads
        now = time.monotonic()
        if now >= next_look:
            if why := not_coming(directory):
                raise NotReadyError(why)
            next_look = now + 1
        if now - began >= seconds:
            raise NotReadyError(f"the pool was not ready within {seconds:g} s")
        time.sleep(0.05)


def not_coming(directory):
    """Return why waiting for the pool is in vain, as a sentence, or "" if it is not."""
    if not supervisor.wake(directory):
        return supervisor.gave_up(directory)
    if supervisor.program_state(directory) == "STOPPED":
        return "the pool is stopped: `htc-pool start` starts it"
    return ""


def describe(ads):
    """Say in a few words what `ads` offer."""
    cpus = sum(int(ad.get("TotalCpus", 0)) for ad in ads)
    memory = sum(int(ad.get("TotalMemory", 0)) for ad in ads)
    return f"{cpus} CPUs, {memory} MB"


def log_tails(directory, lines=8):
    """Return the last lines of the logs that tell why a pool does not start."""
    texts = []
    for name in ("supervisord.out", "supervisord.log", "condor_master.out", "log/MasterLog"):
        path = os.path.join(directory, name)
        try:
            with open(path, "rb") as file:
                file.seek(max(0, os.path.getsize(path) - 8192))
                tail = file.read().decode(errors="replace").splitlines()[-lines:]
        except OSError:
            continue
        if tail:
            texts.append("\n".join([f"--- {path}", *tail]))
    return "\n".join(texts)

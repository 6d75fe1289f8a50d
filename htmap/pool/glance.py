"""How busy a pool is, at one glance: few enough questions that they may be asked all day."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from htmap.pool import identity, queue, reach
from htmap.pool.refusals import collector as asked_collector
from htmap.pool.refusals import explained
from htmap.pool.schedd import is_local, locate
from htmap.settings import settings

# A cluster whose jobs the schedd has yet to make.
_FACTORY = "ProcId =?= undefined && JobMaterializeNextProcId =!= undefined"


class Jobs(NamedTuple):
    """The jobs of this user in a schedd's queue.

    Attributes
    ----------
    schedd, address : str
        The schedd's name in its pool; host and port.
    running, waiting, held : int
        How many of them do what. Those that the schedd has yet to make are waiting, too.
    """

    schedd: str
    address: str
    running: int
    waiting: int
    held: int


class Cores(NamedTuple):
    """The cores of a pool: how many there are, and how many of them work."""

    total: int
    busy: int


def jobs() -> Jobs:
    """Count this user's jobs, whatever submitted them.

    The schedd counts; no job's ad is sent. (HTCondor's manual, "condor_q", ``-totals``.)

    Raises
    ------
    NoScheduler, SchedulerRefused, DaemonFailed
        If the schedd cannot be had.

    Examples
    --------
    >>> jobs().waiting  # doctest: +SKIP
    12
    """
    import htcondor2

    schedd = locate()
    whose = _whose()
    doing = "counting the jobs in its queue"
    # Together with the option for one's own jobs, DefaultMyJobsOnly, the bindings give nothing.
    counted = schedd.call(
        lambda target: target.query(whose, ["ClusterId"], opts=htcondor2.QueryOpts.SummaryOnly),
        doing,
        is_query=True,
    )
    count: dict[str, Any] = dict(counted[0]) if counted else {}
    waiting = int(count.get("Idle", 0))
    if waiting:  # while none waits, a schedd makes more of those that it has yet to make
        waiting += schedd.call(lambda target: _yet_to_be_made(target, whose), doing, is_query=True)
    return Jobs(
        schedd.name,
        reach.plain(schedd.address),
        int(count.get("Running", 0)),
        waiting,
        int(count.get("Held", 0)),
    )


def _whose() -> str:
    """Return which jobs are this user's: by the names in their tokens; on this machine all are."""
    names = {
        subject.partition("@")[0]
        for file in identity.look(identity.directory())
        if not file.problem
        for subject in file.identities
    }
    if is_local() or not names:
        return "true"
    return " || ".join(f'Owner == "{name}"' for name in sorted(names))


def _yet_to_be_made(target: Any, whose: str) -> int:
    import htcondor2

    factories = target.query(
        f"{_FACTORY} && ({whose})",
        [*queue.OF_FACTORIES],
        opts=htcondor2.QueryOpts.IncludeClusterAd,
    )
    return queue.yet_to_be_made(factories)


def cores() -> Cores | None:
    """Count the cores of this machine's pool.

    Returns
    -------
    Cores or None
        None for a pool elsewhere: its collector has better to do than to send all its slots to
        everybody who looks.

    Raises
    ------
    NoScheduler, SchedulerRefused, DaemonFailed
        If the collector cannot be had.
    """
    import htcondor2

    if not is_local():
        return None
    began = time.monotonic()
    wanted = ["Cpus", "TotalSlotCpus", "DynamicSlot", "PartitionableSlot", "Activity"]
    try:
        slots = htcondor2.Collector().query(htcondor2.AdType.Startd, "Cpus =!= undefined", wanted)
    except (htcondor2.HTCondorException, OSError) as error:
        asked = asked_collector(settings["HTCONDOR.COLLECTOR"])
        raise explained(error, "counting the pool's cores", asked, began) from error
    total = sum(int(slot["TotalSlotCpus"]) for slot in slots if not slot.get("DynamicSlot"))
    busy = sum(
        int(slot["Cpus"])
        for slot in slots
        if not slot.get("PartitionableSlot") and slot.get("Activity") == "Busy"
    )
    return Cores(total, min(busy, total))

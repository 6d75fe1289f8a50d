"""What the pool offers, against what jobs ask for: which part of a request excludes which slots.

A job and a slot match if the ``Requirements`` of each are true of the other. (HTCondor's manual,
"Matchmaking with ClassAds".) Each part of the job's, joined by *and*, is asked on its own of every
slot as it is when nothing runs in it, so that a slot which is only busy does not count as excluded.
"""

from __future__ import annotations

import functools
import itertools
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from htmap.pool import queue
from htmap.pool.job_status import JobStatus
from htmap.pool.refusals import collector as asked_collector
from htmap.pool.refusals import explained
from htmap.pool.schedd import locate
from htmap.pool.spool import SPOOLING
from htmap.settings import settings
from htmap.store.state import State

#: What a job asks for that a slot has an amount of.
RESOURCES = ("Cpus", "Memory", "Disk", "GPUs")
_REQUESTS = tuple(f"Request{resource}" for resource in RESOURCES)
_AMOUNTS = {resource.lower() for resource in RESOURCES}
_SLOTS = 'MyType == "Machine"'
_BROKEN = "SlotBrokenReason"
_LOOKED_AT = [
    "ClusterId", "ProcId", "HTMapRun", "component", "JobStatus", "HoldReasonCode",
    "Requirements", "QDate", *_REQUESTS,
]  # fmt: skip


class Condition(NamedTuple):
    """A part of what jobs ask for.

    Attributes
    ----------
    text : str
        The expression, as HTCondor has it, or what the slots themselves demand.
    met_by : int
        How many slots meet it.
    most : dict
        For an amount that is asked for, the most that any slot has; by resource.
    values : dict
        For whatever else is asked of a slot, the different values that slots have of it, as
        HTCondor writes them; by the name of the attribute.
    """

    text: str
    met_by: int
    most: dict[str, float]
    values: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class Request(NamedTuple):
    """What some components ask for, all of them the same.

    Attributes
    ----------
    components : tuple of int
        Which of them.
    held : int
        How many of these are held, and would ask once they are released.
    amounts : dict
        Resource (``Cpus``, ``Memory`` in MB, ``Disk`` in KB, ``GPUs``) to how much of it.
    conditions : tuple of Condition
        The parts of their requirements.
    could_run : int
        How many slots could run them if nothing else ran there.
    could_run_now : int
        How many could at this moment.
    submitted : int
        When the last of them was, in seconds since the epoch.
    """

    components: tuple[int, ...]
    held: int
    amounts: dict[str, float]
    conditions: tuple[Condition, ...]
    could_run: int
    could_run_now: int
    submitted: int


class Offer(NamedTuple):
    """What a pool has.

    Attributes
    ----------
    slots : int
        How many slots, each counted whole: not the parts that a job has been given of one.
    machines : int
        On how many machines.
    totals : dict
        Resource to the sum over the slots.
    negotiated : int or None
        When the negotiator last began to look for matches, in seconds since the epoch; None where
        there is none or it has not yet.
    broken : tuple of str
        Why slots offer nothing (``SlotBrokenReason``, which HTCondor 25 and later say).
    """

    slots: int
    machines: int
    totals: dict[str, float]
    negotiated: int | None
    broken: tuple[str, ...] = ()


def compare(map_id: str, state: State) -> tuple[Offer, list[Request], int]:
    """Compare what a map's waiting jobs ask for with what the pool offers.

    Parameters
    ----------
    map_id : str
    state : State
        The map's, which knows the components of each job.

    Returns
    -------
    Offer, list of Request, int
        What the pool has, what the jobs in the queue that do not run ask for, and how many jobs are
        still to be made by the schedd.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd or the collector cannot be had.
    """
    jobs, unmade = _waiting(map_id)
    slots, negotiated = _pool()
    whole = [_emptied(slot) for slot in slots if not slot.get("DynamicSlot")]
    totals = {name: sum(_amount(slot, name) for slot in whole) for name in RESOURCES}
    machines = len({str(slot.get("Machine")) for slot in whole})
    requests = [_request(same, state, whole, slots) for same in _alike(jobs)]
    broken = {str(slot[_BROKEN]) for slot in slots if _BROKEN in slot}
    return Offer(len(whole), machines, totals, negotiated, tuple(sorted(broken))), requests, unmade


def places(cores: int) -> int:
    """Return how many jobs of so many cores all slots of the pool could run if nothing else ran.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the collector cannot be had.
    """
    slots, _ = _pool()
    whole = (_emptied(slot) for slot in slots if not slot.get("DynamicSlot"))
    return sum(
        int(_amount(slot, "Cpus")) // cores
        if slot.get("PartitionableSlot")
        else int(_amount(slot, "Cpus") >= cores)
        for slot in whole
    )


def _waiting(map_id: str) -> tuple[list[Any], int]:
    import htcondor2

    of_map = f'HTMapID == "{map_id}"'
    schedd = locate()
    doing = f"looking for the jobs of the map {map_id}"
    ads = schedd.call(
        lambda target: target.query(
            of_map, [*_LOOKED_AT, *queue.OF_FACTORIES],
            opts=htcondor2.QueryOpts.IncludeClusterAd,
        ), doing,
    )  # fmt: skip
    unmade = queue.yet_to_be_made(ad for ad in ads if "ProcId" not in ad)
    waiting = [
        ad for ad in ads if "ProcId" in ad and ad["JobStatus"] in (JobStatus.IDLE, JobStatus.HELD)
    ]
    for same in _alike(waiting):
        # The whole ad, for what the slots ask of a job; one stands for all that ask for the same.
        one = f"ClusterId == {same[0]['ClusterId']} && ProcId == {same[0]['ProcId']}"
        question = functools.partial(_whole_ad, constraint=f"{of_map} && {one}")
        same[0].update(schedd.call(question, doing))
    return waiting, unmade


def _whole_ad(target: Any, constraint: str) -> Any:
    found = target.query(constraint)
    return found[0] if found else {}  # it may have left meanwhile


def _is_held(ad: Any) -> bool:
    """Tell whether a job is held, and not only for want of inputs that are arriving."""
    return bool(ad["JobStatus"] == JobStatus.HELD and ad.get("HoldReasonCode") != SPOOLING)


def _alike(jobs: Iterable[Any]) -> list[list[Any]]:
    """Return jobs in groups that ask for the same."""
    groups: dict[tuple[str, ...], list[Any]] = {}
    for job in jobs:
        key = tuple(str(job.get(name)) for name in ("Requirements", *_REQUESTS))
        groups.setdefault(key, []).append(job)
    return list(groups.values())


def _pool() -> tuple[list[Any], int | None]:
    import htcondor2

    where = settings["HTCONDOR.COLLECTOR"] or None
    began = time.monotonic()
    try:
        collector = htcondor2.Collector(where) if where else htcondor2.Collector()
        slots = collector.query(htcondor2.AdType.Startd, _SLOTS)
        negotiators = collector.query(
            htcondor2.AdType.Negotiator, projection=["LastNegotiationCycleTime0"]
        )
    except (htcondor2.HTCondorException, OSError) as error:
        doing = "asking the collector what the pool offers"
        raise explained(error, doing, asked_collector(where), began) from error
    times = [ad.get("LastNegotiationCycleTime0") for ad in negotiators]
    known = [int(time) for time in times if isinstance(time, int)]
    return list(slots), max(known, default=None)


def _emptied(slot: Any) -> Any:
    """Return a slot as it is when nothing runs in it."""
    whole = _copy(slot)
    for name in RESOURCES:
        total = slot.get(f"TotalSlot{name}")
        if slot.get("PartitionableSlot") and isinstance(total, (int, float)):
            whole[name] = total
    return whole


def _copy(ad: Any) -> Any:
    import classad2

    return classad2.ClassAd(str(ad))


def _amount(ad: Any, name: str) -> float:
    try:
        value = ad.eval(name)
    except Exception:  # the bindings raise several; what cannot be evaluated is no amount
        return 0
    return float(value) if isinstance(value, (int, float)) else 0


def conditions(job: Any, whole: list[Any]) -> tuple[Condition, ...]:
    """Return the parts of what a job asks for, and what the slots ask of it.

    Parameters
    ----------
    job : classad2.ClassAd
    whole : list of classad2.ClassAd
        The slots, as they are when nothing runs in them.
    """
    import classad2

    job = _copy(job)
    requirements = str(job.get("Requirements", "true"))
    found = []
    for clause in clauses(requirements):
        job["Requirements"] = classad2.ExprTree(clause)
        met = sum(slot.matches(job) for slot in whole)
        names = [name for name in RESOURCES if f"request{name}".lower() in clause.lower()]
        most = {name: max((_amount(slot, name) for slot in whole), default=0) for name in names}
        found.append(Condition(clause, met, most, _values(clause, whole)))
    job["Requirements"] = classad2.ExprTree(requirements)
    return (*found, Condition(THEIR_OWN, sum(job.matches(slot) for slot in whole), {}))


def _request(jobs: list[Any], state: State, whole: list[Any], slots: list[Any]) -> Request:
    job = _copy(jobs[0])
    components = {int(each["component"]): _components(each, state) for each in jobs}
    return Request(
        components=tuple(sorted(itertools.chain.from_iterable(components.values()))),
        held=sum(len(components[int(each["component"])]) for each in jobs if _is_held(each)),
        amounts={name: _amount(job, f"Request{name}") for name in RESOURCES},
        conditions=conditions(job, whole),
        could_run=sum(slot.matches(job) and job.matches(slot) for slot in whole),
        could_run_now=sum(
            slot.matches(job) and job.matches(slot) and slot.get("State") == "Unclaimed"
            for slot in slots
        ),
        submitted=max(int(each.get("QDate", 0)) for each in jobs),
    )


def _values(clause: str, slots: list[Any]) -> dict[str, tuple[str, ...]]:
    """Return what slots have of the attributes that a clause looks at, but for amounts."""
    asked = dict.fromkeys(re.findall(r"\bTARGET\.(\w+)", clause, re.IGNORECASE))
    return {
        name: tuple(sorted({str(slot.lookup(name)) for slot in slots if name in slot}))
        for name in asked
        if name.lower() not in _AMOUNTS
    }


def _components(job: Any, state: State) -> Sequence[int]:
    """Return the components that a job runs, of which its ad names the first."""
    found = state.components((int(job["HTMapRun"]), int(job["ProcId"])))
    return found or [int(job["component"])]  # another process has just run them again


#: Stands for what the slots' own START expression and limits ask of a job.
THEIR_OWN = "what the slots' own policy (START) and size allow"

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|&&|\|\||[?()\[\]{}]|.', re.DOTALL)


def clauses(expression: str) -> list[str]:
    """Return the parts of an expression that are joined by *and*, each without outer parentheses.

    Examples
    --------
    >>> clauses('(A && (B || C)) && D == "x && y"')
    ['A', 'B || C', 'D == "x && y"']
    """
    expression = expression.strip()
    if _is_enclosed(expression):
        return clauses(expression[1:-1])
    parts, depth = [""], 0
    for token in _TOKEN.findall(expression):
        depth += (token in "([{") - (token in ")]}")
        if depth == 0 and token in ("||", "?"):
            return [expression]  # these bind less than `and` does
        if depth == 0 and token == "&&":
            parts.append("")
        else:
            parts[-1] += token
    if len(parts) == 1:
        return [expression]
    return [clause for part in parts for clause in clauses(part)]


def _is_enclosed(expression: str) -> bool:
    """Tell whether an expression is one pair of parentheses and what is between them."""
    if not (expression.startswith("(") and expression.endswith(")")):
        return False
    depth, tokens = 0, _TOKEN.findall(expression)
    for position, token in enumerate(tokens):
        depth += (token == "(") - (token == ")")
        if depth == 0:
            return position == len(tokens) - 1
    return False

"""How the components of a job ended, by the index of its output pack."""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import operator
import os
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from htmap.execute import packs
from htmap.statuses import ComponentStatus
from htmap.store.run import Run
from htmap.store.state import State
from htmap.store.timings import Timing
from htmap.store.told import Ending

# What is read at once: all of the pack of a job with one small result.
_FIRST_READ = 64 * 1024

_WITH_BUFFERS = packs.RESULT | packs.WITH_BUFFERS
# From kinds of records to whether a component has ended with one, and whether it returned.
_IS_END = bytes(kind in (packs.RESULT, _WITH_BUFFERS, packs.ERROR) for kind in range(256))
_IS_RESULT = bytes(kind in (packs.RESULT, _WITH_BUFFERS) for kind in range(256))


class Endings(NamedTuple):
    """How the components of a job ended.

    Attributes
    ----------
    kinds : bytes
        For each, :data:`packs.RESULT` (maybe with buffers), :data:`packs.ERROR`, or 0 where it left
        no record.
    cpu : array of float, or None
        Seconds of processor time of each; None where there are no records.
    timing : Timing
        How long those that returned took.
    running : int or None
        The component that was running when the job ended: the first that left no record of its
        end, as they run in order; None where all did, or there is no pack.
    """

    kinds: bytes
    cpu: array[float] | None = None
    timing: Timing = Timing()
    running: int | None = None


def endings(path: Path, components: Sequence[int]) -> Endings:
    """Return how components ended, by their job's output pack, without unpickling anything.

    A pack that is damaged, cut off or gone tells of those whose records can be found.

    Parameters
    ----------
    path : Path
    components : sequence of int
        Those of the job.
    """
    try:
        index = _index(path)
    except (OSError, packs.DamagedPackError):
        return Endings(bytes(len(components)))
    kinds = index.kinds.tobytes()
    ended, walls = index.components, index.walls
    cpu: Any = index.cpus
    is_end = kinds.translate(_IS_END)
    if 0 in is_end:
        ended, cpu = (_those(values, is_end) for values in (ended, cpu))
    if 0 in (is_result := kinds.translate(_IS_RESULT)):
        walls = _those(walls, is_result)
    if not ended:
        return Endings(bytes(len(components)), running=next(iter(components), None))
    ends = bytes(itertools.compress(kinds, is_end)) if 0 in is_end else kinds
    timing = Timing(len(walls), sum(walls), max(walls, default=0.0))
    if ended == array("I", components):
        return Endings(ends, cpu, timing)
    # Some have no record, or one that is about the whole job: the last of a component counts.
    last = dict(zip(ended, zip(ends, cpu, strict=True), strict=True))
    nothing = last.get(packs.ALL_COMPONENTS, (0, 0.0))
    found = list(map(last.get, components, itertools.repeat(nothing)))
    ends = bytes(map(operator.itemgetter(0), found))
    cpu = array("f", map(operator.itemgetter(1), found))
    return Endings(ends, cpu, timing, components[ends.index(0)] if 0 in ends else None)


def spent(path: Path, components: Sequence[int]) -> tuple[array[float], array[float]]:
    """Return the seconds that components took, by the clock and of processor time.

    Parameters
    ----------
    path : Path
        Of their job's output pack.
    components : sequence of int

    Returns
    -------
    array of float, array of float
        NaN for those of which the pack does not tell: their process ended, or it is damaged.
    """
    try:
        index = _index(path)
    except (OSError, packs.DamagedPackError):
        index = packs.Index()
    is_end = index.kinds.tobytes().translate(_IS_END)
    times = zip(index.walls, index.cpus, strict=True)
    # What took no time at all was never called.
    known = {
        component: time
        for component, time in itertools.compress(zip(index.components, times, strict=True), is_end)
        if time[0]
    }
    found = list(map(known.get, components, itertools.repeat((math.nan, math.nan))))
    return (
        array("f", map(operator.itemgetter(0), found)),
        array("f", map(operator.itemgetter(1), found)),
    )


def _those(values: array[Any], mask: bytes) -> array[Any]:
    return array(values.typecode, itertools.compress(values, mask))


def _index(path: Path) -> packs.Index:
    # Most packs are small, and one of them ends with each job: they are read at once.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        start = os.read(descriptor, _FIRST_READ)
    finally:
        os.close(descriptor)
    if len(start) < _FIRST_READ and (index := packs.index_of(start)) is not None:
        return index
    with packs.PackReader(path) as pack:
        with contextlib.suppress(packs.DamagedPackError):
            return pack.index
        index = packs.Index()
        with contextlib.suppress(packs.DamagedPackError):
            for at in pack.records():
                index.add(at.component, at.kind, at.offset, at.wall, at.cpu)
        return index


def close(
    state: State,
    run: Run,
    job: int,
    without: ComponentStatus,
    ending: Ending,
    cpu: float | None = None,
) -> None:
    """Give the components of a job that has ended the status that their output tells.

    Parameters
    ----------
    state : State
    run, job : Run, int
    without : ComponentStatus
        The status of those that left no record.
    ending : Ending
        How the job ended, for the reports of these.
    cpu : float, optional
        Seconds of processor time that the job took, as far as HTCondor knows.
    """
    components = run.components_of(job)
    found = endings(run.output(job), components)
    codes = found.kinds.translate(_codes(without))
    if len(components) > 1:
        ending = ending._replace(running=found.running)
    state.close(run, job, codes, ending if 0 in found.kinds else None)
    if len(components) > 1 and found.cpu is not None:
        state.spend(run, job, found.cpu)
    elif cpu is not None and components:
        # Those that share a job share its time, where they do not tell their own.
        state.spend(run, job, array("f", [cpu / len(components)]) * len(components))
    if found.timing.components:
        state.timing = state.timing.plus(found.timing)


@functools.cache
def _codes(without: ComponentStatus) -> bytes:
    """Return the table that makes codes of statuses of kinds of records."""
    table = bytearray(256)
    table[0] = without.code
    table[packs.RESULT] = table[_WITH_BUFFERS] = ComponentStatus.COMPLETED.code
    table[packs.ERROR] = ComponentStatus.ERRORED.code
    return bytes(table)

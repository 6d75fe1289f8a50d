"""The numbers that pictures of a map show, few enough to draw however many components there are."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from htmap.component_times import ComponentTimes
from htmap.dataframe import host_of
from htmap.display.palette import LOOKS
from htmap.extras import require
from htmap.results import MapResults
from htmap.statuses import ComponentStatus

# Of a map of any size: the bars of a timeline, of a histogram, and the points of a line.
_BARS, _BINS, _POINTS = 5_000, 60, 500


class Bars(NamedTuple):
    """The bars of a timeline: arrays with an item for each.

    Attributes
    ----------
    lane : array of int
        Which line each is on: a slot's. Those of a host are next to each other.
    start, end : array of float
        Seconds since the epoch.
    status : list of ComponentStatus
    hosts : dict
        Host to its lanes, a range.
    """

    lane: Any
    start: Any
    end: Any
    status: list[ComponentStatus]
    hosts: dict[str, range]


class Histogram(NamedTuple):
    """How many components are in each bin: an array of counts for each status, and the edges."""

    edges: Any
    counts: dict[ComponentStatus, Any]


class History(NamedTuple):
    """How many components had each status when: an array of counts for each, and the times."""

    times: Any
    counts: dict[ComponentStatus, Any]


class Numbers:
    """What pictures of a map show of it as it is now.

    Parameters
    ----------
    map_ : Map
    """

    def __init__(self, map_: MapResults) -> None:
        self._np = require("numpy", "a plot")
        times = ComponentTimes(map_)
        state = map_._tracker.state
        array = self._np.asarray
        self.tag = map_.tag
        self._codes = array(bytearray(state.codes))
        self._times = times
        self.submitted, self.started = array(times.submitted), array(times.started)
        self.ended, self.since = array(times.ended), array(times.since)
        self.now = time.time() if state.unfinished else self._latest()
        self._memory = array(state.memory, dtype=float)

    def _latest(self) -> float:
        latest = [self._np.nanmax(each) for each in self._known(self.since, self.ended)]
        return max(latest, default=time.time())

    def _known(self, *arrays: Any) -> list[Any]:
        return [each for each in arrays if not self._np.isnan(each).all()]

    def runtimes(self) -> Histogram:
        """Return how long components ran, in seconds."""
        return self._histogram(self._np.asarray(self._times.runtime))

    def memory(self) -> Histogram:
        """Return how much memory components used, in MB."""
        return self._histogram(self._np.where(self._memory > 0, self._memory, self._np.nan))

    def _histogram(self, values: Any) -> Histogram:
        np = self._np
        is_known = np.isfinite(values)
        known = values[is_known]
        if not len(known):
            return Histogram(np.array([0.0, 1.0]), {})
        bins = min(_BINS, max(1, math.ceil(2 * len(known) ** (1 / 3))))
        edges = np.histogram_bin_edges(known, bins=bins)
        return Histogram(
            edges, self._by_status(lambda has: np.histogram(values[has & is_known], edges)[0])
        )

    def _by_status(self, count: Callable[[Any], Any]) -> dict[ComponentStatus, Any]:
        counts = {status: count(self._codes == status.code) for status in LOOKS}
        return {status: each for status, each in counts.items() if each.any()}

    def statuses(self) -> History:
        """Return how many components had which status, from the first submission to now.

        Of one that was started several times, the last time counts.
        """
        np = self._np
        if not self._known(self.submitted):
            return History(np.array([]), {})
        begin = np.nanmin(self.submitted)
        end = max(self.now, begin + 1)
        times = np.linspace(begin, end, _POINTS)
        # Those of which nothing is known that came later have their status from then on.
        is_unmade = self._codes == ComponentStatus.UNMATERIALIZED.code
        submitted = np.where(is_unmade, np.inf, np.nan_to_num(self.submitted, nan=begin))
        settled = np.fmax(np.nan_to_num(self.since, nan=begin), submitted)
        settled = np.where(is_unmade, begin, settled)
        final = np.array(
            [
                status.is_final
                for status in map(ComponentStatus.from_code, range(len(ComponentStatus)))
            ]
        )
        settled = np.where(
            final[self._codes], np.fmax(settled, np.nan_to_num(self.ended, nan=begin)), settled
        )
        started = np.fmin(np.nan_to_num(self.started, nan=np.inf), settled)

        def so_far(moments: Any) -> Any:
            return np.searchsorted(np.sort(moments), times, side="right")

        counts = {status: np.zeros(_POINTS, dtype=int) for status in LOOKS}
        for status in LOOKS:
            has = self._codes == status.code
            if has.any():
                counts[status] += so_far(settled[has])
        waits = ~is_unmade
        counts[ComponentStatus.UNMATERIALIZED] += int(waits.sum()) - so_far(submitted[waits])
        counts[ComponentStatus.IDLE] += so_far(submitted[waits]) - so_far(started[waits])
        counts[ComponentStatus.RUNNING] += so_far(started[waits]) - so_far(settled[waits])
        return History(times, {status: each for status, each in counts.items() if each.any()})

    def timeline(self) -> Bars:
        """Return when which slot ran jobs of the map.

        Of many jobs, those that a slot ran one after another, too briefly to be seen apart, are
        one bar.
        """
        np = self._np
        slots = self._times.slot
        is_shown = ~np.isnan(self.started)
        is_shown &= np.asarray(self._times.leader) == np.arange(len(slots))
        shown = np.flatnonzero(is_shown & np.array([slot is not None for slot in slots]))
        lanes, hosts = _lanes(slots[component] for component in shown)
        lane = np.array([lanes[slots[component]] for component in shown], dtype=int)
        start = self.started[shown]
        end = np.fmax(np.where(np.isnan(self.ended[shown]), self.now, self.ended[shown]), start)
        codes = self._codes[shown]
        order = np.lexsort((start, lane))
        lane, start, end, codes = (each[order] for each in (lane, start, end, codes))
        if len(start):
            span = max(end.max() - start.min(), 1.0)
        if len(start) > _BARS:
            closest = span / max(100, _BARS // max(1, len(lanes)))
            is_other = (lane[1:] != lane[:-1]) | (codes[1:] != codes[:-1])
            begins = np.r_[True, is_other | (start[1:] - end[:-1] > closest)]
            first = np.flatnonzero(begins)
            end = np.maximum.reduceat(end, first)
            lane, start, codes = lane[first], start[first], codes[first]
        if len(start):
            # The log's times are whole seconds, and a brief job is seen nevertheless.
            end = np.maximum(end, start + span / 400)
        return Bars(
            lane, start, end, [ComponentStatus.from_code(int(code)) for code in codes], hosts
        )


def _lanes(slots: Iterable[str | None]) -> tuple[dict[str | None, int], dict[str, range]]:
    """Return the number of each slot, and of each host those of its slots."""
    by_host: dict[str, set[str]] = {}
    for slot in set(slots):
        assert slot is not None
        by_host.setdefault(host_of(slot), set()).add(slot)
    lanes: dict[str | None, int] = {}
    hosts = {}
    for host in sorted(by_host):
        first = len(lanes)
        for slot in sorted(by_host[host], key=lambda slot: (len(slot), slot)):
            lanes[slot] = len(lanes)
        hosts[host] = range(first, len(lanes))
    return lanes, hosts

"""When and where each component ran, and how long it took."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

from htmap.pool.executions import executions
from htmap.results import MapResults
from htmap.store.endings import spent


class ComponentTimes:
    """When and where each component of a map ran: an item for each, NaN or None if not known.

    Read from the event log and from the indices of output packs when it is made, and not kept
    anywhere: 100,000 components that share jobs take a fifth of a second, those with a job each
    five seconds.

    Attributes
    ----------
    submitted, started, ended, since : array of float
        As in :class:`~htmap.pool.executions.Executions`: of the component's latest job, which it
        may share.
    slot : list of str or None
        Likewise.
    attempts : array of unsigned int
        How often a job of the component was started, reruns and all.
    runtime, cpu : array of float
        Seconds by the clock and of processor time of those that have ended: the component's own as
        measured on its node where that was possible, else its job's if it is alone in that.
    leader : array of unsigned int
        The first component of its job: the same for those that share it.
    """

    def __init__(self, map_: MapResults) -> None:
        state = map_._refresh()
        runs = dict(map_._tracker.runs)
        jobs = executions(map_._folder.events, runs)
        size = len(state)
        unknown = array("d", [math.nan]) * size
        self.submitted, self.started, self.ended = unknown[:], unknown[:], unknown[:]
        self.since, self.runtime, self.cpu = unknown[:], unknown[:], unknown
        self.slot: list[str | None] = [None] * size
        self.attempts = array("I", bytes(4 * size))
        self.leader = array("I", range(size))
        leaders: dict[tuple[int, int], int] = {}
        for (run, job), several in map_._by_job():
            components = list(several)
            of_run = jobs.get(run.number)
            if of_run is None:  # made since then, by another process
                continue
            submitted, started, ended, since, slot = (
                of_run.submitted[job], of_run.started[job], of_run.ended[job], of_run.since[job],
                of_run.slot[job],
            )  # fmt: skip
            leader = leaders.setdefault((run.number, job), components[0])
            for component in components:
                self.leader[component] = leader
                self.submitted[component] = submitted
                self.started[component] = started
                self.ended[component] = ended
                self.since[component] = since
                self.slot[component] = slot
            if any(state[component].is_final for component in components):
                self._spend(components, *spent(run.output(job), components), state.cpu)
        for number, of_run in jobs.items():
            for job, attempts in enumerate(of_run.attempts):
                for component in runs[number].components_of(job) if attempts else ():
                    self.attempts[component] += attempts

    def _spend(
        self,
        components: Sequence[int],
        walls: array[float],
        cpus: array[float],
        seen: array[float],
    ) -> None:
        """Take up how long the components of a job took that has ended.

        Parameters
        ----------
        components : sequence of int
        walls, cpus : array of float
            What their job's output tells.
        seen : array of float
            What HTCondor has seen of each component of the map.
        """
        for component, wall, cpu in zip(components, walls, cpus, strict=True):
            self.runtime[component], self.cpu[component] = wall, cpu
            if math.isnan(wall) and len(components) == 1:
                self.runtime[component] = self.ended[component] - self.started[component]
                self.cpu[component] = seen[component] or math.nan

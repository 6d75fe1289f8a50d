"""What is known of each component, in a few bytes each."""

from __future__ import annotations

import functools
import itertools
import operator
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence

from htmap.statuses import ComponentStatus
from htmap.store.run import Run
from htmap.store.spans import fill, read, span, write
from htmap.store.timings import Timing
from htmap.store.told import ComponentHold, Ending, Job


class State:
    """The status of every component of a map, and what its job used.

    What is known comes by job, and a job may have ten thousands of components: nothing here loops
    over them but in C.

    Attributes
    ----------
    runs : dict
        Number to :class:`~htmap.store.run.Run`, in the order in which they were added. A component
        belongs to the last one that has it; what is said of the others does not touch it.
    memory : array of unsigned int
        Of each component, the most memory in MB that its job was seen to use; 0 until HTCondor has
        looked.
    cpu : array of float
        Seconds of CPU time, user and system, of the last execution; 0 until that has ended.
    held : dict
        Job to :class:`ComponentHold`, for those held now.
    ended : array of unsigned int
        Components in the order in which they ended.
    timing : Timing
        How long components that returned took.
    """

    def __init__(self, components: int) -> None:
        self.codes = bytearray([_UNMATERIALIZED]) * components
        self.memory = array("I", bytes(4 * components))
        self.cpu = array("f", bytes(4 * components))
        self.ended = array("I")
        self.runs: dict[int, Run] = {}
        self.held: dict[Job, ComponentHold] = {}
        #: Job to how it ended, where it left components without a record; for the jobs of a run
        #: that were never made the process is -1.
        self.endings: dict[Job, Ending] = {}
        self.timing = Timing()
        self._alike: dict[Ending, Ending] = {}
        # The run of each component; empty while there is but one run, of all of them.
        self._run = array("I")
        self._counts = [0] * len(ComponentStatus)
        self._counts[_UNMATERIALIZED] = components

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, component: int) -> ComponentStatus:
        return _STATUSES[self.codes[component]]

    def __iter__(self) -> Iterator[ComponentStatus]:
        return map(_STATUSES.__getitem__, bytes(self.codes))

    @property
    def size(self) -> int:
        """How many bytes it takes, about."""
        return 9 * len(self) + 4 * len(self.ended)

    # ---- what there is ----------------------------------------------------------------------

    def count(self, status: ComponentStatus) -> int:
        """Return how many components have a status."""
        return self._counts[status.code]

    @property
    def unfinished(self) -> int:
        """How many components have not come to an end."""
        return len(self) - sum(self._counts[code] for code in _FINAL)

    def with_status(self, *statuses: ComponentStatus) -> tuple[int, ...]:
        """Return the components that have one of some statuses, ascending."""
        if not any(map(self.count, statuses)):
            return ()
        mask = self._mask(statuses)
        return tuple(itertools.compress(range(len(mask)), mask))

    def run_and_job(self, component: int) -> tuple[Run, int]:
        """Return the latest run of a component, and its job in it."""
        run = self.runs[self._run[component] if self._run else next(iter(self.runs))]
        return run, run.job_of(component)

    def job(self, component: int) -> Job:
        """Return the job of a component in its latest run."""
        run, job = self.run_and_job(component)
        return run.number, job

    def components(self, job: Job) -> Sequence[int]:
        """Return the components of a job that no later run has; none of a run that is not known."""
        number, process = job
        run = self.runs.get(number)
        return () if run is None else self._own(run, run.components_of(process))[0]

    def jobs_with(self, *statuses: ComponentStatus) -> dict[Job, int]:
        """Return the jobs that have components with one of some statuses, each with the first."""
        return self._jobs(self._mask(statuses))

    def unfinished_jobs(self, made: Mapping[int, int]) -> dict[Job, int]:
        """Return the jobs that have components which have not come to an end, with the first.

        Parameters
        ----------
        made : mapping
            Of runs whose later jobs are yet to be made, and do not count: how many there are.
        """
        mask = self._mask([status for status in ComponentStatus if not status.is_final])
        for number in made.keys() & self.runs.keys():
            run = self.runs[number]
            if made[number] < run.jobs:
                first = run.chunks.span(made[number]).start
                components, _ = self._own(run, span(run.components[first:]))
                write(mask, components, bytes(len(components)))
        return self._jobs(mask)

    def _mask(self, statuses: Collection[ComponentStatus]) -> bytearray:
        """Return a 1 for each component that has one of some statuses, a 0 for the others."""
        return self.codes.translate(_ones(frozenset(status.code for status in statuses)))

    def _jobs(self, mask: bytearray) -> dict[Job, int]:
        """Return the jobs of the components that have a 1, which become zeros."""
        jobs: dict[Job, int] = {}
        component = mask.find(1)
        while component >= 0:
            run, job = self.run_and_job(component)
            jobs[run.number, job] = component
            components, _ = self._own(run, run.components_of(job))
            write(mask, components, bytes(len(components)))
            component = mask.find(1, component)
        return jobs

    def is_open_as(self, before: bytes, run: Run, job: int) -> bool:
        """Tell whether no component of a job has ended, or another status than before.

        Parameters
        ----------
        before : bytes
            What :attr:`codes` were.
        run, job : Run, int
        """
        components, _ = self._own(run, run.components_of(job))
        codes = read(self.codes, components)
        return codes == read(before, components) and 1 not in codes.translate(_ones(_FINAL))

    @property
    def holds(self) -> dict[int, ComponentHold]:
        """Component to :class:`ComponentHold`, for those held now, as a dict of the caller's own.

        Where it matters only whether there are any, :meth:`count` does not list them.
        """
        held = ComponentStatus.HELD.code
        found: dict[int, ComponentHold] = {}
        for job, hold in list(self.held.items()):
            components = self.components(job)
            is_held = map(held.__eq__, read(self.codes, components))
            found.update(dict.fromkeys(itertools.compress(components, is_held), hold))
        return found

    def hold_of(self, component: int) -> ComponentHold:
        """Return why a component is held.

        Raises
        ------
        KeyError
            If it is not.
        """
        return self.held[self.job(component)]

    def ending(self, component: int) -> Ending:
        """Return how the job of a component ended that left no record of it."""
        number, job = self.job(component)
        found = self.endings.get((number, job))
        if found is None and self[component] is ComponentStatus.REMOVED:
            found = self.endings.get((number, _UNMADE))
        return found or Ending()

    # ---- what happens -----------------------------------------------------------------------

    def add(self, run: Run) -> None:
        """Give components to jobs that are yet to be made; what they used before is forgotten.

        The first run is one of all components.
        """
        components = span(run.components)
        if self.runs:
            if not self._run:
                self._run = array("I", self.runs) * len(self)
            fill(self._run, components, run.number)
            fill(self.memory, components, 0)
            fill(self.cpu, components, 0.0)
            self._replace(components, bytes([_UNMATERIALIZED]) * len(components))
        self.runs[run.number] = run

    def set(
        self,
        run: Run,
        job: int,
        status: ComponentStatus,
        but: Collection[ComponentStatus] = (),
    ) -> bool:
        """Set the status of a job's components; what was said of an earlier one is forgotten.

        Those that are COMPLETED stay so unless the status is final: their results are there, and a
        damaged log tells late, or anew, of before.

        Parameters
        ----------
        run, job : Run, int
        status : ComponentStatus
        but : collection of ComponentStatus
            Those that stay what they are.

        Returns
        -------
        bool
            Whether any component has that status now.
        """
        key = run.number, job
        if status is not ComponentStatus.HELD and ComponentStatus.HELD not in but:
            self.held.pop(key, None)
        if not status.is_final:
            self.endings.pop(key, None)
            but = {ComponentStatus.COMPLETED, *but}
        table = _table(status.code, frozenset(kept.code for kept in but))
        components, _ = self._own(run, run.components_of(job))
        codes = read(self.codes, components).translate(table)
        self._replace(components, codes)
        return status.code in codes

    def hold(self, run: Run, job: int, hold: ComponentHold) -> None:
        """Set the status of a job's components to HELD, for a reason."""
        if self.set(run, job, ComponentStatus.HELD):
            self.held[run.number, job] = hold

    def remove(self, run: Run, job: int, ending: Ending) -> None:
        """Set the status of a job's components to REMOVED."""
        self.set(run, job, ComponentStatus.REMOVED)
        self.endings[run.number, job] = self._alike.setdefault(ending, ending)

    def close(self, run: Run, job: int, codes: bytes, ending: Ending | None) -> None:
        """Set the final statuses of a job's components.

        Parameters
        ----------
        run, job : Run, int
        codes : bytes
            The code of each component's status.
        ending : Ending or None
            How the job ended, if it left components without a record.
        """
        key = run.number, job
        self.held.pop(key, None)
        if ending is not None:
            self.endings[key] = self._alike.setdefault(ending, ending)
        else:
            self.endings.pop(key, None)
        components, own = self._own(run, run.components_of(job))
        self._replace(components, codes if own is None else bytes(itertools.compress(codes, own)))

    def close_unmade(self, run: Run, reason: str) -> None:
        """Set the jobs of a run that were not made by now to REMOVED: they never will be."""
        if not self.count(ComponentStatus.UNMATERIALIZED):
            return
        components, _ = self._own(run, run.components)
        old = read(self.codes, components)
        new = old.translate(_REMOVED_IF_UNMADE)
        if new != old:
            self._replace(components, new)
            self.endings[run.number, _UNMADE] = Ending(reason=reason)

    def measure(self, run: Run, job: int, memory: int) -> None:
        """Note how much memory in MB a job was seen to use: its components are in it together."""
        components, _ = self._own(run, run.components_of(job))
        if components and memory > self.memory[components[0]]:
            fill(self.memory, components, memory)

    def spend(self, run: Run, job: int, cpu: array[float]) -> None:
        """Note the seconds of processor time that each component of a job took."""
        components, own = self._own(run, run.components_of(job))
        seconds = cpu if own is None else array("f", itertools.compress(cpu, own))
        write(self.cpu, components, seconds)

    def remember(self, before: State) -> None:
        """Take up again which components had ended, and how, but for those that run again."""
        mask = before._mask([status for status in ComponentStatus if status.is_final])
        if before.runs.keys() != self.runs.keys():
            same = map(operator.eq, before._run_numbers(), self._run_numbers())
            mask = bytearray(map(operator.and_, mask, same))
        components = span(list(itertools.compress(range(len(self)), mask)))
        self._replace(components, read(before.codes, components))
        write(self.memory, components, read(before.memory, components))
        write(self.cpu, components, read(before.cpu, components))
        self.endings = dict(before.endings)
        self.timing = before.timing

    def _run_numbers(self) -> array[int]:
        return self._run or array("I", self.runs) * len(self)

    def resume(self, codes: bytes, memory: bytes, cpu: bytes, ended: bytes) -> None:
        """Take up what another state's arrays held.

        Raises
        ------
        ValueError
            If they cannot be those of this map.
        """
        size = len(self)
        if len(codes) != size or codes.translate(None, bytes(range(len(_STATUSES)))):
            raise ValueError("no statuses of so many components")
        for values, saved in ((self.memory, memory), (self.cpu, cpu)):
            if saved:
                if len(saved) != 4 * size:
                    raise ValueError("measurements of another number of components")
                values[:] = array(values.typecode, saved)
        self.ended = array("I", ended)
        if self.ended and max(self.ended) >= size:
            raise ValueError("the end of a component that the map has not")
        self.codes[:] = codes
        self._counts = [codes.count(code) for code in range(len(_STATUSES))]

    # ---- how --------------------------------------------------------------------------------

    def _own(self, run: Run, components: Sequence[int]) -> tuple[Sequence[int], list[bool] | None]:
        """Return which components of a run no later one has, and where they are if not all."""
        components = span(components)
        if not self._run:
            return components, None
        own = list(map(run.number.__eq__, read(self._run, components)))
        if all(own):
            return components, None
        return list(itertools.compress(components, own)), own

    def _replace(self, components: Sequence[int], new: bytes) -> None:
        """Set the status of each of some components, and count anew."""
        old = read(self.codes, components)
        if old == new:
            return
        if len(new) == 1:  # most events of a map of one component a job
            self.codes[components[0]] = new[0]
            self._counts[old[0]] -= 1
            self._counts[new[0]] += 1
            if new[0] in _FINAL:
                self.ended.append(components[0])
            return
        _count(self._counts, old, -1)
        _count(self._counts, new, 1)
        write(self.codes, components, new)
        finals = new.translate(_ones(_FINAL))
        if 1 not in finals:
            return
        if 0 in finals or 1 in old.translate(_ones(_FINAL)):
            # Those that have ended now, or otherwise than before.
            ended = map(operator.and_, finals, map(operator.ne, old, new))
            self.ended.extend(itertools.compress(components, ended))
        else:
            self.ended.extend(array("I", components))


_STATUSES = tuple(ComponentStatus.from_code(code) for code in range(len(ComponentStatus)))
_UNMATERIALIZED = ComponentStatus.UNMATERIALIZED.code
_FINAL = frozenset(status.code for status in ComponentStatus if status.is_final)
# Stands for all jobs of a run that were never made.
_UNMADE = -1


@functools.cache
def _ones(codes: frozenset[int]) -> bytes:
    """Return the table that makes 1 of some codes, and 0 of the others."""
    return bytes(code in codes for code in range(256))


@functools.cache
def _table(to: int, kept: frozenset[int]) -> bytes:
    """Return the table that makes ``to`` of all codes but those that are kept."""
    return bytes(code if code in kept else to for code in range(256))


_REMOVED_IF_UNMADE = bytes(
    ComponentStatus.REMOVED.code if code == _UNMATERIALIZED else code for code in range(256)
)


def _count(counts: list[int], codes: bytes, by: int) -> None:
    """Add to how many components have each status, or subtract."""
    most = codes[0]  # mostly of all
    found = codes.count(most)
    counts[most] += by * found
    if found < len(codes):
        for code in range(len(counts)):
            if code != most:
                counts[code] += by * codes.count(code)

"""One submission of a map: its components, its jobs, and where their files are."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import operator
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from htmap.exceptions import CorruptPack
from htmap.execute import places
from htmap.store.division import Division
from htmap.store.files import write_whole
from htmap.store.records import damaged, is_component, is_count, read_json

#: What a job and its components write to.
StreamName = Literal["stdout", "stderr"]


class Queue(NamedTuple):
    """A schedd's queue, by what tells it from the one that may take its place.

    Attributes
    ----------
    schedd : str
        The schedd's name, which the next queue may have too.
    born : int
        When the queue was made, in seconds since the epoch: ``JobQueueBirthdate``.
    log : str
        The file that holds it, where this user can read that (a personal pool), else empty.
    """

    schedd: str
    born: int
    log: str = ""


@dataclasses.dataclass(frozen=True)
class Run:
    """One submission of a map: which of its components, in which jobs.

    Attributes
    ----------
    folder : Path
        ``runs/<number>`` in the map's folder.
    number : int
        0 for the map's first submission, one more for each rerun.
    components : sequence of int
        Ascending, as jobs take them; a ``range`` where they are all of the map's.
    chunks : Division
        Of the components into jobs.
    packs : Division
        Of the jobs into those whose inputs are in one pack.
    spooled : bool
        Whether the schedd has no file system in common with the map's folder, so that files travel
        to and from it over the network.
    """

    folder: Path
    number: int
    components: Sequence[int]
    chunks: Division
    packs: Division
    spooled: bool = False

    @classmethod
    def of_single(cls, folder: Path, number: int, components: Sequence[int]) -> Run:
        """Return a run with a job and an input pack for each component."""
        alone = Division.alone(len(components))
        return cls(folder, number, components, alone, alone)

    @classmethod
    def read(cls, folder: Path, number: int) -> Run:
        """Return the run that :meth:`write` wrote down.

        Raises
        ------
        FileNotFoundError
            While it is not written down.
        CorruptPack
            If what is there cannot be what was written.
        """
        path = folder / "run.json"
        about = read_json(path)
        components = about["components"]
        chunks, packs = (_division(about[name]) for name in ("chunks", "packs"))
        if chunks is None or packs is None or packs.items != len(chunks):
            raise damaged(path, "it does not say which jobs there are")
        if components is None:
            components = range(chunks.items)
        elif not (isinstance(components, list) and all(map(is_component, components))):
            raise damaged(path, "it does not say which components it is about")
        elif any(map(operator.ge, components, components[1:])):
            raise damaged(path, "its components are not in order")
        if len(components) != chunks.items:
            raise damaged(path, "its jobs run other components than it has")
        return cls(folder, number, components, chunks, packs, bool(about.get("spooled")))

    @property
    def jobs(self) -> int:
        """Number of jobs."""
        return len(self.chunks)

    @property
    def is_whole(self) -> bool:
        """Whether it runs all components of the map, so that their numbers are those in it."""
        return isinstance(self.components, range)

    def components_of(self, job: int) -> Sequence[int]:
        """Return the components that a job runs (none for a job that is not of this run)."""
        span = self.chunks.span(job)
        return self.components[span.start : span.stop]

    def job_of(self, component: int) -> int:
        """Return the job that runs a component of the run."""
        position = component if self.is_whole else self._positions[component]
        return self.chunks.group_of(position)

    @functools.cached_property
    def _positions(self) -> dict[int, int]:
        return {component: position for position, component in enumerate(self.components)}

    def input(self, job: int) -> Path:
        """Path of the pack that has a job's inputs, maybe with those of others."""
        return self.folder / "inputs" / str(self.packs.group_of(job))

    def job_inputs(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield, for each job, its first component, and where its inputs are.

        Yields
        ------
        component, pack, first, count : int
            The first component; the number of the pack with the inputs, the first of them in it,
            and how many they are.
        """
        sizes = self.chunks.sizes()
        position = 0
        for pack, jobs in enumerate(self.packs.sizes()):
            first = 0
            for size in itertools.islice(sizes, jobs):
                yield self.components[position], pack, first, size
                first += size
                position += size

    def output(self, job: int) -> Path:
        """Path of a job's output pack."""
        return self.folder / "outputs" / str(job)

    def stream(self, name: StreamName, job: int) -> Path:
        """Path of what a job wrote to a stream."""
        return self.folder / name / str(job)

    def stdout(self, job: int) -> Path:
        """Path of what a job wrote to standard output."""
        return self.stream("stdout", job)

    def stderr(self, job: int) -> Path:
        """Path of what a job wrote to standard error."""
        return self.stream("stderr", job)

    def job_log(self, job: int) -> Path:
        """Path of a job's own event log, which arrives together with its output where spooled."""
        return self.folder / places.EVENTS / f"{places.EVENTS}.{job}"

    @property
    def is_released(self) -> bool:
        """Whether nothing of the run is in the schedd's spool any more."""
        return (self.folder / "released").exists()

    def release(self) -> None:
        """Write down that all has been fetched, and all jobs were let go."""
        (self.folder / "released").touch(mode=0o600)

    def remapped(self, component: int, number: int) -> Path:
        """Path at which a file arrives first that is to go somewhere else, where spooled."""
        return self.folder / places.REMAPPED / f"{component}-{number}"

    def output_remaps(self, component: int) -> dict[str, str]:
        """Return, for a component, the names of files that go somewhere else, and where to."""
        each = self.submit["output_remaps"]
        found: dict[str, str] = (
            self.submit["fixed_output_remaps"] if each is None else each[component]
        )
        return found

    @property
    def files(self) -> Path:
        """Path of the folder of the files that components had transferred."""
        return self.folder / "files"

    def output_files(self, component: int) -> Path:
        """Path of the folder of the files that a component had transferred, made where missing."""
        folder = self.files / str(component)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def cluster(self) -> int | None:
        """The HTCondor cluster of the run, or None while it is not known to be submitted."""
        submitted = self.submitted()
        return None if submitted is None else submitted[0]

    @property
    def queue(self) -> Queue | None:
        """The queue that the cluster is in, or None where that is not known."""
        submitted = self.submitted()
        return None if submitted is None else submitted[1]

    def submitted(self) -> tuple[int, Queue | None] | None:
        """Return the cluster with its queue, or None while it is not known to be submitted."""
        path = self.folder / "cluster"
        try:
            text = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        cluster, _, queue = text.partition(b"\n")
        try:
            return int(cluster), _queue(*json.loads(queue)) if queue else None
        except (ValueError, TypeError) as error:
            raise damaged(
                path,
                error,
                "Delete it: the event log tells which cluster it was, and results do not need it",
            ) from error

    def record_cluster(self, cluster: int, queue: Queue | None = None) -> None:
        """Write down which cluster the run became, and in which queue."""
        text = f"{cluster}\n{json.dumps(queue) if queue else ''}"
        write_whole(self.folder / "cluster", text.encode())

    def write(self, submit: dict[str, Any]) -> None:
        """Write down the run itself, after its inputs and before it is submitted.

        Parameters
        ----------
        submit : dict
            The options that it is submitted with, so that a rerun can use them again.
        """
        text = {
            "components": None if self.is_whole else list(self.components),
            "chunks": self.chunks.groups,
            "packs": self.packs.groups,
            "spooled": self.spooled,
            "submit": submit,
        }
        write_whole(self.folder / "run.json", json.dumps(text).encode())

    @functools.cached_property
    def submit(self) -> dict[str, Any]:
        """What :meth:`write` was given."""
        path = self.folder / "run.json"
        return read_json(path).table("submit")

    def damaged(self, why: str) -> CorruptPack:
        """Return the error that says that what :meth:`write` wrote cannot be."""
        return damaged(self.folder / "run.json", why)

    @property
    def has_own_hold(self) -> bool:
        """Whether the user's own options say which jobs are held from the start."""
        return self._has_own("hold")

    def is_submitted_on_hold(self, component: int) -> bool:
        """Tell whether the user's own options hold a component's job from the start."""
        return self._says("hold", component)

    def is_streamed(self, name: Literal["stdout", "stderr"], component: int) -> bool:
        """Tell whether the user's own options have a stream sent home as it is written."""
        return self._says({"stdout": "stream_output", "stderr": "stream_error"}[name], component)

    def _has_own(self, option: str) -> bool:
        return any(option in self.submit.get(kind, {}) for kind in ("fixed", "per_component"))

    def _says(self, option: str, component: int) -> bool:
        """Tell whether an option, which is false by default, is true for a component."""
        if not self._has_own(option):
            return False
        values = self.submit["per_component"].get(option)
        value = values[component] if values else self.submit["fixed"][option]
        return str(value).strip().lower() in ("true", "t", "yes", "1")


def _division(groups: object) -> Division | None:
    """Return a division as it is written down; None where that is none, or of nothing."""
    if not isinstance(groups, list) or not groups:
        return None
    for group in groups:
        if not (isinstance(group, list) and len(group) == 2 and all(map(is_count, group))):
            return None
    return Division((size, count) for size, count in groups)


def _queue(schedd: object, born: object, log: object) -> Queue:
    if not (isinstance(schedd, str) and isinstance(born, int) and isinstance(log, str)):
        raise TypeError("its second line names no queue")
    return Queue(schedd, born, log)

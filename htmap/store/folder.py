"""One map's folder and the runs in it: names, and what is written there before jobs exist."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import shutil
from collections.abc import Container, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, NamedTuple

from htmap.exceptions import CorruptPack
from htmap.execute import places
from htmap.resources import RESOURCES, Resource
from htmap.store.directory import open_root, root, writing
from htmap.store.files import sync_folder, write_whole
from htmap.store.runner import runner_path


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
        In the order in which jobs take them; a ``range`` where they are consecutive.
    per_job : int
        How many components share one job.
    """

    folder: Path
    number: int
    components: Sequence[int]
    per_job: int = 1

    @property
    def jobs(self) -> int:
        """Number of jobs."""
        return -(-len(self.components) // self.per_job)

    def components_of(self, job: int) -> Sequence[int]:
        """Return the components that a job runs (none for a job that is not of this run)."""
        start = job * self.per_job
        return self.components[start : start + self.per_job] if job >= 0 else ()

    def input(self, job: int) -> Path:
        """Path of a job's input pack."""
        return self.folder / "inputs" / str(job)

    def output(self, job: int) -> Path:
        """Path of a job's output pack."""
        return self.folder / "outputs" / str(job)

    def stream(self, name: Literal["stdout", "stderr"], job: int) -> Path:
        """Path of what a job wrote to a stream."""
        return self.folder / name / str(job)

    def stdout(self, job: int) -> Path:
        """Path of what a job wrote to standard output."""
        return self.stream("stdout", job)

    def stderr(self, job: int) -> Path:
        """Path of what a job wrote to standard error."""
        return self.stream("stderr", job)

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
        submitted = self._submitted()
        return None if submitted is None else submitted[0]

    @property
    def queue(self) -> Queue | None:
        """The queue that the cluster is in, or None where that is not known."""
        submitted = self._submitted()
        return None if submitted is None else submitted[1]

    def _submitted(self) -> tuple[int, Queue | None] | None:
        path = self.folder / "cluster"
        try:
            text = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        cluster, _, queue = text.partition(b"\n")
        try:
            return int(cluster), _queue(*json.loads(queue)) if queue else None
        except (ValueError, TypeError) as error:
            raise _damaged(
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
        whole = isinstance(self.components, range)
        text = {
            "components": None if whole else list(self.components),
            "count": len(self.components),
            "per_job": self.per_job,
            "submit": submit,
        }
        write_whole(self.folder / "run.json", json.dumps(text).encode())

    @functools.cached_property
    def submit(self) -> dict[str, Any]:
        """What :meth:`write` was given."""
        path = self.folder / "run.json"
        options = _read_json(path)["submit"]
        if not isinstance(options, dict):
            raise _damaged(path, "its options are none")
        return _Content(path, options)

    def damaged(self, why: str) -> CorruptPack:
        """Return the error that says that what :meth:`write` wrote cannot be."""
        return _damaged(self.folder / "run.json", why)

    @property
    def has_own_hold(self) -> bool:
        """Whether the user's own options say which jobs are held from the start."""
        return any("hold" in self.submit.get(kind, {}) for kind in ("fixed", "per_component"))

    def is_submitted_on_hold(self, component: int) -> bool:
        """Tell whether the user's own options hold a component's job from the start."""
        if not self.has_own_hold:
            return False
        values = self.submit["per_component"].get("hold")
        value = values[component] if values else self.submit["fixed"]["hold"]
        return str(value).strip().lower() in ("true", "t", "yes", "1")


class MapFolder:
    """The folder of one map.

    Parameters
    ----------
    map_id : str
        The map's own name for ever, 32 hexadecimal digits; tags come and go.
    """

    #: The folder in it of the links to files that are sent by another name than their own.
    LINKS = "links"

    def __init__(self, map_id: str) -> None:
        self.map_id = map_id
        self.path = root() / "maps" / map_id
        self.function = self.path / "function.pack"
        self.runner = self.path / "runner.pyz"
        self.events = self.path / "events"

    def create(self) -> None:
        """Make the folder with the runner in it.

        Raises
        ------
        OSError
            If the disk does not let it.
        """
        runner = runner_path(open_root())
        self.path.mkdir(mode=0o700)
        # Sent with each job, so that the folder of what travels back is there whatever happens.
        (self.path / places.FOLDER).mkdir(mode=0o700)
        try:
            os.link(runner, self.runner)
        except OSError:  # a file system without hard links
            shutil.copyfile(runner, self.runner)
        # HTCondor appends to it; the readers wait for a change of a file that exists.
        self.events.touch(mode=0o600)

    def link(self, name: str, source: str) -> None:
        """Make a file or folder known by another name, in the folder :attr:`LINKS`.

        HTCondor follows a link to a file, which need not exist yet, and one to a folder if what is
        in it is asked for (a slash at the end of ``source``). A folder itself becomes a folder of
        links.

        Raises
        ------
        UnusableDirectory
            If the disk does not let it.
        """
        path = self.path / self.LINKS / name
        with writing():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if source.endswith("/") or not os.path.isdir(source):  # noqa: PTH112 - it may be a str
                path.symlink_to(source.rstrip("/"))
                return
            for folder, _, files in os.walk(source):
                there = path / os.path.relpath(folder, source)
                there.mkdir(mode=0o700)
                for file in files:
                    (there / file).symlink_to(os.path.join(folder, file))  # noqa: PTH118

    @property
    def exists(self) -> bool:
        """Whether the map is still there."""
        return (self.path / "map.json").exists()

    def write_about(self, components: int) -> None:
        """Write down what the map is; from then on the folder is whole."""
        about = {
            "format": 1,
            "components": components,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        write_whole(self.path / "map.json", json.dumps(about).encode())

    def lacks_about(self, tag: str) -> CorruptPack:
        """Return the error that says that what :meth:`write_about` wrote is gone."""
        error = _damaged(self.path / "map.json", "it is missing")
        error.tag = tag
        return error

    @property
    def about(self) -> dict[str, Any]:
        """What :meth:`write_about` wrote: ``components`` (int) and ``created`` (ISO 8601)."""
        path = self.path / "map.json"
        about = _read_json(path)
        if not _is_count(about["components"]):
            raise _damaged(path, f"{about['components']!r} components")
        return about

    @property
    def is_transient(self) -> bool:
        """Whether the map was made without a tag and `clean` may remove it."""
        return (self.path / "transient").exists()

    def set_transient(self, transient: bool) -> None:
        """Mark the map as transient, or as one to keep."""
        marker = self.path / "transient"
        if transient:
            marker.touch(mode=0o600)
        else:
            marker.unlink(missing_ok=True)
        sync_folder(self.path)

    def create_run(self) -> tuple[int, Path]:
        """Make the folders of the next run; HTCondor does not make them for outputs.

        Returns
        -------
        int, Path
            The run's number, which no other process has been given, and its folder.
        """
        (self.path / "runs").mkdir(mode=0o700, exist_ok=True)
        number = 1 + max(self._run_numbers(), default=-1)
        while True:
            folder = self.path / "runs" / str(number)
            try:
                folder.mkdir(mode=0o700)
                break
            except FileExistsError:  # another process runs components again at the same time
                number += 1
        for name in ("inputs", "outputs", "files", "stdout", "stderr"):
            (folder / name).mkdir(mode=0o700)
        return number, folder

    def _run_numbers(self) -> list[int]:
        # A network file system may have names of its own here for a while.
        names = (path.name for path in (self.path / "runs").iterdir())
        return sorted(int(name) for name in names if name.isdecimal())

    def runs(self, known: Container[int] = ()) -> list[Run]:
        """Return the runs that are written down, but for those whose numbers are known."""
        return [
            run
            for number in self._run_numbers()
            if number not in known and (run := self.run(number)) is not None
        ]

    def run(self, number: int) -> Run | None:
        """Return one run, or None while it is not written down."""
        folder = self.path / "runs" / str(number)
        try:
            about = _read_json(folder / "run.json")
        except FileNotFoundError:
            return None
        components, count, per_job = about["components"], about["count"], about["per_job"]
        if components is None and _is_count(count):
            components = range(count)
        elif not (isinstance(components, list) and components) or not all(
            map(_is_component, components)
        ):
            raise _damaged(folder / "run.json", "it does not say which components it is about")
        if not _is_count(per_job):
            raise _damaged(folder / "run.json", f"{per_job!r} components a job")
        return Run(folder, number, components, per_job)

    @property
    def requests(self) -> dict[str, str]:
        """What jobs ask for from now on, by submit command, where that was changed."""
        found = {}
        for resource in RESOURCES:
            with contextlib.suppress(FileNotFoundError):
                found[resource.command] = (self.path / resource.command).read_text()
        return found

    def set_request(self, resource: Resource, amount: int) -> None:
        """Write down what jobs that are made from now on ask for."""
        write_whole(self.path / resource.command, str(amount).encode())

    def size(self) -> int:
        """Return how many bytes there are in the files of the map.

        A file that vanishes meanwhile counts as nothing, and so does a folder.
        """
        total, folders = 0, [str(self.path)]
        while folders:
            with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                        continue
                    with contextlib.suppress(OSError):
                        total += entry.stat(follow_symlinks=False).st_size
        return total

    def remove_run(self, number: int) -> None:
        """Delete a run that has no jobs; safe to repeat."""
        shutil.rmtree(self.path / "runs" / str(number), ignore_errors=True)

    def remove(self) -> None:
        """Delete the folder; safe to repeat, and while a job's last words still arrive."""
        # What makes it a map goes first: whoever looks from now on finds none.
        with contextlib.suppress(FileNotFoundError):
            (self.path / "map.json").unlink()
        for _ in range(100):
            shutil.rmtree(self.path, ignore_errors=True)
            if not self.path.exists():
                return
        shutil.rmtree(self.path)  # says what is in the way


class _Content(dict[str, Any]):
    """What a file holds; asking it for a name that it lacks says which file is damaged."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        super().__init__(content)
        self._path = path

    def __missing__(self, name: str) -> Any:
        raise _damaged(self._path, f"it lacks {name!r}")


def _read_json(path: Path) -> dict[str, Any]:
    text = path.read_bytes()
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _damaged(path, error) from error
    if not isinstance(content, dict):
        raise _damaged(path, "it holds no JSON object")
    return _Content(path, content)


_KEPT = "The map's inputs and finished outputs are in the folders beside it"


def _damaged(path: Path, why: object, kept: str = _KEPT) -> CorruptPack:
    return CorruptPack(f"{path} is damaged ({why}). {kept}", path=path)


def _is_count(number: object) -> bool:
    return isinstance(number, int) and number > 0


def _is_component(number: object) -> bool:
    return isinstance(number, int) and number >= 0


def _queue(schedd: object, born: object, log: object) -> Queue:
    if not (isinstance(schedd, str) and isinstance(born, int) and isinstance(log, str)):
        raise TypeError("its second line names no queue")
    return Queue(schedd, born, log)

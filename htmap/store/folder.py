"""One map's folder and the runs in it: names, and what is written there before jobs exist."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Container
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from htmap.exceptions import CorruptPack
from htmap.execute import places
from htmap.resources import RESOURCES, Resource
from htmap.store.directory import open_root, root, writing
from htmap.store.files import sync_folder, write_whole
from htmap.store.records import damaged, is_count, read_json
from htmap.store.run import Run
from htmap.store.runner import runner_path

# Of an event in HTCondor's log.
_EVENT_END = b"...\n"


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
        #: The state, saved (:mod:`htmap.store.snapshot`).
        self.state = self.path / "state"
        #: Of looks at the schedd (:mod:`htmap.store.looks`).
        self.looks = self.path / "looks"

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

    def write_about(self, components: int, function: str | None = None) -> None:
        """Write down what the map is; from then on the folder is whole.

        Parameters
        ----------
        components : int
            How many there are.
        function : str, optional
            The fingerprint of the mapped function (:mod:`htmap.store.timings`).
        """
        about = {
            "format": 1,
            "components": components,
            "function": function,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        write_whole(self.path / "map.json", json.dumps(about).encode())

    def lacks_about(self, tag: str) -> CorruptPack:
        """Return the error that says that what :meth:`write_about` wrote is gone."""
        error = damaged(self.path / "map.json", "it is missing")
        error.tag = tag
        return error

    @property
    def about(self) -> dict[str, Any]:
        """What :meth:`write_about` wrote: ``components`` (int) and ``created`` (ISO 8601)."""
        path = self.path / "map.json"
        about = read_json(path)
        if not is_count(about["components"]):
            raise damaged(path, f"{about['components']!r} components")
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
        try:
            return Run.read(self.path / "runs" / str(number), number)
        except FileNotFoundError:
            return None

    def write_events(self, events: bytes, *, safely: bool) -> None:
        """Append to the event log, where no pool writes it.

        Parameters
        ----------
        events : bytes
            In the form of HTCondor's.
        safely : bool
            Whether they survive a power failure from then on.

        Raises
        ------
        OSError
            If the disk does not let it.
        """
        descriptor = os.open(self.events, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            last = os.pread(descriptor, len(_EVENT_END), max(0, size - len(_EVENT_END)))
            if size and last != _EVENT_END:  # half an event, of whoever was killed
                events = b"\n" + _EVENT_END + events
            left = memoryview(events)
            while left:
                left = left[os.write(descriptor, left) :]
            if safely:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

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

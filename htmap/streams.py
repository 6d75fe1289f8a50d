"""What components wrote to standard output and standard error."""

from __future__ import annotations

from pathlib import Path

from htmap.per_component import PerComponent
from htmap.store import outputs
from htmap.store.folder import Run


class Stream(PerComponent[str]):
    """A sequence of str, one for each component; there once the component's job has ended."""

    def _path(self, run: Run, job: int) -> Path:
        raise NotImplementedError

    def _left(self, run: Run, job: int, component: int) -> str:
        return outputs.read_text(self._path(run, job))


class MapStdOut(Stream):
    """What each component wrote to standard output."""

    def _path(self, run: Run, job: int) -> Path:
        return run.stdout(job)


class MapStdErr(Stream):
    """What each component wrote to standard error."""

    def _path(self, run: Run, job: int) -> Path:
        return run.stderr(job)

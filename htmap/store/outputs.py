"""Reading output packs. They are believed only when HTCondor says that their job has ended."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
from typing import Any

from htmap.exceptions import CorruptPack, InvalidOutputStatus, OutputCannotBeLoaded
from htmap.execute import packs, versions
from htmap.store.opened import OpenedPack
from htmap.store.run import Run, StreamName

logger = logging.getLogger(__name__)

_STREAMS = {"stdout": "standard output", "stderr": "standard error"}


class OutputPack(OpenedPack):
    """What a job brought back: opened when it is first read, and then kept open.

    Parameters
    ----------
    run : Run
    job : int
    tag : str
        The map's, for what is said of errors.
    """

    def __init__(self, run: Run, job: int, tag: str) -> None:
        super().__init__(run.output(job), tag)
        self._run = run
        self._job = job
        self._components = run.components_of(job)
        self._has_told = False
        self._known_packages: list[str] | None = None

    def result(self, component: int) -> Any:
        """Load what a component returned.

        An array of 64 KiB and more is mapped: it is in memory as far as it is used, and what is
        changed in it is not written to the file.

        Raises
        ------
        CorruptPack
            If the pack, or the component's part of it, is damaged or gone.
        OutputCannotBeLoaded
            If the pickle cannot be loaded here; says from which versions it came.
        """
        try:
            pack = self._reader
            found = pack.pickled(component, packs.RESULT)
            if found is None:
                raise packs.DamagedPackError(f"it holds no result of component {component}")
            data, buffers = found
        except (OSError, packs.DamagedPackError) as error:
            raise self._unreadable("result", component, error) from error
        if not self._has_told:
            self._tell(component)
        problem = versions.mismatch(pack.envelope, data)
        if problem is not None:
            raise OutputCannotBeLoaded(
                f"component {component} of map {self.tag!r} returned, but its result cannot be "
                f"loaded here: {problem}. Load the map with the versions that made the result, or "
                "let the function return plain data: numbers, text, lists, arrays",
                tag=self.tag,
                component=component,
                path=self.path,
            )
        try:
            return versions.loads(data, buffers)
        except Exception as error:
            there, here = pack.envelope.get("python"), packs.PYTHON
            ends = (
                f"It was written by Python {there} and is read by Python {here}"
                if there != here
                else f"Both ends run Python {here}"
            )
            raise OutputCannotBeLoaded(
                f"component {component} of map {self.tag!r} returned, but its result cannot be "
                f"loaded here ({type(error).__name__}: {error}). {ends}. Install what the result "
                "needs where you read it, or let the function return plain data",
                tag=self.tag,
                component=component,
                path=self.path,
            ) from error

    def _tell(self, component: int) -> None:
        """Log what the runner had to say of the job."""
        self._has_told = True
        with contextlib.suppress(OSError, packs.DamagedPackError):
            remark = self._reader.glance(packs.ALL_COMPONENTS, packs.REMARK)
            if remark is not None:
                text = self._reader.payload(remark).decode(errors="replace")
                logger.info("the job of component %s of the map %r: %s", component, self.tag, text)

    def report(self, component: int) -> dict[str, Any] | None:
        """Return the report of a component's failure, or None where its process left none.

        A failure that concerns the whole job (its function could not be loaded) is the report of
        each of its components.

        Raises
        ------
        CorruptPack
            If the pack is damaged or gone.
        InvalidOutputStatus
            If it is whole, and is about components of other jobs only.
        """
        report: dict[str, Any] | None = None
        try:
            if self._is_empty:
                return None
            pack = self._reader
            positions = [*pack.index.span(component), *self._of_job]
            for position in sorted(positions):
                record = pack.record_at(pack.index.offsets[position])
                if record.kind == packs.ERROR:
                    report = json.loads(pack.payload(record))
                elif record.kind == packs.REMARK and report is not None:
                    remark = pack.payload(record).decode(errors="replace")
                    report["summary"] = f"{report['summary']}\n{remark}".strip()
                elif record.kind == packs.PACKAGES and report is not None:
                    report.setdefault("python", {})["packages"] = self._packages(record)
        except (OSError, packs.DamagedPackError) as error:
            raise self._unreadable("output", component, error) from error
        if not positions:
            owners = set(pack.index.components)
            if owners and owners.isdisjoint((component, *self._components)):
                raise InvalidOutputStatus(
                    f"the output pack {self.path} of component {component} of map {self.tag!r} is "
                    f"another's: it tells of the components {sorted(owners)} only. "
                    f"{_advice(component)}",
                    tag=self.tag,
                    component=component,
                    path=self.path,
                )
        return report

    @functools.cached_property
    def _is_empty(self) -> bool:
        """Whether the job's Python could not run the runner, which makes the pack."""
        return not self.path.stat().st_size

    def _packages(self, record: packs.Record) -> list[str]:
        """Return which packages the node had, the same list for all that failed in the job."""
        if self._known_packages is None:
            self._known_packages = json.loads(self._reader.payload(record))
        return self._known_packages

    @functools.cached_property
    def _of_job(self) -> range:
        """Where what is about the job as a whole is in the index."""
        return self._reader.index.span(packs.ALL_COMPONENTS)

    def exception(self, component: int) -> BaseException | None:
        """Load the exception that a component raised, or None where it cannot be had.

        Best effort on purpose: the report says the same in words, whatever the exception's class
        does when it is unpickled.
        """
        with contextlib.suppress(Exception):
            pack = self._reader
            for owner in (component, packs.ALL_COMPONENTS):
                found = pack.pickled(owner, packs.EXCEPTION)
                if found is None:
                    continue
                data, buffers = found
                problem = versions.mismatch(pack.envelope, data)
                if problem is not None:
                    logger.warning(
                        "the exception of component %d is not loaded: %s. Its report "
                        "says what it was",
                        component,
                        problem,
                    )
                    return None
                exception = versions.loads(data, buffers)
                return exception if isinstance(exception, BaseException) else None
        return None

    def stream(self, component: int, name: StreamName) -> str:
        """Return what a component wrote to a stream; nothing where it never ran.

        Raises
        ------
        CorruptPack
            If it shares its job, and the pack, or that part of it, is damaged.
        """
        if len(self._components) == 1:
            return self.stream_of_job(name)
        try:
            if self._is_empty:
                return ""
            record = self._reader.find(component, packs.STREAMS[name])
            return "" if record is None else str(self._reader.view(record), "utf-8", "replace")
        except FileNotFoundError:
            return ""
        except (OSError, packs.DamagedPackError) as error:
            raise self._unreadable(_STREAMS[name], component, error) from error

    def stream_of_job(self, name: StreamName) -> str:
        """Return what the job itself wrote to a stream; nothing where it never ran."""
        try:
            # Not as a text file: a progress bar's carriage returns are the user's own.
            return self._run.stream(name, self._job).read_bytes().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def _unreadable(self, what: str, component: int, error: BaseException) -> CorruptPack:
        return CorruptPack(
            f"the {what} of component {component} of map {self.tag!r} cannot be read from "
            f"{self.path}: {error}. {_advice(component)}",
            tag=self.tag,
            component=component,
            path=self.path,
        )


def _advice(component: int) -> str:
    return f"The others are not affected; run it again with Map.rerun([{component}])"


def read_stream(run: Run, job: int, component: int, name: StreamName, tag: str) -> str:
    """Return what one component wrote to a stream, see :meth:`OutputPack.stream`."""
    with OutputPack(run, job, tag) as pack:
        return pack.stream(component, name)

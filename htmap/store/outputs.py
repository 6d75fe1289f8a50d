"""Reading output packs. They are believed only when HTCondor says that their job has ended."""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path
from typing import Any

from htmap.exceptions import CorruptPack, InvalidOutputStatus, OutputCannotBeLoaded
from htmap.execute import packs, versions

logger = logging.getLogger(__name__)


def endings(path: Path) -> dict[int, int]:
    """Return how each component in an output pack ended, without unpickling anything.

    Returns
    -------
    dict
        Component to :data:`packs.RESULT` or :data:`packs.ERROR`; components without either are
        absent, and so is everything where there is no whole pack.
    """
    found: dict[int, int] = {}
    with contextlib.suppress(OSError, packs.DamagedPackError), packs.PackReader(path) as pack:
        for record in pack.records():
            if record.kind in (packs.RESULT, packs.ERROR):
                found[record.component] = record.kind
    return found


def read_result(path: Path, component: int, tag: str) -> Any:
    """Load what a component returned.

    Raises
    ------
    CorruptPack
        If the pack is damaged or gone.
    OutputCannotBeLoaded
        If the pickle cannot be loaded here; says from which versions it came.
    """
    try:
        with packs.PackReader(path) as pack:
            envelope = pack.envelope
            record = pack.find(component, packs.RESULT)
            if record is None:
                raise packs.DamagedPackError(f"it holds no result of component {component}")
            data = pack.payload(record)
            remark = pack.find(packs.ALL_COMPONENTS, packs.REMARK)
            if remark is not None:
                text = pack.payload(remark).decode(errors="replace")
                logger.info("component %s of the map %r: %s", component, tag, text)
    except (OSError, packs.DamagedPackError) as error:
        raise _unreadable("result", path, component, tag, error) from error
    problem = versions.mismatch(envelope, data)
    if problem is not None:
        message = (
            f"component {component} of map {tag!r} returned, but its result cannot be loaded here: "
            f"{problem}. Load the map with the versions that made the result, or let the function "
            "return plain data: numbers, text, lists, arrays"
        )
        raise OutputCannotBeLoaded(message, tag=tag, component=component, path=path)
    try:
        return versions.loads(data)
    except Exception as error:
        there, here = envelope.get("python"), packs.PYTHON
        ends = (
            f"It was written by Python {there} and is read by Python {here}"
            if there != here
            else f"Both ends run Python {here}"
        )
        message = (
            f"component {component} of map {tag!r} returned, but its result cannot be loaded "
            f"here ({type(error).__name__}: {error}). {ends}. Install what the result "
            "needs where you read it, or let the function return plain data"
        )
        raise OutputCannotBeLoaded(message, tag=tag, component=component, path=path) from error


def read_report(path: Path, component: int, tag: str) -> dict[str, Any] | None:
    """Return the report of a component's failure, or None where its process died without one.

    A failure that concerns the whole job (its function could not be loaded) is the report of
    each of its components.

    Raises
    ------
    CorruptPack
        If the pack is damaged or gone.
    InvalidOutputStatus
        If it is whole, and is about other components only.
    """
    report: dict[str, Any] | None = None
    owners = set()
    try:
        if not path.stat().st_size:
            return None  # its Python could not run the runner, which makes the pack
        with packs.PackReader(path) as pack:
            for record in pack.records():
                owners.add(record.component)
                if record.component not in (component, packs.ALL_COMPONENTS):
                    continue
                if record.kind == packs.ERROR:
                    report = json.loads(pack.payload(record))
                elif record.kind == packs.REMARK and report is not None:
                    remark = pack.payload(record).decode(errors="replace")
                    report["summary"] = f"{report['summary']}\n{remark}".strip()
    except (OSError, packs.DamagedPackError) as error:
        raise _unreadable("output", path, component, tag, error) from error
    if owners and owners.isdisjoint((component, packs.ALL_COMPONENTS)):
        raise InvalidOutputStatus(
            f"the output pack {path} of component {component} of map {tag!r} is another's: it "
            f"tells of the components {sorted(owners)} only. {_advice(component)}",
            tag=tag,
            component=component,
            path=path,
        )
    return report


def _unreadable(
    what: str, path: Path, component: int, tag: str, error: BaseException
) -> CorruptPack:
    return CorruptPack(
        f"the {what} of component {component} of map {tag!r} cannot be read from {path}: {error}. "
        f"{_advice(component)}",
        tag=tag,
        component=component,
        path=path,
    )


def _advice(component: int) -> str:
    return f"The others are not affected; run it again with Map.rerun([{component}])"


def read_exception(path: Path, component: int) -> BaseException | None:
    """Load the exception that a component raised, or None where it cannot be had.

    Best effort on purpose: the report says the same in words, whatever the exception's class
    does when it is unpickled.
    """
    with contextlib.suppress(Exception), packs.PackReader(path) as pack:
        for owner in (component, packs.ALL_COMPONENTS):
            record = pack.find(owner, packs.EXCEPTION)
            if record is not None:
                data = pack.payload(record)
                problem = versions.mismatch(pack.envelope, data)
                if problem is not None:
                    logger.warning(
                        "the exception of component %d is not loaded: %s. Its report "
                        "says what it was",
                        component,
                        problem,
                    )
                    return None
                exception = versions.loads(data)
                return exception if isinstance(exception, BaseException) else None
    return None


def read_text(path: Path) -> str:
    """Return what a job wrote to a stream; nothing where it never ran."""
    try:
        # Not as a text file: a progress bar's carriage returns are the user's own.
        return path.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""

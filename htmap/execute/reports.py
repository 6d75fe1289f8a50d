"""What is said about a failure: plain data that can be read without unpickling anything.

Nothing here may fail because of the user's objects: every ``repr`` and ``str`` is guarded, and
large containers are shortened before they are turned into text.
"""

from __future__ import annotations

import linecache
import os
import reprlib
import sys
from types import FrameType
from typing import Any, Dict, List, Set

from .packs import PYTHON

#: Frames kept of one traceback: the outermost and the innermost (an endless recursion has 1,000).
_FRAMES_KEPT = 40
_LOCALS_KEPT = 60
_REPR_KEPT = 200  # characters of a local variable's text
_MESSAGE_KEPT = 100_000  # characters of an exception's message
_FILES_KEPT = 200

_OURS = __name__.rpartition(".")[0] + "."  # the package's modules, under either of its names

_short = reprlib.Repr()
_short.maxlist = _short.maxtuple = _short.maxset = _short.maxdict = 20
_short.maxstring = _short.maxother = _REPR_KEPT


def safe_repr(value: object) -> str:
    """Return ``repr(value)``, shortened, whatever ``value`` does when it is asked.

    Examples
    --------
    >>> safe_repr([1, 2])
    '[1, 2]'
    """
    try:
        large = isinstance(value, (str, bytes, list, tuple, dict, set, frozenset)) and (
            len(value) > 1000
        )
        text = _short.repr(value) if large else repr(value)
    except BaseException as error:
        return f"<repr of {type(value).__name__} raised {type(error).__name__}>"
    if len(text) > _REPR_KEPT:
        half = (_REPR_KEPT - 5) // 2
        text = f"{text[:half]} ... {text[-half:]}"
    return text


def safe_str(error: BaseException) -> str:
    """Return the exception's message, whatever it does when it is asked."""
    try:
        return str(error)[:_MESSAGE_KEPT]
    except BaseException as failure:
        return f"<str of {type(error).__name__} raised {type(failure).__name__}>"


def _frame(frame: FrameType, line: int) -> Dict[str, Any]:
    code = frame.f_code
    try:
        names = list(frame.f_locals.items())[:_LOCALS_KEPT]
    except BaseException:  # a class body's namespace may be any mapping
        names = []
    return {
        "file": code.co_filename,
        "line": line,
        "function": code.co_name,
        # Often empty: the source is where the function was written, not here. The submit side
        # looks again when it shows the report.
        "code": linecache.getline(code.co_filename, line, frame.f_globals).strip(),
        "locals": {str(name): safe_repr(value) for name, value in names},
    }


def _exception(error: BaseException, seen: Set[int]) -> Dict[str, Any]:
    seen.add(id(error))
    frames: List[Dict[str, Any]] = []
    traceback = error.__traceback__
    entries = []
    while traceback is not None:
        # The runner's own frames are no news to the person whose function failed.
        if not str(traceback.tb_frame.f_globals.get("__name__")).startswith(_OURS):
            entries.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    left_out = max(0, len(entries) - _FRAMES_KEPT)
    if left_out:
        entries = entries[: _FRAMES_KEPT // 2] + entries[-_FRAMES_KEPT // 2 :]
    frames = [_frame(frame, line) for frame, line in entries]
    kind = type(error)
    described: Dict[str, Any] = {
        "type": kind.__name__
        if kind.__module__ in ("builtins", "__main__")
        else f"{kind.__module__}.{kind.__qualname__}",
        "message": safe_str(error),
        "frames": frames,
        "frames_left_out": left_out,
    }
    notes = getattr(error, "__notes__", None)
    if isinstance(notes, list):
        described["notes"] = [safe_repr(note) for note in notes[:20]]
    if error.__cause__ is not None and id(error.__cause__) not in seen:
        described["cause"] = _exception(error.__cause__, seen)
    elif (
        error.__context__ is not None
        and not error.__suppress_context__
        and id(error.__context__) not in seen
    ):
        described["context"] = _exception(error.__context__, seen)
    return described


def _node() -> Dict[str, str]:
    import datetime
    import re
    import socket

    # No look-ups by name: on a node without an answering resolver they take minutes.
    address = "address unknown"
    try:
        with open(os.environ["_CONDOR_MACHINE_AD"], errors="replace") as ad:
            match = re.search(r'^StartdIpAddr = "<([^:>]+|\[[^]]+\])', ad.read(), re.MULTILINE)
        if match:
            address = match.group(1)
    except (KeyError, OSError):
        pass
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "host": socket.gethostname(),
        "address": address,
        "time": now.strftime("%Y-%m-%d %H:%M:%S UTC"),
    }


def packages() -> List[str]:
    """Return the packages that this Python has, each with its version."""
    try:
        from importlib import metadata

        found = {
            f"{distribution.metadata['Name']}=={distribution.version}"
            for distribution in metadata.distributions()
        }
        return sorted(found, key=str.lower)
    except Exception:  # a broken installation must not hide the failure that is reported
        return []


def _scratch() -> List[str]:
    try:
        paths = sorted(
            os.path.join(folder, name)
            for folder, _, names in os.walk(os.environ.get("_CONDOR_SCRATCH_DIR", "."))
            for name in names
        )
    except OSError:
        paths = []
    return paths[:_FILES_KEPT]


def describe(error: BaseException, summary: str = "", briefly: bool = False) -> Dict[str, Any]:
    """Return all that can be said about a failure on this node, as JSON-able data.

    Parameters
    ----------
    error : BaseException
        What was raised.
    summary : str
        A sentence that says what the runner was doing, where that was not calling the function.
    briefly : bool
        Whether to leave out what takes room: there may be none.

    Returns
    -------
    dict
        ``summary``, ``exception`` (type, message, frames with local variables, cause or context),
        ``node``, ``python`` and ``scratch``.
    """
    report: Dict[str, Any] = {"summary": summary}
    try:
        report["exception"] = _exception(error, set())
    except BaseException as failure:  # out of memory or of stack: say the least
        report["exception"] = {
            "type": type(error).__name__,
            "message": f"{safe_str(error)} (while describing it: {type(failure).__name__})",
            "frames": [],
        }
    report["node"] = _node()
    report["python"] = {
        "executable": sys.executable,
        "version": PYTHON,
    }
    report["scratch"] = [] if briefly else _scratch()
    return report

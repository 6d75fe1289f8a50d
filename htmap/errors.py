"""What is known of a component that failed, and the report that a person reads."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from htmap.tracebacks import CHAIN, Frame, frames, last_line

_WIDTH = 80
_LOCAL_WIDTH = 45
#: Equal frames in a row that are shown before the rest is counted.
_REPEATS = 3


@dataclasses.dataclass(frozen=True)
class ComponentError:
    """A component that ended without a result.

    Attributes
    ----------
    map : Map
        The map that it belongs to; after a pickle only its ``tag``.
    component : int
    exception_msg : str
        Type and message of the exception, as the last line of a traceback has them; what
        happened to the process where no exception is known.
    summary : str
        What the job was doing, where that was not calling the function.
    node_info : mapping
        ``host``, ``address`` and ``time`` of the execute node; empty where the job left no report.
    python_info : mapping
        ``executable``, ``version`` and ``packages`` there; empty likewise.
    scratch_dir_contents : list of Path
        The files in the job's folder when it failed.
    stack_summary : list of Frame
        The frames of the function's own code, outermost first.
    exception : mapping
        The exception as data: ``type``, ``message``, ``frames`` and ``cause`` or ``context``.
    """

    map: Any
    component: int
    exception_msg: str
    summary: str = ""
    node_info: Mapping[str, str] = dataclasses.field(default_factory=dict)
    python_info: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    scratch_dir_contents: list[Path] = dataclasses.field(default_factory=list)
    stack_summary: list[Frame] = dataclasses.field(default_factory=list)
    exception: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_report(cls, map_: Any, component: int, report: Mapping[str, Any]) -> ComponentError:
        """Make it from what the execute node wrote (``htmap.execute.reports``)."""
        exception = report.get("exception", {})
        return cls(
            map=map_,
            component=component,
            exception_msg=last_line(exception),
            summary=str(report.get("summary", "")),
            node_info=report.get("node", {}),
            python_info=report.get("python", {}),
            scratch_dir_contents=[Path(path) for path in report.get("scratch", [])],
            stack_summary=frames(exception),
            exception=exception,
        )

    @classmethod
    def from_ending(
        cls,
        map_: Any,
        component: int,
        exit_code: int | None,
        signal_number: int | None,
        reason: str,
        is_lost: bool,
        running: int | None,
        stderr: str,
        damage: str = "",
    ) -> ComponentError:
        """Make it from how the process ended, where it left no report.

        Parameters
        ----------
        exit_code, signal_number : int or None
            One of them, unless the job was removed or lost.
        reason : str
            Why the job was removed, or how it was lost, where it was.
        is_lost : bool
            Whether it was lost.
        running : int or None
            The component that was running, where it shared its job with others.
        stderr : str
            What the job wrote to standard error.
        damage : str
            Why the output that it left cannot be read, where it is damaged.
        """
        parts = []
        if is_lost:
            what = "The job vanished together with the queue that it was in"
            parts.append(_filled(reason))
            parts.append(_filled('Map.rerun("LOST") runs all lost components of a map again.'))
        elif reason:
            what = f"The job was removed from the queue before it finished: {reason}"
        elif damage:
            what = f"The job ended and left no result that can be read: {damage}"
        elif signal_number is not None:
            what = (
                f"The process was killed by signal {signal_number} ({_signal_name(signal_number)}) "
                "before the function returned"
            )
        else:
            what = (
                f"The process ended with exit status {exit_code} and left no result: the "
                "function called os._exit(), or Python could not start"
            )
        if running not in (None, component) and not (is_lost or reason or damage):
            # It is not to be blamed, nor is its job's end to be taken for its own.
            what = (
                f"Its job ended before it was run, while component {running} was running: "
                f"{what[0].lower()}{what[1:]}"
            )
            parts.append("Nothing is known to be wrong with it: run it again.")
        lines = stderr.strip().splitlines()[-20:]
        if lines:
            parts.append("\n".join(["The end of its standard error:", *lines]))
        return cls(map=map_, component=component, exception_msg=what, summary="\n\n".join(parts))

    def __getstate__(self) -> dict[str, Any]:
        # A map is on disk, and what reads it is no part of what is known of a failure.
        return {**self.__dict__, "map": SimpleNamespace(tag=self.map.tag)}

    def report(self) -> str:
        """Return the report as text, 80 columns wide where it can be."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        name = f"error report for component {self.component} of map {self.map.tag}"
        yield f"  Start {name}  ".center(_WIDTH, "=")
        if self.node_info:
            yield "Landed on execute node {host} ({address}) at {time}".format_map(self.node_info)
            yield ""
        if self.python_info:
            yield "Python executable is {executable} (version {version})".format_map(
                self.python_info
            )
            yield "with installed packages"
            yield from (f"  {package}" for package in self.python_info.get("packages", []))
            yield ""
        if self.scratch_dir_contents:
            yield "Scratch directory contents are"
            yield from (f"  {path}" for path in self.scratch_dir_contents)
            yield ""
        if self.summary:
            yield self.summary
            yield ""
        if self.exception:
            yield "Exception and traceback (most recent call last):"
            yield from _chain_lines(self.exception)
        else:
            yield self.exception_msg
        yield ""
        yield f"  End {name}  ".center(_WIDTH, "=")


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _signal_name(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _chain_lines(exception: Mapping[str, Any]) -> Iterator[str]:
    for key, words in CHAIN:
        if exception.get(key):
            yield from _chain_lines(exception[key])
            yield ""
            yield f"  {words}"
            yield ""
    yield from _frame_lines(frames(exception))
    if exception.get("frames_left_out"):
        yield f"  [{exception['frames_left_out']} frames in the middle are left out]"
        yield ""
    yield from textwrap.indent(last_line(exception), "  ").splitlines()
    for note in exception.get("notes", []):
        yield f"  {note}"


def _frame_lines(found: list[Frame]) -> Iterator[str]:
    previous, repeats = None, 0
    for frame in [*found, None]:
        place = (frame.file, frame.line, frame.function) if frame else None
        if place == previous and frame:
            repeats += 1
            if repeats >= _REPEATS:
                continue
        else:
            if repeats >= _REPEATS:
                yield f"  [the frame above is repeated {repeats - _REPEATS + 1} more times]"
                yield ""
            previous, repeats = place, 0
        if frame:
            yield from _one_frame(frame)


def _one_frame(frame: Frame) -> Iterator[str]:
    yield f'  File "{frame.file}", line {frame.line}, in {frame.function}'
    if frame.source:
        yield f"    {frame.source}"
    yield ""
    if frame.locals:
        yield "    Local variables:"
        for name, text in frame.locals.items():
            yield f"      {name} = {_shortened(text)}"
        yield ""


def _shortened(text: str) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= _LOCAL_WIDTH else f"{text[:20]} ... {text[-20:]}"

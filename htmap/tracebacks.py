"""Tracebacks from execute nodes, and how IPython shows them in a notebook or a terminal.

IPython asks an exception for ``_render_traceback_`` and shows what that returns: here what happened
on the node, in the way that IPython shows what happens at home, and not by which ways htmap came to
know of it.
"""

from __future__ import annotations

import dataclasses
import linecache
import textwrap
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

_WIDTH = 75  # IPython's own, and of the column of its numbers of lines
_NUMBER = 7
_AROUND = 2  # lines of source before and after the one that failed
_OUTERMOST, _INNERMOST = 2, 6  # frames that are shown of many
_LOCALS = 12

#: What an exception came from: its key in a report, and what Python says about it.
CHAIN = (
    ("cause", "The above exception was the direct cause of the following exception:"),
    ("context", "During handling of the above exception, another exception occurred:"),
)

#: Pieces of text, each with what it is: a token of Pygments, by which IPython's themes colour.
_Stream = list[tuple[Any, str]]


@dataclasses.dataclass(frozen=True)
class Frame:
    """One line of a traceback, with the local variables there as text."""

    file: str
    line: int
    function: str
    code: str
    locals: Mapping[str, str]

    @property
    def source(self) -> str:
        """The line of code; where the node did not have the file, from here."""
        return self.code or linecache.getline(self.file, self.line).strip()


def frames(exception: Mapping[str, Any]) -> list[Frame]:
    """Return the frames of an exception in a report, outermost first."""
    return [Frame(**frame) for frame in exception.get("frames", [])]


def last_line(exception: Mapping[str, Any]) -> str:
    """Return type and message of an exception in a report, as a traceback ends."""
    kind, message = exception.get("type", "Exception"), exception.get("message", "")
    return f"{kind}: {message}" if message else str(kind)


def rendered(error: Any) -> list[str]:
    """Return what IPython shows of the exception of a component.

    Parameters
    ----------
    error : MapComponentError or MapComponentHeld

    Returns
    -------
    list of str
        One for each part, with the escape sequences of IPython's theme, where that has colours.
    """
    if getattr(error, "component_error", None) is None and error.__cause__ is not None:
        return _as_always(error)  # it was raised here, where a result could not be unpickled
    painted = _theme()
    return [painted(part) for part in _parts(error)]


def _theme() -> Callable[[_Stream], str]:
    from IPython import get_ipython

    try:
        from IPython.utils.PyColorize import theme_table

        paint: Callable[[_Stream], str] = theme_table[get_ipython().colors].format
    except (ImportError, AttributeError, KeyError):  # before IPython 9, or outside of its shell
        return lambda stream: "".join(text for _, text in stream)
    return paint


def _as_always(error: BaseException) -> list[str]:
    from IPython.core.ultratb import FormattedTB

    shown: list[str] = FormattedTB("Plain").structured_traceback(
        type(error), error, error.__traceback__
    )
    return shown


def _parts(error: Any) -> Iterator[_Stream]:
    from pygments.token import Token

    name = type(error).__name__
    yield [(Token.Topline, "-" * _WIDTH)]
    title = "Traceback (most recent call last)".rjust(_WIDTH - len(name))
    yield [(Token.ExcName, name), (Token, title)]
    for place in _places(error.__traceback__):
        yield _shown(place)
    known = getattr(error, "component_error", None)
    if known is None:
        yield [(Token.ExcName, name), (Token, f": {error}")]
        return
    node = known.node_info
    on = f" on {node['host']} ({node['address']}) at {node['time']}" if node else ""
    yield [(Token, f"Component {known.component} of the map {known.map.tag!r}{on}\n")]
    if known.exception:
        yield from _chain(known.exception)
    else:
        yield [(Token.ExcName, name), (Token, f": {known.exception_msg}")]
    if known.summary:
        yield [(Token, f"\n{known.summary}")]
    yield [(Token, f"\n{error.advice}. sys.last_value has .locals, .frames and .report")]


def _places(traceback: TracebackType | None) -> Iterator[Frame]:
    """Yield the lines of the person's own code by which the exception came."""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        module = str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0]
        if module not in ("htmap", "IPython"):
            yield Frame(code.co_filename, traceback.tb_lineno, code.co_name, "", {})
        traceback = traceback.tb_next


def _chain(exception: Mapping[str, Any]) -> Iterator[_Stream]:
    from pygments.token import Token

    for key, words in CHAIN:
        if exception.get(key):
            yield from _chain(exception[key])
            yield [(Token, f"\n{words}\n")]
    found = frames(exception)
    left_out = int(exception.get("frames_left_out", 0))
    if len(found) > _OUTERMOST + _INNERMOST:
        left_out += len(found) - _OUTERMOST - _INNERMOST
        found = found[:_OUTERMOST] + found[-_INNERMOST:]
    for position, frame in enumerate(found):
        if left_out and position == _OUTERMOST:
            yield [(Token.ExcName, f"    [... {left_out} frames in the middle are left out]\n")]
        yield _shown(frame, with_locals=position == len(found) - 1)
    kind, _, message = last_line(exception).partition(": ")
    yield [(Token.ExcName, kind), (Token, f": {message}" if message else "")]
    for note in exception.get("notes", []):
        yield [(Token, str(note))]


def _shown(frame: Frame, with_locals: bool = False) -> _Stream:
    from pygments.token import Token

    stream = _named(frame)
    for number, text in _source(frame):
        if with_locals and number > frame.line:
            break
        if number == frame.line:
            arrow = "-" * (_NUMBER - len(str(number)) - 2) + "> "
            stream.append((Token.LinenoEm, f"{arrow}{number}"))
        else:
            stream.append((Token.Lineno, f"{number:>{_NUMBER}}"))
        stream += [(Token, " "), *_highlighted(text), (Token, "\n")]
    for name, value in list(frame.locals.items())[: _LOCALS if with_locals else 0]:
        line = textwrap.shorten(value, _WIDTH, placeholder=" ...") or value[:_WIDTH]
        stream += [
            (Token, " " * (_NUMBER + 1)), (Token.VName, name), (Token, " = "),
            (Token.ValEm, line), (Token, "\n"),
        ]  # fmt: skip
    return stream


def _named(frame: Frame) -> _Stream:
    """Return where a frame is: the cell, where it is of one of this kernel's."""
    from IPython import get_ipython
    from pygments.token import Token

    shell = get_ipython()
    cell = shell.compile.format_code_name(frame.file) if shell is not None else None
    if cell:
        stream = [(Token, f"{cell[0]} "), (Token.Filename, f"{cell[1]}, line {frame.line}")]
    else:
        stream = [(Token, "File "), (Token.Filename, f"{frame.file}:{frame.line}")]
    if frame.function != "<module>":
        stream += [(Token, ", in "), (Token.VName, frame.function)]
    return [*stream, (Token, "\n")]


def _source(frame: Frame) -> Iterator[tuple[int, str]]:
    """Yield lines of source with their numbers: those around it where this machine has the same."""
    if not frame.source:
        return
    lines = linecache.getlines(frame.file)
    if len(lines) < frame.line or lines[frame.line - 1].strip() != frame.source:
        yield frame.line, frame.source
        return
    first = max(1, frame.line - _AROUND)
    for number in range(first, min(len(lines), frame.line + _AROUND) + 1):
        yield number, lines[number - 1].rstrip()


def _highlighted(line: str) -> _Stream:
    from pygments import lex
    from pygments.lexers import PythonLexer

    return list(lex(line, PythonLexer(stripnl=False, ensurenl=False)))

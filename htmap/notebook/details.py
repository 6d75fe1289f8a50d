"""One component, as text for whoever clicks it."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from typing import Any

from htmap.exceptions import HTMapException
from htmap.following import AT_WORK, written_so_far
from htmap.notebook.own import OwnHandle
from htmap.statuses import ComponentStatus
from htmap.store.reading import Reading
from htmap.streams import MapStdErr, MapStdOut

# Of a value the beginning is shown, of a stream the end, in so many characters.
_LONGEST = 4000

_short = reprlib.Repr()
_short.maxlist = _short.maxtuple = _short.maxset = _short.maxfrozenset = _short.maxdict = 20
_short.maxdeque = _short.maxarray = 20
_short.maxstring = _short.maxother = 1000


def describe(own: OwnHandle, component: int) -> dict[str, Any]:
    """Return what there is to say of a component.

    What it was given and what it returned is loaded, here and now: nothing of it is kept.

    Returns
    -------
    dict
        ``component``, ``status``, and ``parts``: pairs of a title and a text.

    Raises
    ------
    NoSuchComponent
        If there is no such component (an IndexError).
    """
    component = own._index(component)
    status = own._refresh()[component]
    parts = list(_parts(own, component, status))
    return {"component": component, "status": str(status), "parts": parts}


def _parts(own: OwnHandle, component: int, status: ComponentStatus) -> Iterator[tuple[str, str]]:
    run, job = own._tracker.run_and_job(component)
    if run.cluster is not None:
        yield "Job", f"{run.cluster}.{job}"
    with Reading(own.tag) as reading:
        yield "Input", _beginning(_told(lambda: call_of(*own._input(component, reading))))
        if status is ComponentStatus.COMPLETED:
            result = _told(lambda: _short.repr(own._result(component, 0, reading)))
            yield "Result", _beginning(result)
        elif status is ComponentStatus.HELD:
            yield "Held", str(own._tracker.state.hold_of(component))
        elif status.is_failure:
            error = own._error(component, reading)
            if error.node_info:
                yield "Host", str(error.node_info.get("host", ""))
            yield "Error report", error.report()
    for title, stream in (("Standard output", MapStdOut), ("Standard error", MapStdErr)):
        text = ""
        if status.is_final:
            text = _told(lambda stream=stream: stream(own)[component])
        elif status in AT_WORK:
            title += " so far"
            text = written_so_far(own, component, stream._name, 4 * _LONGEST + 1)
        if text:
            yield title, _end(text)


def call_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return arguments as they stand in a call, shortened.

    Examples
    --------
    >>> call_of((1, "a"), {"power": range(3)})
    "1, 'a', power=range(0, 3)"
    """
    texts = [_short.repr(value) for value in args]
    texts += [f"{name}={_short.repr(value)}" for name, value in kwargs.items()]
    return ", ".join(texts)


def _told(tell: Any) -> str:
    try:
        return str(tell())
    except HTMapException as error:
        return str(error)
    # What is loaded is anybody's, and may raise anything when it is shown.
    except Exception as error:
        return f"cannot be shown: {type(error).__name__}: {error}"


def _beginning(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _end(text: str) -> str:
    return text if len(text) <= _LONGEST else f"… {text[-_LONGEST:]}"

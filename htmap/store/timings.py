"""How long components of a function took, kept from one map for the next."""

from __future__ import annotations

import contextlib
import hashlib
import json
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from htmap.store.directory import root
from htmap.store.files import write_whole


class Timing(NamedTuple):
    """How long components took.

    Attributes
    ----------
    components : int
        Of how many this is known.
    wall : float
        Seconds by the clock that they took together.
    longest : float
        Seconds that one of them took at most.
    """

    components: int = 0
    wall: float = 0.0
    longest: float = 0.0

    @property
    def mean(self) -> float:
        """Seconds that one took on average."""
        return self.wall / self.components if self.components else 0.0

    def plus(self, more: Timing) -> Timing:
        """Return what is known together with more."""
        return Timing(
            self.components + more.components,
            self.wall + more.wall,
            max(self.longest, more.longest),
        )


def fingerprint(function: Callable[..., Any]) -> str | None:
    """Return what tells a function from others, wherever it was typed; None where nothing does.

    It is made of the function's code and name, not of its file and line, so that a notebook's cell
    that is run again defines the same function. The values that it encloses do not count.

    Examples
    --------
    >>> fingerprint(lambda x: 2 * x) == fingerprint(lambda x: 2 * x)
    True
    >>> fingerprint(lambda x: 2 * x) == fingerprint(lambda x: 3 * x)
    False
    """
    words = list(_words(function, set()))
    if not words:
        return None
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _words(function: Any, seen: set[int]) -> Iterator[str]:
    if function is None or id(function) in seen:
        return
    seen.add(id(function))
    code = getattr(function, "__code__", None)
    if isinstance(code, types.CodeType):
        yield str(getattr(function, "__qualname__", ""))
        yield from _of_code(code)
        for cell in getattr(function, "__closure__", None) or ():
            with contextlib.suppress(ValueError):  # an empty cell
                if callable(cell.cell_contents):  # what a decorator has wrapped
                    yield from _words(cell.cell_contents, seen)
    elif isinstance(function, types.MethodType):
        yield from _words(function.__func__, seen)
    elif callable(getattr(function, "func", None)):  # functools.partial, htmap.mapped
        yield from _words(function.func, seen)
    elif getattr(function, "__qualname__", None):  # a class, or built in
        yield f"{getattr(function, '__module__', '')}.{function.__qualname__}"
    else:  # an object of a class with __call__
        yield type(function).__qualname__
        yield from _words(vars(type(function)).get("__call__"), seen)


def _of_code(code: types.CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _of_code(constant)
        else:
            # The order in a set differs between processes.
            yield repr(sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant)


def recorded(function: str | None) -> Timing | None:
    """Return what is known of a function, by its :func:`fingerprint`, or None."""
    if function is None:
        return None
    try:
        components, wall, longest = json.loads(_path(function).read_bytes())
        timing = Timing(components, wall, longest)
        return timing if timing.components > 0 and timing.mean >= 0 else None
    except (OSError, ValueError, TypeError):
        return None  # it was never run, or what is kept is damaged: only speed depends on it


def record(function: str | None, timing: Timing) -> None:
    """Keep how long components of a function took, in place of what was known before."""
    if function is None or not timing.components:
        return
    with contextlib.suppress(OSError):  # only speed depends on it
        path = _path(function)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_whole(path, json.dumps(timing).encode(), durably=False)


def _path(function: str) -> Path:
    return root() / "timings" / function

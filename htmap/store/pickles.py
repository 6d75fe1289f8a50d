"""Pickling on the submit side, with errors that name the object at fault and where it hangs."""

from __future__ import annotations

import functools
import logging
import pickle
import types
from collections.abc import Callable, Iterator
from typing import Any

from htmap.exceptions import CannotPickle, HTMapException
from htmap.execute.reports import safe_repr, safe_str

logger = logging.getLogger(__name__)

_PROTOCOL = 5
_DEPTH = 30


def dumps(value: object, what: str, *about: object) -> bytes:
    """Pickle ``value`` so that another machine can load it.

    Parameters
    ----------
    value : object
        A function, or the arguments of a component.
    what : str
        What it is to the person who made the map, for the error message.
    *about : object
        What the braces in it stand for.

    Raises
    ------
    CannotPickle
        If some part of it cannot be pickled; says which part and what refers to it.
    """
    import cloudpickle

    try:
        # Plain pickle is five times faster, but names what lives in __main__ instead of sending
        # it, and it knows nothing of modules that were registered to be sent by value.
        data = pickle.dumps(value, protocol=_PROTOCOL)
        if b"__main__" not in data and not cloudpickle.list_registry_pickle_by_value():
            return data
    except HTMapException:  # of a file in it that cannot be sent
        raise
    except Exception as error:  # cloudpickle can do more, and its error is the one to show
        logger.debug("%s needs cloudpickle: %s", what.format(*about), error)
    try:
        sent: bytes = cloudpickle.dumps(value, protocol=_PROTOCOL)
    except Exception as error:
        what = what.format(*about)
        path, culprit = find_culprit(value, what, cloudpickle.dumps)
        raise CannotPickle(
            f"{what} cannot be pickled, so it cannot be sent to another machine. The object at "
            f"fault is {path}: {safe_repr(culprit)}, of type {type(culprit).__qualname__} "
            f"({type(error).__name__}: {safe_str(error)}). Make that object inside the mapped "
            "function, or pass what it is made from (a file's path, a connection's address)",
            where=path,
        ) from error
    return sent


def find_culprit(
    value: object, path: str, pickle_with: Callable[[Any], object]
) -> tuple[str, object]:
    """Return the innermost object that cannot be pickled, and how it is reached."""
    seen: set[int] = set()
    for _ in range(_DEPTH):
        seen.add(id(value))
        for name, part in _parts(value):
            if id(part) in seen:
                continue
            try:
                pickle_with(part)
            except Exception:
                value, path = part, f"{name} of {path}" if " " in name else f"{path}{name}"
                break
        else:
            return path, value
    return path, value


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """Yield what an object refers to, each with the words or the syntax that leads to it."""
    if isinstance(value, types.MethodType):
        yield ".__self__", value.__self__
        yield ".__func__", value.__func__
    elif isinstance(value, types.FunctionType):
        code = value.__code__
        for name, cell in zip(code.co_freevars, value.__closure__ or (), strict=False):
            try:
                yield f"the enclosed variable {name!r}", cell.cell_contents
            except ValueError:  # an empty cell
                continue
        for name in _global_names(code):
            if name in value.__globals__:
                yield f"the global variable {name!r}", value.__globals__[name]
        for position, default in enumerate(value.__defaults__ or ()):
            yield f"the default argument {position}", default
    elif isinstance(value, functools.partial):
        yield ".func", value.func
        for position, item in enumerate(value.args):
            yield f"the argument {position}", item
        for name, item in value.keywords.items():
            yield f"the keyword argument {name!r}", item
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"[{safe_repr(key)}]", item
            yield f"the key {safe_repr(key)}", key
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield f"[{position}]", item
    elif isinstance(value, (set, frozenset)):
        for item in value:
            yield "an element", item
    else:
        attributes = getattr(value, "__dict__", None)
        if isinstance(attributes, dict):
            for name, item in attributes.items():
                yield f".{name}", item


def _global_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):  # a function or comprehension inside
            yield from _global_names(constant)

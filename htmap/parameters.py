"""What is given to a parameter scan, and whether that can be: before anything is written."""

from __future__ import annotations

import difflib
import inspect
import itertools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from htmap.exceptions import InvalidArgument

#: One component's parameters, by name.
Point = dict[str, Any]

#: Kinds of parameters that can be given by name.
BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """Return a function's parameters, None for one (some of C's) that does not tell."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None


def check(func: Callable[..., Any], names: Sequence[str]) -> None:
    """See that a function can be called with parameters of some names, and no others."""
    parameters = parameters_of(func)
    if parameters is None:
        return
    what = getattr(func, "__qualname__", repr(func))
    known = [p.name for p in parameters if p.kind in BY_NAME]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    for name in names:
        if name not in known and not takes_any:
            raise InvalidArgument(
                f"{what} has no parameter {name!r}{meant(name, known)}. It is "
                f"{what}{inspect.Signature(parameters)}"
            )
    for parameter in parameters:
        if parameter.default is not parameter.empty or parameter.name in names:
            continue
        if parameter.kind in BY_NAME:
            raise InvalidArgument(
                f"{what} needs the parameter {parameter.name!r}: give it values, or one in "
                "constants={...}"
            )
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise InvalidArgument(
                f"{what} takes {parameter.name!r} by position only, and a scan gives parameters by "
                f"name: wrap it, as in lambda {parameter.name}: {what}({parameter.name})"
            )


def meant(name: str, known: Sequence[str]) -> str:
    """Return the question whether a name was meant to be the nearest of those that are known."""
    close = difflib.get_close_matches(name, known, n=1)
    return f": did you mean {close[0]!r}?" if close else ""


def by_name(what: str, given: Any) -> Point:
    """Return parameters by name; none where nothing was given."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InvalidArgument(f"{what} is {given!r}: it has to be a dict of parameters by name")
    return dict(given)


def iterator_of(name: str, values: Any) -> Iterator[Any]:
    """Return an iterator over a parameter's values."""
    if isinstance(values, (str, bytes)):
        raise InvalidArgument(
            f"the parameter {name!r} is {values!r}, whose letters would be its values: give a list "
            f"of values, or this one in constants={{{name!r}: ...}}"
        )
    try:
        return iter(values)
    except TypeError:
        raise InvalidArgument(
            f"the parameter {name!r} is {values!r}, which is no list of values: give a list, or "
            f"this one in constants={{{name!r}: ...}}"
        ) from None


def values_of(name: str, values: Any) -> Sequence[Any]:
    """Return the values of an axis; of an iterator, which can be taken once, all of them."""
    iterator = iterator_of(name, values)
    return values if isinstance(values, (list, tuple, range)) else list(iterator)


def rows(iterators: Mapping[str, Iterator[Any]]) -> Iterator[Point]:
    """Yield the first values of all parameters, the second ones, and so on."""
    nothing = object()
    for number, row in enumerate(itertools.zip_longest(*iterators.values(), fillvalue=nothing)):
        if any(value is nothing for value in row):
            ended = [name for name, value in zip(iterators, row, strict=True) if value is nothing]
            more = [name for name in iterators if name not in ended]
            raise InvalidArgument(
                "the parameters of zipped have different numbers of values: "
                f"{', '.join(map(repr, ended))} has {number}, {', '.join(map(repr, more))} has more"
            )
        yield dict(zip(iterators, row, strict=True))


def whole_number(what: str, number: Any) -> int:
    """Return a whole number, of any type that is one."""
    if isinstance(number, bool):
        raise InvalidArgument(f"{what} is {number!r}: it has to be a whole number")
    try:
        return operator.index(number)
    except TypeError:
        raise InvalidArgument(f"{what} is {number!r}: it has to be a whole number") from None

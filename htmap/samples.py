"""Samples of a parameter: of a range, of choices, of a distribution."""

from __future__ import annotations

import math
import numbers
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from htmap.exceptions import InvalidArgument
from htmap.extras import require

# Samples of scipy's distributions that are drawn at once: each call of theirs takes long.
_BLOCK = 1000


def draws(name: str, given: Any, seed: int, count: int) -> Callable[[], Any]:
    """Return what draws one value of a parameter after another."""
    # By its name: the samples of one do not depend on which others there are.
    generator = random.Random(f"{seed} {name}")
    if callable(getattr(given, "rvs", None)):
        return iter(_blocks(name, given, generator.getrandbits(32), count)).__next__
    if isinstance(given, tuple) and len(given) == 2:
        low, high = given
        if all(_is_whole(end) for end in given) and low <= high:
            return lambda: generator.randint(int(low), int(high))
        if _are_ends(low, high):
            return lambda: generator.uniform(low, high)
        raise InvalidArgument(
            f"the parameter {name!r} is {given!r}: its lower and upper end have to be numbers in "
            f"that order; for one of two values, give a list: {list(given)!r}"
        )
    choices = None if isinstance(given, (str, bytes, Mapping)) else _listed(given)
    if choices is None:
        raise InvalidArgument(
            f"the parameter {name!r} is {given!r}, of which no samples can be drawn: give (low, "
            "high), a list of choices, or a distribution that has rvs (scipy.stats); what is the "
            f"same in all samples goes into constants={{{name!r}: ...}}"
        )
    if not choices:
        raise InvalidArgument(f"the parameter {name!r} has no values to choose from")
    return lambda: generator.choice(choices)


def _listed(given: Any) -> list[Any] | None:
    """Return what has an order, as a list: the same seed has to choose the same from it."""
    return list(given) if hasattr(given, "__getitem__") and hasattr(given, "__len__") else None


def _is_whole(end: Any) -> bool:
    return isinstance(end, numbers.Integral) and not isinstance(end, bool)


def _are_ends(low: Any, high: Any) -> bool:
    try:
        return math.isfinite(low) and math.isfinite(high) and bool(low <= high)
    except TypeError:
        return False


def _blocks(name: str, distribution: Any, seed: int, count: int) -> Iterator[Any]:
    numpy = require("numpy", f"the distribution of {name!r}", "numpy")
    generator = numpy.random.default_rng(seed)
    while count > 0:
        try:
            block = distribution.rvs(size=min(count, _BLOCK), random_state=generator)
        except TypeError as error:
            raise InvalidArgument(
                f"the parameter {name!r} has an rvs that cannot be called as rvs(size=..., "
                f"random_state=...), as the distributions of scipy.stats can: {error}"
            ) from error
        count -= _BLOCK
        # Numbers of Python's own: they are smaller, and load where there is no numpy.
        yield from block.tolist() if hasattr(block, "tolist") else block

"""Values that there are one of for each component, read and set for many at once, in C.

Those of a job are mostly consecutive; of one that runs some of them again they may be any.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from typing import Any


def span(components: Sequence[int]) -> Sequence[int]:
    """Return ascending components as a range if they follow each other without a gap."""
    if not components or components[-1] - components[0] >= len(components):
        return components
    return range(components[0], components[-1] + 1)


def read(values: Any, components: Sequence[int]) -> Any:
    """Return those of a bytearray's or array's values that some components have."""
    if isinstance(components, range):
        found = values[components.start : components.stop]
    else:
        picked = map(values.__getitem__, components)
        found = array(values.typecode, picked) if isinstance(values, array) else picked
    return found if isinstance(values, array) else bytes(found)


def write(values: Any, components: Sequence[int], new: Any) -> None:
    """Set the values that some components have."""
    if isinstance(components, range):
        values[components.start : components.stop] = new
    else:
        deque(map(values.__setitem__, components, new), maxlen=0)


def fill(values: array[Any], components: Sequence[int], value: float) -> None:
    """Set one value for some components."""
    write(values, components, array(values.typecode, [value]) * len(components))

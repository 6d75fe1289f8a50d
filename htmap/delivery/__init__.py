"""How Python reaches the execute node: one module a method.

A method says what the job's command is. It runs the map's runner, which lies in the job's folder,
with the words in :mod:`htmap.delivery.command`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from htmap.delivery import assume, shared
from htmap.exceptions import UnknownPythonDeliveryMethod

_METHODS: dict[str, Callable[[], Mapping[str, str]]] = {
    "assume": assume.descriptors,
    "shared": shared.descriptors,
}


def descriptors(method: str) -> Mapping[str, str]:
    """Return the submit descriptors of a delivery method.

    Raises
    ------
    UnknownPythonDeliveryMethod
        If there is no method of that name.
    """
    try:
        describe = _METHODS[method]
    except KeyError:
        raise UnknownPythonDeliveryMethod(
            f"there is no delivery method {method!r}; there are {', '.join(sorted(_METHODS))}. "
            "Set DELIVERY_METHOD in ~/.htmaprc, HTMAP_DELIVERY_METHOD in the environment, or "
            'htmap.settings["DELIVERY_METHOD"]'
        ) from None
    return describe()

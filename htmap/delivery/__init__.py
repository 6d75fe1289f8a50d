"""How Python reaches the execute node: one module a method, and those that users register.

A method says by submit descriptors what the job's command is. It runs the map's runner, which lies
in the job's folder, with the words in :mod:`htmap.delivery.command`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from htmap.delivery import assume, container, docker, shared, singularity, transplant
from htmap.delivery.command import RUNNER_ARGUMENTS
from htmap.exceptions import InvalidMapOption, UnknownPythonDeliveryMethod
from htmap.options import MapOptions

__all__ = ["RUNNER_ARGUMENTS", "Delivery", "check", "deliver", "register_delivery_method"]

#: What a method says about a map, given its tag and its folder.
Describe = Callable[[str, Path], Mapping[str, Any]]
#: What a method does before that, such as making files in the map's folder.
SetUp = Callable[[str, Path], None]


class _Method(NamedTuple):
    describe: Describe
    set_up: SetUp | None = None


_METHODS: dict[str, _Method] = {
    "assume": _Method(assume.descriptors),
    "container": _Method(container.descriptors),
    "docker": _Method(docker.descriptors),
    "shared": _Method(shared.descriptors),
    "singularity": _Method(singularity.descriptors),
    "transplant": _Method(transplant.descriptors),
}

# Only a delivery method may say these; all other descriptors are as map options, and lose to them.
_COMMAND = ("universe", "executable", "transfer_executable", "arguments")


class Delivery(NamedTuple):
    """What a delivery method says about one map.

    Attributes
    ----------
    command : dict
        What each job runs, and in which universe.
    options : MapOptions
        What else it asks for: requirements, an image, files.
    """

    command: dict[str, str]
    options: MapOptions


def register_delivery_method(
    name: str, descriptors_func: Describe, setup_func: SetUp | None = None
) -> None:
    """Add a delivery method of your own, for this process.

    Parameters
    ----------
    name : str
        What ``DELIVERY_METHOD`` or ``MapOptions(delivery_method=...)`` then says. A method of the
        same name is replaced.
    descriptors_func : callable
        Takes the map's tag (str) and its folder (pathlib.Path) and returns a dict of submit
        descriptors. ``universe``, ``executable``, ``transfer_executable`` and ``arguments`` say
        what runs: without an ``executable`` that is the ``python3`` on the job's ``PATH``. With
        one, ``arguments`` has to hand the words in ``htmap.delivery.RUNNER_ARGUMENTS`` to a Python
        of 3.9 or newer. ``transfer_input_files`` (a list, or text with commas) is sent in addition;
        a relative path begins at the map's folder. ``requirements`` are joined by *and* with all
        others. Anything else is as in :class:`MapOptions`, whose own values win.
    setup_func : callable, optional
        Takes the same; is called before, when the map's folder is there. What it raises undoes the
        map.

    Raises
    ------
    TypeError
        If the name is empty, or a function cannot be called.

    Examples
    --------
    >>> import htmap
    >>> def on_fast_nodes(tag, map_dir):
    ...     return {"requirements": "TARGET.HasFastDisk"}
    >>> htmap.register_delivery_method("fast", on_fast_nodes)
    >>> htmap.MapOptions(delivery_method="fast").delivery_method
    'fast'
    """
    functions = [descriptors_func, *([] if setup_func is None else [setup_func])]
    if not name or not all(map(callable, functions)):
        raise TypeError(
            f"the delivery method {name!r} needs a name, and functions that take a map's tag and "
            f"folder; got {descriptors_func!r} and {setup_func!r}"
        )
    _METHODS[name] = _Method(descriptors_func, setup_func)


def unregister_delivery_mechanism(name: str) -> None:
    """Forget a delivery method; for tests."""
    _METHODS.pop(name, None)


def check(name: str) -> None:
    """See that there is a delivery method of this name.

    Raises
    ------
    UnknownPythonDeliveryMethod
        If there is none.
    """
    if name in _METHODS:
        return
    near = difflib.get_close_matches(name, _METHODS, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise UnknownPythonDeliveryMethod(
        f"there is no delivery method {name!r}.{meant} There are {', '.join(sorted(_METHODS))}. "
        "Set MapOptions(delivery_method=...) for a map, DELIVERY_METHOD in ~/.htmaprc, "
        'HTMAP_DELIVERY_METHOD in the environment, or htmap.settings["DELIVERY_METHOD"]; one of '
        "your own is added by htmap.register_delivery_method"
    )


def deliver(name: str, tag: str, map_dir: Path) -> Delivery:
    """Set up the delivery of a map, whose folder is there, and return what it says.

    Raises
    ------
    UnknownPythonDeliveryMethod
        If there is no method of that name.
    ReservedOptionKeyword, InvalidMapOption
        If the method says what it cannot.
    CannotTransplantPython
        If this Python cannot be sent.
    """
    check(name)
    method = _METHODS[name]
    if method.set_up is not None:
        method.set_up(tag, map_dir)
    said = method.describe(tag, map_dir)
    if not isinstance(said, Mapping):
        raise InvalidMapOption(
            f"the delivery method {name!r} returned {said!r} instead of a dict of submit "
            "descriptors: correct its descriptors_func"
        )
    said = {str(key).lower(): value for key, value in said.items()}
    command = {key: str(said.pop(key)) for key in _COMMAND if key in said}
    files = _paths(said.pop("transfer_input_files", ()), map_dir)
    if "executable" not in command:
        if "arguments" in command:
            raise InvalidMapOption(
                f"the delivery method {name!r} gives arguments without an executable, which would "
                "be those of another: correct its descriptors_func"
            )
        command = {**assume.descriptors(tag, map_dir), **command}
    return Delivery(command, MapOptions(fixed_input_files=files, **said))


def _paths(files: Any, map_dir: Path) -> list[str]:
    """Return the input files of a method as full paths and URLs."""
    if isinstance(files, str):
        files = [part.strip() for part in files.split(",") if part.strip()]
    return [str(file) if "://" in str(file) else str(map_dir / file) for file in files]

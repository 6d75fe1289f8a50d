"""Writing and reading a map's function and inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from htmap.exceptions import CannotPickle, CorruptPack, InputCannotBeLoaded
from htmap.execute import packs, versions
from htmap.store.directory import writing
from htmap.store.pickles import dumps
from htmap.version import __version__

#: Positional and keyword arguments of one component.
Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def _envelope(kind: str, **more: Any) -> dict[str, Any]:
    import cloudpickle

    return packs.versions(kind=kind, htmap=__version__, cloudpickle=cloudpickle.__version__, **more)


def write_function(path: Path, function: Callable[..., Any]) -> None:
    """Write the function pack.

    Raises
    ------
    CannotPickle
        If the function, or something that it refers to, cannot be pickled.
    """
    name = getattr(function, "__qualname__", type(function).__qualname__)
    data = dumps(function, f"the function {name}")
    envelope = _envelope("function", name=name)
    with writing(), packs.PackWriter(path, envelope) as pack:
        pack.add(packs.ALL_COMPONENTS, packs.FUNCTION, data)


class InputWriter:
    """Writes input packs one after another, one for each job.

    Parameters
    ----------
    folder : Path
        Where the packs are made, named 0, 1, 2 …
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._envelope = _envelope("input")
        self.count = 0

    def add(self, component: int, arguments: Arguments) -> None:
        """Write the pack of the next job, which runs one component.

        Raises
        ------
        CannotPickle
            If an argument cannot be pickled.
        """
        try:
            data = dumps(arguments, f"the input of component {component}")
        except CannotPickle as error:
            error.component = component
            raise
        self._add(component, data, self._envelope)

    def copy(self, component: int, source: Path, tag: str) -> None:
        """Write the pack of the next job from a component's record in an earlier pack.

        Raises
        ------
        CorruptPack
            If the earlier pack is damaged or gone.
        """
        # With the envelope that it has: what is said there is said of who pickled it.
        envelope, data = _record(source, component, packs.INPUT, tag)
        self._add(component, data, envelope)

    def _add(self, component: int, data: bytes, envelope: dict[str, Any]) -> None:
        with writing(), packs.PackWriter(f"{self._folder}/{self.count}", envelope) as pack:
            pack.add(component, packs.INPUT, data)
        self.count += 1


def _record(path: Path, component: int, kind: int, tag: str) -> tuple[dict[str, Any], bytes]:
    whole = component == packs.ALL_COMPONENTS
    what = "function" if whole else f"input of component {component}"
    try:
        with packs.PackReader(path) as pack:
            record = pack.find(component, kind)
            if record is None:
                raise packs.DamagedPackError(f"it holds no {what}")
            return pack.envelope, pack.payload(record)
    except (OSError, packs.DamagedPackError) as error:
        raise CorruptPack(
            f"the {what} of map {tag!r} cannot be read from {path}: {error}. Results that are "
            "there stay" + ("" if whole else ", and the other components can be run again"),
            tag=tag,
            component=None if whole else component,
            path=path,
        ) from error


def check_function(path: Path, tag: str) -> None:
    """See that the function can still be sent.

    Raises
    ------
    CorruptPack
        If its pack is damaged or gone.
    """
    _record(path, packs.ALL_COMPONENTS, packs.FUNCTION, tag)


def read_input(path: Path, component: int, tag: str) -> Arguments:
    """Load the positional and keyword arguments of a component.

    Raises
    ------
    CorruptPack
        If the pack is damaged or gone.
    InputCannotBeLoaded
        If the pickle cannot be loaded here.
    """
    envelope, data = _record(path, component, packs.INPUT, tag)
    problem = versions.mismatch(envelope, data)
    if problem is not None:
        raise InputCannotBeLoaded(
            f"the input of component {component} of the map {tag!r} cannot be loaded here: "
            f"{problem}. Load the map with the versions that made it",
            tag=tag,
            component=component,
            path=path,
        )
    try:
        args, kwargs = versions.loads(data)
    except Exception as error:
        raise InputCannotBeLoaded(
            f"the input of component {component} of the map {tag!r} cannot be loaded here "
            f"({type(error).__name__}: {error}). Import or install what it needs where you read it",
            tag=tag,
            component=component,
            path=path,
        ) from error
    return args, kwargs


def write_inputs(folder: Path, inputs: Iterable[Arguments]) -> int:
    """Write one input pack for each item of ``inputs``; return how many.

    Each item is pickled before the next is taken (:mod:`htmap.sending` relies on it).

    Raises
    ------
    CannotPickle
        If an argument cannot be pickled.
    """
    writer = InputWriter(folder)
    for component, arguments in enumerate(inputs):
        writer.add(component, arguments)
    return writer.count


def copy_inputs(folder: Path, sources: Iterable[tuple[int, Path]], tag: str) -> None:
    """Write one input pack for each ``(component, earlier pack)``.

    Raises
    ------
    CorruptPack
        If an earlier pack is damaged or gone.
    """
    writer = InputWriter(folder)
    for component, source in sources:
        writer.copy(component, source, tag)

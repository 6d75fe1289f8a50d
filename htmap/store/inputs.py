"""Writing and reading a map's function and inputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from htmap.exceptions import CorruptPack, InputCannotBeLoaded
from htmap.execute import packs, versions
from htmap.store.directory import writing
from htmap.store.opened import OpenedPack
from htmap.store.pickles import dumps
from htmap.version import __version__

#: Positional and keyword arguments of one component.
Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def envelope_of(kind: str, **more: Any) -> dict[str, Any]:
    """Return the envelope of a pack that this htmap writes."""
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
    data = dumps(function, "the function {}", name)
    envelope = envelope_of("function", name=name)
    with writing(), packs.PackWriter(path, envelope) as pack:
        pack.add(packs.ALL_COMPONENTS, packs.FUNCTION, data)
        pack.finish()


def _what(component: int) -> str:
    whole = component == packs.ALL_COMPONENTS
    return "function" if whole else f"input of component {component}"


def unreadable(path: Path, component: int, tag: str, error: BaseException) -> CorruptPack:
    """Return the error that says that a function or an input cannot be read."""
    whole = component == packs.ALL_COMPONENTS
    return CorruptPack(
        f"the {_what(component)} of map {tag!r} cannot be read from {path}: {error}. Results that "
        "are there stay" + ("" if whole else ", and the other components can be run again"),
        tag=tag,
        component=None if whole else component,
        path=path,
    )


def check_function(path: Path, tag: str) -> None:
    """See that the function can still be sent.

    Raises
    ------
    CorruptPack
        If its pack is damaged or gone.
    """
    whole = packs.ALL_COMPONENTS
    try:
        with packs.PackReader(path) as pack:
            record = pack.find(whole, packs.FUNCTION)
            if record is None:
                raise packs.DamagedPackError(f"it holds no {_what(whole)}")
            pack.payload(record)
    except (OSError, packs.DamagedPackError) as error:
        raise unreadable(path, whole, tag, error) from error


class _SentPack(OpenedPack):
    """What jobs were sent: opened when it is first read, and then kept open."""

    def _load(self, component: int, kind: int) -> Any:
        try:
            pack = self._reader
            found = pack.pickled(component, kind)
            if found is None:
                raise packs.DamagedPackError(f"it holds no {_what(component)}")
            data, buffers = found
        except (OSError, packs.DamagedPackError) as error:
            raise unreadable(self.path, component, self.tag, error) from error
        problem = versions.mismatch(pack.envelope, data)
        if problem is not None:
            raise self._cannot_load(
                component, f": {problem}. Load the map with the versions that made it"
            )
        try:
            return versions.loads(data, buffers)
        except Exception as error:
            raise self._cannot_load(
                component,
                f" ({type(error).__name__}: {error}). Import or install what it needs where you "
                "read it",
            ) from error

    def _cannot_load(self, component: int, why: str) -> InputCannotBeLoaded:
        return InputCannotBeLoaded(
            f"the {_what(component)} of the map {self.tag!r} cannot be loaded here{why}",
            tag=self.tag,
            component=None if component == packs.ALL_COMPONENTS else component,
            path=self.path,
        )


class InputPack(_SentPack):
    """What jobs were given."""

    def arguments(self, component: int) -> Arguments:
        """Load the positional and keyword arguments of a component.

        Raises
        ------
        CorruptPack
            If the pack, or the component's part of it, is damaged or gone.
        InputCannotBeLoaded
            If the pickle cannot be loaded here.
        """
        args, kwargs = self._load(component, packs.INPUT)
        return args, kwargs


class FunctionPack(_SentPack):
    """The mapped function."""

    def function(self) -> Callable[..., Any]:
        """Load it.

        Raises
        ------
        CorruptPack
            If the pack is damaged or gone.
        InputCannotBeLoaded
            If the pickle cannot be loaded here.
        """
        function: Callable[..., Any] = self._load(packs.ALL_COMPONENTS, packs.FUNCTION)
        return function

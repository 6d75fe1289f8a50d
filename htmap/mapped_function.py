"""Functions that know how to map themselves."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar, overload

from htmap import mapping
from htmap.maps import Map
from htmap.options import Chunksize, MapOptions

P = ParamSpec("P")
R = TypeVar("R")


class MappedFunction(Generic[P, R]):
    """A function with :meth:`map`, :meth:`starmap` and :meth:`build_map`; see :func:`mapped`.

    Calling it runs the function here, as if it were not wrapped.

    Attributes
    ----------
    func : callable
        The function itself.
    map_options : MapOptions
        Options of every map that is made from it.
    """

    def __init__(self, func: Callable[P, R], map_options: MapOptions | None = None) -> None:
        functools.update_wrapper(self, func)
        self.func = func
        self.map_options = MapOptions() if map_options is None else map_options

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function here."""
        return self.func(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        # It travels as what it does when it is called, since nodes need no htmap.
        return functools.partial, (self.func,)

    def __repr__(self) -> str:
        return f"MappedFunction(func = {self.func!r}, map_options = {self.map_options!r})"

    def _options(self, map_options: MapOptions | None) -> MapOptions:
        if map_options is None:
            return self.map_options
        return MapOptions.merge(map_options, self.map_options)

    def map(
        self,
        args: Iterable[Any],
        tag: str | None = None,
        map_options: MapOptions | None = None,
        chunksize: Chunksize | None = None,
    ) -> Map:
        """As :func:`htmap.map` with this function; the options are merged, these first."""
        options = self._options(map_options)
        return mapping.map(self.func, args, options, tag, chunksize=chunksize)

    def starmap(
        self,
        args: Iterable[tuple[Any, ...]] | None = None,
        kwargs: Iterable[Mapping[str, Any]] | None = None,
        tag: str | None = None,
        map_options: MapOptions | None = None,
        chunksize: Chunksize | None = None,
    ) -> Map:
        """As :func:`htmap.starmap` with this function; the options are merged, these first."""
        options = self._options(map_options)
        return mapping.starmap(self.func, args, kwargs, options, tag, chunksize=chunksize)

    def build_map(
        self,
        tag: str | None = None,
        map_options: MapOptions | None = None,
        chunksize: Chunksize | None = None,
    ) -> mapping.MapBuilder:
        """As :func:`htmap.build_map` with this function; the options are merged, these first."""
        return mapping.build_map(self.func, self._options(map_options), tag, chunksize)


@overload
def mapped(map_options: Callable[P, R]) -> MappedFunction[P, R]: ...
@overload
def mapped(
    map_options: MapOptions | None = None,
) -> Callable[[Callable[P, R]], MappedFunction[P, R]]: ...
def mapped(map_options: Any = None) -> Any:
    """Turn a function into a :class:`MappedFunction`; with or without parentheses.

    Parameters
    ----------
    map_options : MapOptions, optional
        Options of every map that is made from the function.

    Raises
    ------
    TypeError
        If it is given something else.

    Examples
    --------
    >>> import htmap
    >>> @htmap.mapped
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(3)
    6
    """
    if map_options is None or isinstance(map_options, MapOptions):
        return functools.partial(MappedFunction, map_options=map_options)
    if callable(map_options):
        return MappedFunction(map_options)
    raise TypeError(
        "use @htmap.mapped, or @htmap.mapped(map_options=htmap.MapOptions(...)); got "
        f"{map_options!r}"
    )

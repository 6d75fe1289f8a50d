"""Parameter scans: maps over the product of values, over rows of them, or over samples."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from htmap.exceptions import EmptyMap, InvalidArgument
from htmap.mapping import create_map
from htmap.maps import Map
from htmap.options import Chunksize, MapOptions
from htmap.parameters import (
    BY_NAME,
    Point,
    by_name,
    check,
    iterator_of,
    meant,
    parameters_of,
    rows,
    values_of,
    whole_number,
)
from htmap.samples import draws
from htmap.store.inputs import Arguments


def grid(
    func: Callable[..., Any],
    /,
    *,
    constants: Mapping[str, Any] | None = None,
    where: Callable[..., Any] | None = None,
    parameters: Mapping[str, Iterable[Any]] | None = None,
    map_options: MapOptions | None = None,
    tag: str | None = None,
    quiet: bool = False,
    chunksize: Chunksize | None = None,
    **axes: Iterable[Any],
) -> Map:
    """Run ``func`` for each combination of values, with all parameters by name.

    The combinations are made while they are written, in the order of nested loops: the last
    parameter changes quickest.

    Parameters
    ----------
    func : callable
    **axes : iterable
        For each parameter the values that it takes.
    constants : mapping, optional
        Parameters that have the same value in each combination. It is sent with each.
    where : callable, optional
        Called with each combination (constants too) by name; those for which it returns something
        false are left out. It may take some of the parameters only.
    parameters : mapping, optional
        More axes, whose names may be those of this function's own parameters, such as ``tag``.
    map_options, tag, quiet, chunksize
        As in :func:`htmap.map`, which also says what else is raised.

    Returns
    -------
    Map
        Whose :meth:`~htmap.Map.to_dataframe` has a column for each parameter.

    Raises
    ------
    InvalidArgument
        If there is no axis; one is a str or bytes, is not iterable or has no values; ``func`` or
        ``where`` has no such parameter, or ``func`` needs one that has no value. Nothing is
        written or submitted then.
    EmptyMap
        If ``where`` leaves nothing.

    Examples
    --------
    >>> m = htmap.grid(simulate, a=[1, 2, 3], b=[10, 20])  # doctest: +SKIP
    >>> len(m)  # doctest: +SKIP
    6
    """
    scan = _Scan("grid", func, axes, parameters, constants)
    values = {name: values_of(name, axis) for name, axis in scan.axes.items()}
    for name, axis in values.items():
        if not axis:
            raise InvalidArgument(
                f"the parameter {name!r} has no values: a grid needs at least one"
            )
    points = (
        dict(zip(values, point, strict=True)) for point in itertools.product(*values.values())
    )
    expected = 0 if where else math.prod(map(len, values.values()))
    return scan.run(points, where, expected, map_options, tag, quiet, chunksize)


def zipped(
    func: Callable[..., Any],
    /,
    *,
    constants: Mapping[str, Any] | None = None,
    where: Callable[..., Any] | None = None,
    parameters: Mapping[str, Iterable[Any]] | None = None,
    map_options: MapOptions | None = None,
    tag: str | None = None,
    quiet: bool = False,
    chunksize: Chunksize | None = None,
    **columns: Iterable[Any],
) -> Map:
    """Run ``func`` for the first values of all parameters, for the second ones, and so on.

    Parameters
    ----------
    func : callable
    **columns : iterable
        For each parameter its values, as many as of the others; taken one after another, so that
        they may be more than fit into memory.
    constants, where, parameters, map_options, tag, quiet, chunksize
        As in :func:`grid`.

    Returns
    -------
    Map

    Raises
    ------
    InvalidArgument
        As :func:`grid`; and if there are more values of one parameter than of another.
    EmptyMap
        If there are none, or ``where`` leaves nothing.

    Examples
    --------
    >>> m = htmap.zipped(pow, base=[2, 3], exp=[10, 20])  # doctest: +SKIP
    >>> list(m)  # doctest: +SKIP
    [1024, 3486784401]
    """
    scan = _Scan("zipped", func, columns, parameters, constants)
    iterators = {name: iterator_of(name, column) for name, column in scan.axes.items()}
    lengths = {
        name: len(column) for name, column in scan.axes.items() if isinstance(column, Sequence)
    }
    if len(set(lengths.values())) > 1:
        raise InvalidArgument(
            "the parameters of zipped have different numbers of values: "
            + ", ".join(f"{length} of {name!r}" for name, length in lengths.items())
        )
    expected = 0 if where else next(iter(lengths.values()), 0)
    return scan.run(rows(iterators), where, expected, map_options, tag, quiet, chunksize)


def sampled(
    func: Callable[..., Any],
    n: int,
    /,
    *,
    seed: int | None = None,
    constants: Mapping[str, Any] | None = None,
    where: Callable[..., Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    map_options: MapOptions | None = None,
    tag: str | None = None,
    quiet: bool = False,
    chunksize: Chunksize | None = None,
    **distributions: Any,
) -> Map:
    """Run ``func`` for ``n`` samples of its parameters, each drawn on its own.

    Parameters
    ----------
    func : callable
    n : int
        How many samples are drawn; with ``where``, those of them stay that it takes.
    **distributions
        For each parameter a tuple ``(low, high)`` of numbers, between which it is uniform: whole
        numbers, both ends included, if both are int; a list (or another sequence) of choices, all
        as likely; or what has ``rvs``, such as the distributions of ``scipy.stats``.
    seed : int, optional
        The same seed gives the same samples, whichever other parameters there are; without one
        they are others each time.
    constants, where, parameters, map_options, tag, quiet, chunksize
        As in :func:`grid`.

    Returns
    -------
    Map

    Raises
    ------
    InvalidArgument
        As :func:`grid`; and if ``n`` is no whole number of at least 1, ``seed`` is none, or a
        parameter has a distribution that is none of those above.
    EmptyMap
        If ``where`` leaves nothing.

    Examples
    --------
    >>> m = htmap.sampled(simulate, 1000, seed=1, a=(0.0, 1.0), b=[1, 2, 5])  # doctest: +SKIP
    """
    count = whole_number("n", n)
    if count < 1:
        raise InvalidArgument(f"n is {n}: a map needs at least one sample")
    start = random.SystemRandom().getrandbits(32) if seed is None else whole_number("seed", seed)
    scan = _Scan("sampled", func, distributions, parameters, constants)
    drawn = {name: draws(name, given, start, count) for name, given in scan.axes.items()}
    points = ({name: draw() for name, draw in drawn.items()} for _ in range(count))
    expected = 0 if where else count
    return scan.run(points, where, expected, map_options, tag, quiet, chunksize)


class _Scan:
    """What a scan is over: the function, and parameters that it has.

    Raises
    ------
    InvalidArgument
        If it has no such parameters, or needs others.
    """

    def __init__(
        self,
        what: str,
        func: Callable[..., Any],
        axes: Mapping[str, Any],
        parameters: Mapping[str, Any] | None,
        constants: Mapping[str, Any] | None,
    ) -> None:
        self._what = what
        self._func = func
        self.axes = {**axes, **by_name("parameters", parameters)}
        self._constants = by_name("constants", constants)
        if not callable(func):
            raise InvalidArgument(f"{what} needs a function to run, and got {func!r}")
        if not self.axes:
            raise InvalidArgument(
                f"{what} has no parameters to scan: give them by name, as in "
                f"htmap.{what}(func, {_EXAMPLES[what]})"
            )
        for name in axes.keys() & (parameters or {}).keys():
            raise InvalidArgument(
                f"the parameter {name!r} is given twice: take it out of parameters"
            )
        for name in self.axes.keys() & self._constants.keys():
            raise InvalidArgument(
                f"the parameter {name!r} is scanned and a constant: it can be one"
            )
        check(func, [*self.axes, *self._constants])

    def run(
        self,
        points: Iterable[Point],
        where: Callable[..., Any] | None,
        expected: int,
        map_options: MapOptions | None,
        tag: str | None,
        quiet: bool,
        chunksize: Chunksize | None,
    ) -> Map:
        """Make the map of those points that ``where`` takes."""
        names = [*self.axes, *self._constants]
        takes = None if where is None else _Filter(where, names)
        inputs: Iterator[Arguments] = (
            ((), point)
            for point in ({**point, **self._constants} for point in points)
            if takes is None or takes(point)
        )
        try:
            return create_map(tag, self._func, inputs, map_options, quiet, chunksize, expected)
        except EmptyMap as error:
            if takes is None:
                raise
            raise EmptyMap(
                f"the map {error.tag!r} has no inputs: of the {takes.asked} combinations of "
                f"{', '.join(self.axes)}, `where` takes none",
                tag=error.tag,
            ) from None


_EXAMPLES = {
    "grid": "a=[1, 2], b=[3, 4]",
    "zipped": "a=[1, 2], b=[3, 4]",
    "sampled": "100, a=(0.0, 1.0)",
}


class _Filter:
    """A user's ``where``, which may take some of the parameters only."""

    def __init__(self, where: Callable[..., Any], names: Sequence[str]) -> None:
        if not callable(where):
            raise InvalidArgument(f"where is {where!r}: it has to be a function of the parameters")
        self._where = where
        self._names: Sequence[str] | None = None
        self.asked = 0
        parameters = parameters_of(where)
        if parameters is None or any(p.kind is p.VAR_KEYWORD for p in parameters):
            return
        self._names = [p.name for p in parameters if p.kind in BY_NAME and p.name in names]
        for parameter in parameters:
            is_needed = parameter.default is parameter.empty and parameter.kind in BY_NAME
            if is_needed and parameter.name not in names:
                raise InvalidArgument(
                    f"where takes {parameter.name!r}, which is no parameter of the scan"
                    f"{meant(parameter.name, names)}"
                )

    def __call__(self, point: Point) -> bool:
        self.asked += 1
        if self._names is None:
            return bool(self._where(**point))
        return bool(self._where(**{name: point[name] for name in self._names}))

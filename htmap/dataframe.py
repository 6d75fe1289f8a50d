"""What is known of each component, as a table of pandas."""

from __future__ import annotations

import contextlib
import datetime
import inspect
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from htmap.component_times import ComponentTimes
from htmap.exceptions import CorruptPack, InputCannotBeLoaded, OutputCannotBeLoaded
from htmap.extras import require
from htmap.results import MapResults
from htmap.statuses import ComponentStatus
from htmap.store.inputs import FunctionPack
from htmap.store.reading import Reading

if TYPE_CHECKING:
    import pandas

#: The columns that every table has, or may have; an input of such a name gets a longer one.
RECORD = (
    *("component", "result", "status", "error", "host", "submitted", "started", "ended"),
    *("runtime", "cpu", "memory", "attempts"),
)

# Whole numbers above this are not kept as they are where one is missing among them.
_LARGEST_EXACT = 2**53

_SCALARS = {bool, int, float, complex, str, bytes, datetime.datetime, datetime.timedelta}

# By column, with None where there is nothing.
Columns = dict[str, list[Any]]


def dataframe(map_: MapResults, inputs: bool, results: bool, expand: bool) -> pandas.DataFrame:
    """Return the table: see :meth:`htmap.Map.to_dataframe`."""
    pd = require("pandas", "Map.to_dataframe()")
    times = ComponentTimes(map_)
    statuses = tuple(map_._tracker.state)
    errors = _errors(map_, statuses)
    found: Columns = {}
    if inputs:
        found.update(_renamed(_inputs(map_, errors), "input_", RECORD))
    if results or expand:
        returned = _results(map_, statuses, errors)
        found.update(_expanded(returned, {*RECORD, *found}) if expand else {"result": returned})
    columns = {name: _series(pd, values) for name, values in found.items()}
    columns["status"] = pd.Series([status.value for status in statuses])
    columns["error"] = pd.Series(errors, dtype=object)
    columns["host"] = pd.Series([slot and host_of(slot) for slot in times.slot], dtype=object)
    for name in ("submitted", "started", "ended"):
        columns[name] = pd.Series(pd.to_datetime(getattr(times, name), unit="s", utc=True))
    columns["runtime"], columns["cpu"] = pd.Series(times.runtime), pd.Series(times.cpu)
    memory = map_._tracker.state.memory
    columns["memory"] = pd.Series([float(each) or math.nan for each in memory])
    columns["attempts"] = pd.Series(array("q", times.attempts))
    index = pd.RangeIndex(len(statuses), name="component")
    return pd.DataFrame(columns).set_axis(index)


def host_of(slot: str) -> str:
    """Return the machine that a slot is on.

    Examples
    --------
    >>> host_of("slot1_2@node3.site.example")
    'node3.site.example'
    """
    return slot.rpartition("@")[2]


# ---- inputs ---------------------------------------------------------------------------------


def _inputs(map_: MapResults, errors: list[str | None]) -> Columns:
    """Return the inputs by the parameters' names; note why some cannot be read."""
    size = len(errors)
    columns: Columns = {}
    names: _Names | None = None
    with Reading(map_.tag) as reading:
        for component in range(size):
            try:
                args, kwargs = map_._input(component, reading)
            except (CorruptPack, InputCannotBeLoaded) as error:
                errors[component] = "; ".join(filter(None, [errors[component], str(error)]))
                continue
            if args and names is None:
                names = _Names(map_)
            for position, value in enumerate(args):
                assert names is not None
                _column(columns, names[position], size)[component] = value
            for name, value in kwargs.items():
                _column(columns, name, size)[component] = value
    return columns


def _column(columns: Columns, name: str, size: int) -> list[Any]:
    found = columns.get(name)
    if found is None:
        found = columns[name] = [None] * size
    return found


class _Names:
    """The names of a function's positional parameters: arg0, arg1 and so on where not known."""

    def __init__(self, map_: MapResults) -> None:
        self._names: list[str] = []
        self._rest = "arg"
        # What is a function of the user's may raise anything here; names are all that is lost.
        with contextlib.suppress(Exception):
            with FunctionPack(map_._folder.function, map_.tag) as pack:
                parameters = inspect.signature(pack.function()).parameters.values()
            by_position = (
                inspect.Parameter.POSITIONAL_ONLY,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
            )
            self._names = [p.name for p in parameters if p.kind in by_position]
            for parameter in parameters:
                if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                    self._rest = parameter.name

    def __getitem__(self, position: int) -> str:
        if position < len(self._names):
            return self._names[position]
        return f"{self._rest}{position - len(self._names)}"


def _renamed(columns: Columns, prefix: str, taken: Iterable[str]) -> Columns:
    """Return columns with a prefix on each name that is taken."""
    taken = set(taken)
    renamed: Columns = {}
    for name, values in columns.items():
        new = name
        while new in taken or new in renamed or (new != name and new in columns):
            new = f"{prefix}{new}"
        renamed[new] = values
    return renamed


# ---- results --------------------------------------------------------------------------------


def _results(
    map_: MapResults, statuses: Sequence[ComponentStatus], errors: list[str | None]
) -> list[Any]:
    """Return the results that are there; note why others cannot be read."""
    found: list[Any] = [None] * len(statuses)
    with Reading(map_.tag) as reading:
        for (run, job), components in map_._by_job():
            output = reading.output(run, job)
            for component in components:
                if statuses[component] is not ComponentStatus.COMPLETED:
                    continue
                try:
                    found[component] = output.result(component)
                except (CorruptPack, OutputCannotBeLoaded) as error:
                    map_._refresh()  # the whole map may have been removed
                    errors[component] = str(error)
    return found


def _expanded(results: list[Any], taken: Iterable[str]) -> Columns:
    """Return the items of results that are dicts, by key, and the other results as they are."""
    columns: Columns = {}
    others: list[Any] = [None] * len(results)
    for component, result in enumerate(results):
        if isinstance(result, Mapping):
            for key, value in result.items():
                _column(columns, str(key), len(results))[component] = value
        else:
            others[component] = result
    columns = _renamed(columns, "result_", taken)
    has_others = any(other is not None for other in others)
    return {**({"result": others} if has_others or not columns else {}), **columns}


def _errors(map_: MapResults, statuses: Sequence[ComponentStatus]) -> list[str | None]:
    """Return why components have no result, as far as something is wrong."""
    found: list[str | None] = [None] * len(statuses)
    for component, hold in map_._tracker.state.holds.items():
        found[component] = str(hold)
    with Reading(map_.tag) as reading:
        for component, status in enumerate(statuses):
            if status.is_failure:
                found[component] = map_._error(component, reading).exception_msg
    return found


# ---- values ---------------------------------------------------------------------------------


def _series(pd: Any, values: list[Any]) -> Any:
    """Return values as numbers, words or times where all are, else as the objects that they are."""
    kinds = set(map(type, values)) - {type(None)}
    if not all(_is_scalar(pd, kind) for kind in kinds):
        return pd.Series(_objects(values))
    if None in values and kinds & {int} and any(_is_large(value) for value in values):
        return pd.Series(values, dtype=object)
    return pd.Series(values) if kinds else pd.Series(values, dtype=object)


def _is_scalar(pd: Any, kind: type) -> bool:
    """Tell whether pandas keeps values of a type as they are; it makes texts of an enum's."""
    import numpy

    return kind in _SCALARS or issubclass(kind, (numpy.generic, pd.Timestamp, pd.Timedelta))


def _is_large(value: Any) -> bool:
    return isinstance(value, int) and abs(value) > _LARGEST_EXACT


def _objects(values: list[Any]) -> Any:
    import numpy

    found: Any = numpy.empty(len(values), dtype=object)
    for position, value in enumerate(values):  # all at once, arrays would become rows
        found[position] = value
    return found

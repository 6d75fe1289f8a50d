"""Map options: what HTCondor is asked for on behalf of a map."""

from __future__ import annotations

import dataclasses
import itertools
import operator
import os
import re
from collections import UserDict
from collections.abc import Iterable, Iterator, Mapping
from numbers import Real
from typing import Any, Literal

from htmap import option_names
from htmap.exceptions import InvalidMapOption, MisalignedInputData
from htmap.file_options import absolute, destinations, files_of

__all__ = ["Chunksize", "MapOptions", "ResolvedOptions", "checked_chunksize"]

#: How many components share a job: a number, or "auto".
Chunksize = int | Literal["auto"]

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclasses.dataclass(frozen=True)
class ResolvedOptions:
    """Map options for a map of a known size, as text.

    Attributes
    ----------
    fixed : dict
        Submit command to its value.
    per_component : dict
        Submit command to a list with one value for each component.
    fixed_input_files : tuple of str
        What every job is sent: absolute paths and URLs.
    input_files : list of tuple of str, or None
        What the job of each component is sent in addition.
    arrivals : dict
        For files that are sent under another name than they are to have, that and the right one.
    fixed_output_remaps : dict
        Name of an output file to the absolute path or URL that it goes to, for every component.
    output_remaps : list of dict, or None
        The same for each component, in place of that.
    """

    fixed: dict[str, str]
    per_component: dict[str, list[str]]
    fixed_input_files: tuple[str, ...] = ()
    input_files: list[tuple[str, ...]] | None = None
    arrivals: dict[str, str] = dataclasses.field(default_factory=dict)
    fixed_output_remaps: dict[str, str] = dataclasses.field(default_factory=dict)
    output_remaps: list[dict[str, str]] | None = None

    def alike(self, component: int) -> object:
        """Return what differs between components: those for which it is equal may share a job."""
        return (
            [values[component] for values in self.per_component.values()],
            None if self.input_files is None else self.input_files[component],
            # The files of several components would go to the same place.
            component
            if self.fixed_output_remaps or self.output_remaps is not None or _streams(self.fixed)
            else None,
        )


class MapOptions(UserDict[str, Any]):
    """What HTCondor is asked for on behalf of a map.

    Any command of the submit language is a keyword: see the manual's section "Submit Description
    File Commands". A value that is text or a number holds for the whole map; any other iterable
    has one value for each component, in their order.

    Parameters
    ----------
    fixed_input_files : str, os.PathLike, TransferPath, or iterable of them, optional
        Files, folders and URLs that every component is sent. A relative path starts at the
        directory in which the map is made; a slash at the end means what is in the folder.
    input_files : iterable, optional
        For each component, a file, folder or URL, or an iterable of them.
    output_remaps : dict, or iterable of dict, optional
        Where output files go instead of to ``Map.output_files``: their paths in the job's folder,
        each with a :class:`htmap.TransferPath`. One dict holds for every component, an iterable
        has one for each.
    custom_options : dict, optional
        Attributes of your own for the jobs, which a submit file marks by ``+`` or ``MY.``. Values
        are ClassAd expressions, so text needs quotes of its own: ``'"text"'``.
    delivery_method : str, optional
        How Python reaches the execute nodes for this map: the name of a delivery method, instead
        of the one in the settings.
    chunksize : int or "auto", optional
        How many components run in one job, one after another; 1 if nothing else is said.
        Components of different options or input files never share a job, nor do those whose
        output files go somewhere else, or whose output HTCondor sends while they write it.
    **kwargs
        Submit commands. Upper and lower case mean the same.

    Raises
    ------
    ReservedOptionKeyword
        If htmap itself says what you would say.
    InvalidMapOption
        If a name or a value is none that HTCondor could be given.

    Examples
    --------
    >>> options = MapOptions(
    ...     request_cpus=2,
    ...     request_memory=["1GB", "2GB", "4GB"],
    ...     custom_options={"ProjectName": '"Books"'},
    ... )
    >>> options.resolve(3).per_component["request_memory"]
    ['1GB', '2GB', '4GB']
    """

    def __init__(
        self,
        *,
        fixed_input_files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None,
        input_files: Iterable[str | os.PathLike[str] | Iterable[str | os.PathLike[str]]]
        | None = None,
        output_remaps: Mapping[str, str | os.PathLike[str]]
        | Iterable[Mapping[str, str | os.PathLike[str]]]
        | None = None,
        custom_options: Mapping[str, Any] | None = None,
        delivery_method: str | None = None,
        chunksize: Chunksize | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if not isinstance(delivery_method, (str, type(None))):
            raise InvalidMapOption(
                f"delivery_method is {delivery_method!r}, but has to be the name of a delivery "
                "method: one holds for the whole map"
            )
        self.delivery_method = delivery_method
        self.chunksize = None if chunksize is None else checked_chunksize(chunksize)
        self.fixed_input_files = () if fixed_input_files is None else files_of(fixed_input_files)
        if isinstance(input_files, (str, bytes, os.PathLike, Mapping)):
            raise InvalidMapOption(
                f"input_files is {input_files!r}, but has one item for each component: a file or a "
                "list of files. What every component needs goes into fixed_input_files"
            )
        self.input_files = None if input_files is None else _repeatable(input_files, "input_files")
        remaps: Any = output_remaps
        if isinstance(remaps, (str, os.PathLike, Mapping)):
            remaps = destinations(remaps)
        elif remaps is not None:
            remaps = _repeatable(remaps, "output_remaps")
        self.output_remaps = remaps
        self.update(kwargs)
        for name, value in (custom_options or {}).items():
            self[f"MY.{name}"] = value

    def __setitem__(self, name: str, value: Any) -> None:
        name = option_names.checked(name)
        text = _text(value)
        if text is not None:
            self.data[name] = _checked_text(text, f"the map option {name!r}")
        else:
            self.data[name] = _repeatable(value, name)

    def __getitem__(self, name: str) -> Any:
        return self.data[option_names.normal(name)]

    def __delitem__(self, name: str) -> None:
        del self.data[option_names.normal(name)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and option_names.normal(name) in self.data

    def alike(self) -> Iterator[object]:
        """Yield, for one component after another, what differs; without end.

        Components may share a job if it is equal for them. Values that are missing, or too many,
        are for :meth:`resolve` to tell.
        """
        columns = [value for value in self.data.values() if not isinstance(value, str)]
        if self.input_files is not None:
            columns.append(self.input_files)
        if self.output_remaps or _streams(self.data):
            # The files of several components would go to the same place.
            columns.append(itertools.count())
        if not columns:
            return itertools.repeat(None)
        endless = (itertools.chain(map(str, each), itertools.repeat("")) for each in columns)
        return zip(*endless, strict=False)

    @staticmethod
    def merge(*others: MapOptions) -> MapOptions:
        """Return options that say what all of several say; where they differ, the first wins.

        ``requirements`` have to be met all, and ``fixed_input_files`` are all sent.

        Parameters
        ----------
        *others : MapOptions
            They are left as they are.

        Examples
        --------
        >>> always = MapOptions(request_cpus=1, requirements="HasFloats")
        >>> merged = MapOptions.merge(MapOptions(request_cpus=4, requirements="HasGPU"), always)
        >>> merged["request_cpus"], merged["requirements"]
        ('4', '(HasGPU) && (HasFloats)')
        """
        merged = MapOptions()
        for other in reversed(others):
            merged.data.update(other.data)
            if other.input_files is not None:
                merged.input_files = other.input_files
            if other.output_remaps is not None:
                merged.output_remaps = other.output_remaps
            if other.delivery_method is not None:
                merged.delivery_method = other.delivery_method
            if other.chunksize is not None:
                merged.chunksize = other.chunksize
        requirements = [other.data.get("requirements", "") for other in others]
        requirements = [each for each in requirements if not isinstance(each, str) or each.strip()]
        if requirements:
            merged.data["requirements"] = _all_of(requirements)
        files = itertools.chain.from_iterable(other.fixed_input_files for other in others)
        merged.fixed_input_files = tuple(dict.fromkeys(files))
        return merged

    def resolve(self, components: int) -> ResolvedOptions:
        """Return the options as text, with one value a component where they differ.

        Parameters
        ----------
        components : int
            How many components the map has.

        Raises
        ------
        MisalignedInputData
            If there are more or fewer values than components.
        InvalidMapOption
            If a value is none that HTCondor could be given.
        """
        fixed, per_component = {}, {}
        for name, value in self.data.items():
            if isinstance(value, str):
                fixed[name] = value
                continue
            per_component[name] = [
                _component_text(item, name, component)
                for component, item in enumerate(_aligned(value, components, name))
            ]
        input_files = None
        if self.input_files is not None:
            aligned = _aligned(self.input_files, components, "input_files")
            input_files = [tuple(map(absolute, files_of(item))) for item in aligned]
        fixed_remaps, remaps = self.output_remaps or {}, None
        if not isinstance(fixed_remaps, Mapping):
            aligned = _aligned(self.output_remaps, components, "output_remaps")
            fixed_remaps, remaps = {}, [destinations(item) for item in aligned]
        return ResolvedOptions(
            fixed=fixed,
            per_component=per_component,
            fixed_input_files=tuple(map(absolute, self.fixed_input_files)),
            input_files=input_files,
            fixed_output_remaps=dict(fixed_remaps),
            output_remaps=remaps,
        )


def _streams(options: Mapping[str, Any]) -> bool:
    """Tell whether HTCondor is to send what a job writes, which is not told apart there."""
    values = (options.get(name, "false") for name in ("stream_output", "stream_error"))
    return any(str(value).strip().lower() != "false" for value in values)


def checked_chunksize(chunksize: Any) -> Chunksize:
    """Return a chunk size as it was meant.

    Raises
    ------
    InvalidMapOption
        If it is neither a whole number from 1 nor "auto".

    Examples
    --------
    >>> checked_chunksize("20"), checked_chunksize("auto")
    (20, 'auto')
    """
    if isinstance(chunksize, str) and chunksize == "auto":
        return "auto"
    try:
        # Text is what `htmap set` and the environment have.
        is_text = isinstance(chunksize, str) and chunksize.strip().isdecimal()
        size = int(chunksize) if is_text else operator.index(chunksize)
    except TypeError:
        size = 0
    if size < 1 or isinstance(chunksize, bool):
        raise InvalidMapOption(
            f"chunksize is {chunksize!r}, but says how many components run in one job, one after "
            'another: a whole number from 1, or "auto" to let htmap choose'
        )
    return size


class _Remembered:
    """The values of an iterator, which can thereby be gone through more than once."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._rest = iter(values)
        self._taken: list[Any] = []

    def __iter__(self) -> Iterator[Any]:
        for position in itertools.count():
            if position == len(self._taken):
                try:
                    self._taken.append(next(self._rest))
                except StopIteration:
                    return
            yield self._taken[position]


def _repeatable(values: Any, name: str) -> Any:
    if isinstance(values, (bytes, Mapping)) or not isinstance(values, Iterable):
        raise InvalidMapOption(
            f"the map option {name!r} is {values!r}, of type {type(values).__name__}. It can be "
            "text, a number, true or false, or an iterable of these with one for each component"
        )
    return _Remembered(values) if iter(values) is values else values


def _all_of(requirements: list[Any]) -> Any:
    if len(requirements) == 1:
        return requirements[0]
    if all(isinstance(requirement, str) for requirement in requirements):
        return _joined(requirements)
    columns = (itertools.repeat(each) if isinstance(each, str) else each for each in requirements)
    return _Remembered(map(_joined, zip(*columns, strict=False)))


def _joined(requirements: Iterable[str]) -> str:
    parts = [each for each in dict.fromkeys(map(str, requirements)) if each.strip()]
    return " && ".join(f"({requirement})" for requirement in parts)


def _aligned(values: Iterable[Any], components: int, name: str) -> list[Any]:
    # One more than needed, so that an endless iterator does not hang.
    found = list(itertools.islice(values, components + 1))
    if len(found) != components:
        count = f"{len(found)}" if len(found) < components else f"at least {len(found)}"
        raise MisalignedInputData(
            f"the map option {name!r} has {count} values for {components} components: it needs one "
            "for each. A single text or number holds for all of them"
        )
    return found


# --- values ---------------------------------------------------------------------------------------


def _text(value: Any) -> str | None:
    """Return a value as it is written in a submit file, or None if it is no single value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    return str(value) if isinstance(value, Real) else None


def _component_text(value: Any, name: str, component: int) -> str:
    what = f"the map option {name!r} of component {component}"
    text = _text(value)
    if text is None:
        raise InvalidMapOption(
            f"{what} is {value!r}, of type {type(value).__name__}. It can be text, a number, true "
            "or false"
        )
    return _checked_text(text, what)


def _checked_text(text: Any, what: str) -> str:
    if not isinstance(text, str):
        raise InvalidMapOption(f"{what} is {text!r}: a path of bytes cannot be given to HTCondor")
    found = _CONTROL.search(text)
    if found:
        raise InvalidMapOption(
            f"{what} contains {found[0]!r}: {text!r}. A line break or control character would end "
            "it early; write it without"
        )
    if text.rstrip().endswith("\\"):  # HTCondor takes away the spaces first
        raise InvalidMapOption(
            f"{what} ends in a backslash: {text!r}. That would join it to the next line; write it "
            "without"
        )
    return text

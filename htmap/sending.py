"""What is sent along with the jobs of a map, and by which names it arrives in their folders.

HTCondor's list of files to transfer holds no name with a comma or a quote, and of two files of one
name only one arrives. So such files are sent by way of a link in the map's folder that has a name
of its own, and HTCondor is told what to call them on arrival. A file that does not exist is no
matter where the schedd sees files: HTCondor holds its job, and says so, until the file is there and
the job is released.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from htmap.exceptions import InvalidMapOption
from htmap.execute import places
from htmap.file_options import URL, absolute, checked, checked_new_name, files_of
from htmap.files import TransferPath, departing
from htmap.options import MapOptions, ResolvedOptions
from htmap.store.folder import MapFolder

T = TypeVar("T")

# What HTCondor's list of files cannot hold.
_UNLISTABLE = re.compile(r'[,"]|\s$|^\s|\\$')
_UNLISTABLE_IN_SPOOL = re.compile(r'[,"\s]|\\$')
# Names that htmap and HTCondor themselves have in the job's folder. A number is an input pack.
_TAKEN = re.compile(
    r"\d+|_htmap.*|_condor_.*|runner\.pyz|function\.pack|output\.pack|condor_exec\.exe"
    r"|docker_stderror|\.(job|machine|update|execution_overlay)\.ad|\.chirp\.config"
)
# Of these it is known that what is behind # stays here, so it can make a name one of its own.
_WITH_FRAGMENTS = ("http://", "https://")


def _name(source: str) -> str:
    return source.rpartition("/")[2]


class Sending:
    """Finds the files in the inputs of a map while they are written, and settles their names.

    Parameters
    ----------
    folder : MapFolder
        Of the map; links are made in it.
    options : MapOptions
        Of the map; they are not changed.
    spooled : bool
        Whether the files travel to the schedd first, whose list of files holds no blanks either.
    """

    def __init__(self, folder: MapFolder, options: MapOptions, spooled: bool = False) -> None:
        self._folder = folder
        self._spooled = spooled
        self._unlistable = _UNLISTABLE_IN_SPOOL if spooled else _UNLISTABLE
        self._options = options
        self._links: dict[tuple[str, str], str] = {}
        self._arrivals: dict[str, str] = {}
        self._arguments: dict[int, tuple[str, ...]] = {}  # of the components that have any
        self._fixed = _Names("every component")
        for file in map(absolute, options.fixed_input_files):
            self._fixed.add(file)
        # The component that is being written, and the names in its job's folder once they matter.
        self._component: int | None = None
        self._names: _Names | None = None
        self._values: object = None

    @contextlib.contextmanager
    def departures(self, inputs: Iterable[T]) -> Iterator[Iterator[T]]:
        """Give the inputs of one component after another, to be pickled inside the block.

        Each has to be pickled before the next is taken: its files become files of its component.
        """
        with departing(self._send):
            yield self._each(inputs)

    def _each(self, inputs: Iterable[T]) -> Iterator[T]:
        files = self._options.input_files
        optional = None if files is None else iter(files)
        options = self._options.alike()
        for component, item in enumerate(inputs):
            self._begin(component)
            self._values = next(options)
            if optional is not None:
                for file in map(absolute, files_of(next(optional, ()))):
                    self._names_of(component).add(file)
            yield item
            if self._names is not None and self._names.entries:
                self._arguments[component] = tuple(self._names.entries)
            self._begin(None)

    def alike(self) -> object:
        """Return what the component whose input was pickled last has in common with others.

        Those for which it is equal, in the options and in the files of their inputs, may share a
        job.
        """
        names = self._names
        return self._values, None if names is None else tuple(names.entries)

    def _begin(self, component: int | None) -> None:
        self._component, self._names = component, None

    def _names_of(self, component: int) -> _Names:
        if self._names is None:
            self._names = _Names(f"component {component}", self._fixed.sources)
        return self._names

    def _send(self, path: TransferPath) -> Path | None:
        """Note a file in the input that is being pickled; return its path on the node."""
        if self._component is None:  # whoever makes the inputs pickles something
            return None
        names = self._names_of(self._component)
        source = absolute(checked(path.source, "the name of an input file"))
        if source.endswith("/"):
            names.send(self._entry(source))
            return Path()
        arrival = names.find(source)
        if arrival is None:
            arrival = names.choose(source)
            names.send(self._entry(source, arrival))
        return Path(arrival)

    def _entry(self, source: str, arrival: str = "") -> str:
        """Return how a file is listed for HTCondor, that it may arrive by a name."""
        entry = self._listed(source, arrival)
        is_here = not URL.match(source)
        if self._spooled and is_here and not os.path.exists(source):  # noqa: PTH110 - a str
            raise InvalidMapOption(
                f"the input file {source} does not exist. It has to be there when the map is made, "
                "because the schedd does not see the files of this machine and is sent it then",
                path=source,
            )
        return entry

    def _listed(self, source: str, arrival: str) -> str:
        listable = not self._unlistable.search(source)
        if URL.match(source):
            return self._url(source, arrival, listable)
        if listable and (not arrival or arrival == _name(source)):
            return source
        link = self._links.get((source, arrival))
        if link is None:
            number = len(self._links)
            readable = re.sub(r"[^\w.-]", "_", _name(source.rstrip("/")), flags=re.ASCII)
            link = f"{places.FOLDER}_{number}_{readable[:60]}"
            self._links[source, arrival] = link
            self._folder.link(link, source)
            if arrival:
                self._arrivals[link] = checked_new_name(arrival)
        return f"{self._folder.LINKS}/{link}" + ("" if arrival else "/")

    def _url(self, source: str, arrival: str, listable: bool) -> str:
        if not listable:
            raise InvalidMapOption(
                f"the URL {source!r} has a comma, a quote or a space at its end, which HTCondor's "
                "list of files cannot hold: write it percent-encoded (%2C, %22, %20)"
            )
        if not arrival or arrival == _name(source):
            return source
        if not source.startswith(_WITH_FRAGMENTS) or re.search("[#;=]", _name(source)):
            raise InvalidMapOption(
                f"the name {_name(source)!r} at the end of {source!r} is taken in the job's folder "
                "by another input file, or by htmap: send it by another name"
            )
        unique = f"{source}#{self._links.setdefault((source, arrival), str(len(self._links)))}"
        self._arrivals[_name(unique)] = checked_new_name(arrival)
        return unique

    def applied(self, options: ResolvedOptions, components: int) -> ResolvedOptions:
        """Return the options of the map with all files that are sent, once its inputs are written.

        Parameters
        ----------
        options : ResolvedOptions
            What the map's options are for its number of components.
        components : int
            That number.

        Raises
        ------
        InvalidMapOption
            If a file of the options would arrive by a name that is htmap's own.
        """

        def listed(files: Iterable[str]) -> tuple[str, ...]:
            return tuple(self._entry(file, _name(file)) for file in files)

        for names in (options.fixed_input_files, *(options.input_files or ())):
            for name in map(_name, names):
                is_input_pack = name.isdecimal() and int(name) < components
                if is_input_pack or (_TAKEN.fullmatch(name) and not name.isdecimal()):
                    raise InvalidMapOption(
                        f"the input file {name!r} would arrive by a name that htmap has in the "
                        "job's folder: give it another one, or pass it to the function as a "
                        "TransferPath, which may arrive elsewhere"
                    )
        fixed = listed(options.fixed_input_files)
        more = options.input_files
        if more is not None or self._arguments:
            own = [()] * components if more is None else more
            more = [
                tuple(dict.fromkeys((*listed(files), *self._arguments.get(component, ()))))
                for component, files in enumerate(own)
            ]
        return dataclasses.replace(
            options, fixed_input_files=fixed, input_files=more, arrivals=self._arrivals
        )


class _Names:
    """The names in the folder of one component's job."""

    def __init__(self, whose: str, sources: dict[str, str] | None = None) -> None:
        self._whose = whose
        self.sources: dict[str, str] = dict(sources or {})  # name to source
        self._elsewhere: dict[str, str] = {}  # source to path
        self.entries: list[str] = []

    def add(self, source: str) -> None:
        """Take the name of a file that arrives by its own."""
        name = _name(source)
        if name and self.sources.setdefault(name, source) != source:
            raise InvalidMapOption(
                f"{self._whose} is sent two files named {name!r}, {self.sources[name]} and "
                f"{source}, of which one would take the place of the other: rename one, or pass "
                "them to the function as TransferPaths, each of which is told where it arrives"
            )

    def find(self, source: str) -> str | None:
        """Return where a file arrives that is sent already."""
        if self.sources.get(_name(source)) == source:
            return _name(source)
        return self._elsewhere.get(source)

    def choose(self, source: str) -> str:
        """Return where one more file is to arrive."""
        name = _name(source)
        # A space in front is read as one between two names, but not within a path.
        if name not in self.sources and not _TAKEN.fullmatch(name) and not name[:1].isspace():
            self.sources[name] = source
            return name
        path = f"{places.INPUTS}/{len(self._elsewhere) + 1}/{name}"
        self._elsewhere[source] = path
        return path

    def send(self, entry: str) -> None:
        """Note how a file of an argument is listed for HTCondor."""
        if entry not in self.entries:
            self.entries.append(entry)

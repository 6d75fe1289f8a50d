"""TransferPath: a file or folder that travels with a job.

This module also travels to the execute node, where Python may be 3.9 and the rest of htmap missing:
it imports the standard library and :mod:`htmap.exceptions` alone.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import os
import re
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from htmap.exceptions import InvalidTransferPath

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)(.*)", re.DOTALL)

_Departure = Callable[["TransferPath"], "Path | None"]

# What becomes of a TransferPath that is pickled as part of a component's input.
_departure: contextvars.ContextVar[_Departure | None] = contextvars.ContextVar(
    "departure", default=None
)


@contextlib.contextmanager
def departing(arrival: _Departure) -> Iterator[None]:
    """Pickle each TransferPath inside the block as the path that ``arrival`` returns for it.

    Pickle itself goes through containers and objects of any kind, and rebuilds them faithfully.
    Where ``arrival`` returns None, the TransferPath is pickled as it is.
    """
    token = _departure.set(arrival)
    try:
        yield
    finally:
        _departure.reset(token)


@functools.total_ordering
class TransferPath(os.PathLike[str]):
    """A file or folder that HTCondor transfers together with a job.

    Anywhere in the arguments of a component, it says "send this": the function finds the file in
    the folder that it runs in, and gets a :class:`pathlib.Path` to it in place of this object. In
    ``MapOptions(output_remaps=...)`` it says where a file is to go.

    A local one has all attributes and methods of :class:`pathlib.Path`, whose paths become
    TransferPaths again. A remote one has those that do not look at the file.

    Parameters
    ----------
    path : str, os.PathLike or TransferPath
        A path, or a URL such as ``"https://example.org/data.csv"``. A slash at its end asks for
        what is in the folder, instead of the folder.
    protocol : str, optional
        For a remote file, a protocol that HTCondor has a plugin for: ``"https"``, ``"s3"`` …
        (manual, section "File Transfer Using a URL").
    location : str, optional
        The host or bucket of the URL; needs a protocol.
    contents : bool
        Whether what is in the folder is asked for, as by a slash at the end of ``path``.

    Attributes
    ----------
    path : pathlib.PurePath
        The path, which for a remote file is the last part of its URL.
    protocol, location : str or None
    contents : bool

    Raises
    ------
    InvalidTransferPath
        If a location is given without a protocol (a ValueError).

    Examples
    --------
    >>> TransferPath("data") / "books.txt"
    TransferPath('data/books.txt')
    >>> TransferPath("data.csv", protocol="https", location="example.org").as_url()
    'https://example.org/data.csv'
    """

    path: PurePath
    protocol: str | None
    location: str | None
    contents: bool

    def __init__(
        self,
        path: str | os.PathLike[str],
        protocol: str | None = None,
        location: str | None = None,
        contents: bool = False,
    ) -> None:
        if isinstance(path, TransferPath):
            if protocol is None:
                protocol, location = path.protocol, location or path.location
            text, contents = path.path.as_posix(), contents or path.contents
        else:
            text = os.fspath(path)
            if not isinstance(text, str):
                raise InvalidTransferPath(f"a path of bytes cannot be transferred: {text!r}")
        url = _URL.fullmatch(text) if protocol is None else None
        if url:
            protocol, location, text = url[1], url[2], url[3].lstrip("/")
        if location is not None and protocol is None:
            raise InvalidTransferPath(
                f"the TransferPath {text!r} has the location {location!r} but no protocol: say "
                'how to get there, as in protocol="https"',
                path=text,
            )
        self.protocol = protocol
        self.location = location
        self.contents = contents or (text.endswith("/") and text.strip("/") != "")
        self.path = Path(text) if protocol is None else PurePosixPath(text)

    @classmethod
    def cwd(cls) -> TransferPath:
        """Return the folder that is the current one now."""
        return cls(Path.cwd())

    @classmethod
    def home(cls) -> TransferPath:
        """Return the user's home folder."""
        return cls(Path.home())

    def as_url(self) -> str:
        """Return the URL of a remote file, or the absolute path of a local one."""
        if self.protocol is None:
            return Path(self.path).absolute().as_posix()
        if self.location is None:
            return f"{self.protocol}://{self.path.as_posix()}"
        return f"{self.protocol}://{self.location}/{self.path.as_posix().lstrip('/')}"

    @property
    def source(self) -> str:
        """How options and HTCondor's lists of files name it: relative, if it was given so."""
        text = self.path.as_posix() if self.protocol is None else self.as_url()
        return f"{text}/" if self.contents and text != "/" else text

    def _like(self, path: PurePath) -> TransferPath:
        return type(self)(path, self.protocol, self.location)

    def _wrapped(self, value: Any) -> Any:
        if isinstance(value, PurePath):
            return self._like(value)
        if isinstance(value, (types.GeneratorType, map, filter)):  # not open files
            return map(self._wrapped, value)
        if type(value) in (list, tuple):
            return type(value)(map(self._wrapped, value))
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes, tuple)):  # .parents
            return tuple(map(self._wrapped, value))
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "path" not in self.__dict__:  # half made, by copy or pickle
            raise AttributeError(name)
        try:
            value = getattr(self.path, name)
        except AttributeError:
            where = "" if self.protocol is None else " that is remote"
            raise AttributeError(f"a TransferPath{where} has no attribute {name!r}") from None
        if not callable(value):
            return self._wrapped(value)

        @functools.wraps(value)
        def call(*args: Any, **kwargs: Any) -> Any:
            return self._wrapped(value(*args, **kwargs))

        return call

    def __truediv__(self, other: str | os.PathLike[str]) -> TransferPath:
        if isinstance(other, TransferPath):
            if other.protocol is not None or other.path.is_absolute():
                return other
            joined = self._like(self.path / other.path)
            joined.contents = other.contents
            return joined
        joined = self._like(self.path / other)
        joined.contents = os.fspath(other).endswith("/")
        return joined

    def __rtruediv__(self, other: str | os.PathLike[str]) -> TransferPath:
        return TransferPath(other) / self

    def __fspath__(self) -> str:
        if self.protocol is not None:
            raise TypeError(f"{self.as_url()} is remote: it has no path on this machine")
        return os.fspath(self.path)

    def __str__(self) -> str:
        return os.fspath(self.path) if self.protocol is None else self.as_url()

    def __repr__(self) -> str:
        more = "".join(
            f", {name}={value!r}"
            for name, value in (
                ("protocol", self.protocol),
                ("location", self.location),
                ("contents", self.contents or None),
            )
            if value is not None
        )
        return f"{type(self).__name__}({self.path.as_posix()!r}{more})"

    def __eq__(self, other: object) -> bool:
        return self.source == other.source if isinstance(other, TransferPath) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.source < other.source if isinstance(other, TransferPath) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.source)

    def __reduce__(self) -> tuple[Any, ...]:
        arrival = _departure.get()
        there = None if arrival is None else arrival(self)
        if there is not None:
            return Path, (there.as_posix(),)
        return type(self), (self.path.as_posix(), self.protocol, self.location, self.contents)

"""Transplants: Pythons that were packed to be sent along, kept for the next map that needs them."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from htmap.delivery import packing
from htmap.settings import settings
from htmap.store.directory import root, unusable
from htmap.store.files import sync_folder, write_whole

# Seconds after which an archive that is still being written has lost its writer.
_ABANDONED = 3600


class Transplant(NamedTuple):
    """A packed Python.

    Attributes
    ----------
    hash : str
        Stands for its contents.
    path : pathlib.Path
        The archive, a ``tar.gz``.
    created : datetime.datetime
        When it was packed, in local time.
    size : int
        Of the archive, in bytes.
    packages : tuple of str
        What is installed in it, as ``name==version``.
    """

    hash: str
    path: Path
    created: datetime
    size: int
    packages: tuple[str, ...]

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Transplant:
        """Return the transplant whose archive is at ``path``.

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        path = Path(path)
        status = path.stat()
        try:
            listed = _list_of(path).read_text().split()
        except FileNotFoundError:  # another process removes it now
            listed = []
        created = datetime.fromtimestamp(status.st_mtime).astimezone()
        return cls(path.name, path, created, status.st_size, tuple(listed))

    def remove(self) -> None:
        """Delete it; safe to repeat. Maps that were made with it keep theirs."""
        self.path.unlink(missing_ok=True)
        _list_of(self.path).unlink(missing_ok=True)


def _list_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.pip")


def folder() -> Path:
    """Return the folder of transplants, which need not exist."""
    chosen = settings["TRANSPLANT.DIR"]
    return Path(str(chosen)).expanduser().absolute() if chosen else root() / "transplants"


def transplants() -> tuple[Transplant, ...]:
    """Return the Pythons that are kept, from the oldest to the newest.

    Examples
    --------
    >>> import htmap
    >>> htmap.transplants()
    ()
    """
    found = []
    try:
        names = os.listdir(folder())  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise unusable(folder(), error) from error
    for name in names:
        if not name.startswith(".") and not name.endswith(".pip"):
            with contextlib.suppress(FileNotFoundError):
                found.append(Transplant.load(folder() / name))
    return tuple(sorted(found, key=lambda each: each.created))


def transplant_info() -> str:
    """Return a text about the Pythons that are kept; empty where there are none.

    Examples
    --------
    >>> import htmap
    >>> htmap.transplant_info()
    ''
    """
    return "\n\n".join(
        f"[{number}] {each.hash}\n"
        f"path      {each.path}\n"
        f"created   {each.created:%Y-%m-%d %H:%M:%S}\n"
        f"size      {each.size / 1e6:.1f} MB\n"
        f"packages  {', '.join(each.packages)}"
        for number, each in enumerate(transplants())
    )


def current() -> Transplant:
    """Return this Python, packed now if it is not kept yet.

    Raises
    ------
    CannotTransplantPython
        If it cannot be packed.
    UnusableDirectory
        If the folder of transplants cannot be written.
    """
    packing.check()
    path = folder() / packing.fingerprint()
    if not path.exists():
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep(path.parent)
            _make(path)
        except OSError as error:
            raise unusable(path.parent, error) from error
    return Transplant.load(path)


def _make(path: Path) -> None:
    # Two processes that pack at once do it twice; either result is whole, and as good.
    write_whole(_list_of(path), "\n".join(packing.packages()).encode())
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            packing.pack(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _sweep(where: Path) -> None:
    """Delete what a process that was killed has left."""
    for temporary in where.glob(".*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - temporary.stat().st_mtime > _ABANDONED:
                temporary.unlink()

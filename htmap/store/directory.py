"""The HTMap directory: where it is, and whether it can be trusted and used."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from htmap.exceptions import UnusableDirectory
from htmap.settings import settings

_FOLDERS = ("maps", "tags", "journal", "runners")
_ADVICE = "set HTMAP_DIR (or HTMAP_DIR in ~/.htmaprc) to a folder of your own"


def root() -> Path:
    """Return the path of the HTMap directory, without looking at the disk.

    Raises
    ------
    UnusableDirectory
        If the path holds a character that cannot be handed to HTCondor.
    """
    path = Path(str(settings["HTMAP_DIR"])).expanduser().absolute()
    if any(ord(character) < 32 for character in str(path)) or "$$" in str(path):
        raise UnusableDirectory(
            f"the HTMap directory {str(path)!r} has a control character or $$ in its path, which "
            f"HTCondor would take for something else: {_ADVICE}",
            path=path,
        )
    return path


def map_ids(directory: Path) -> list[str]:
    """Return the ids of all maps in an HTMap directory, which need not exist, tagged or not."""
    try:
        return [path.name for path in (directory / "maps").iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def trusted_root() -> Path:
    """Return the path of the HTMap directory, which need not exist, before reading from it.

    Raises
    ------
    UnusableDirectory
        If another user could have written what is in it.
    """
    path = root()
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        try:
            _check_trust(path)
        except PermissionError as error:
            raise unusable(path, error) from error
    return path


def open_root() -> Path:
    """Return the HTMap directory, made where it does not exist yet.

    Raises
    ------
    UnusableDirectory
        If it cannot be made or written, or another user could change what is in it (unpickling
        what somebody else wrote would run their code).
    """
    path = root()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_trust(path)
        for name in _FOLDERS:
            (path / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise unusable(path, error) from error
    if not os.access(path / "maps", os.W_OK | os.X_OK):
        raise UnusableDirectory(f"the HTMap directory {path} is not writable: {_ADVICE}", path=path)
    return path


def _check_trust(path: Path) -> None:
    status = path.stat()
    if status.st_uid != os.geteuid():
        raise UnusableDirectory(
            f"the HTMap directory {path} belongs to another user (uid {status.st_uid}; you are "
            f"{os.geteuid()}). Loading a map from it could run that user's code: {_ADVICE}",
            path=path,
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UnusableDirectory(
            f"the HTMap directory {path} can be written by other users "
            f"(mode {stat.S_IMODE(status.st_mode):o}): run `chmod 700 {path}`",
            path=path,
        )


def unusable(path: Path, error: OSError) -> UnusableDirectory:
    """Turn an error of the operating system into one that says what to do."""
    return UnusableDirectory(
        f"the HTMap directory {path} cannot be used: {error.strerror or error}. Make room in it "
        f"(`htmap clean` removes maps made without a tag), or {_ADVICE}",
        path=path,
    )


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turn what the disk refuses inside the block into :class:`UnusableDirectory`."""
    try:
        yield
    except OSError as error:
        raise unusable(root(), error) from error

"""The map options that are files: which ones are sent, and where outputs go.

A file is text here: a path or a URL, with a slash at the end where what is in a folder is meant.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from htmap.exceptions import InvalidMapOption
from htmap.files import TransferPath

#: How a URL begins.
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]|\$\$|[\udc80-\udcff]")
_MISREAD = re.compile(r'\\(?=[;"]|$)|^\s|\s$')


def files_of(files: Any) -> tuple[str, ...]:
    """Return one file, or each of several, as text.

    Raises
    ------
    InvalidMapOption
        If one of them is no file that HTCondor could be given.
    """
    single = isinstance(files, (str, os.PathLike))
    if not single and (isinstance(files, (bytes, Mapping)) or not isinstance(files, Iterable)):
        raise InvalidMapOption(f"{files!r} is neither a path, nor a URL, nor a list of these")
    return tuple(map(_file, [files] if single else files))


def _file(file: Any) -> str:
    if not isinstance(file, (str, os.PathLike)):
        raise InvalidMapOption(f"the input file {file!r} is neither a path nor a URL")
    return checked(_text(file), "the name of an input file")


def _text(file: str | os.PathLike[str]) -> str:
    return file.source if isinstance(file, TransferPath) else os.fspath(file)


def checked(text: Any, what: str) -> str:
    """Return the text of a path or URL.

    Raises
    ------
    InvalidMapOption
        If it holds what nothing can carry through HTCondor.
    """
    if not isinstance(text, str):
        raise InvalidMapOption(f"{what} is {text!r}: a path of bytes cannot be given to HTCondor")
    found = _CONTROL.search(text)
    if found or not text.strip():
        why = f"contains {found[0]!r}" if found else "is empty"
        raise InvalidMapOption(
            f"{what} {why}: {text!r}. HTCondor cannot take that; give the file another name"
        )
    return text


def checked_new_name(name: str) -> str:
    """Return a name that a file is to be given on its way.

    Raises
    ------
    InvalidMapOption
        If HTCondor, reading a list of such names, would take it for another.
    """
    if _MISREAD.search(name):
        raise InvalidMapOption(
            f"the file name {name!r} begins or ends in a space, or has a backslash at its end or "
            "before a semicolon or a quote, of which HTCondor cannot be told: give it another name"
        )
    return name


def absolute(file: str) -> str:
    """Return a path as it is from the directory in which the map is made; URLs as they are."""
    if URL.match(file):
        return file
    # A slash at the end means what is in the folder instead of the folder.
    slash = "/" if file.endswith("/") else ""
    path = os.path.abspath(os.path.expanduser(file))  # noqa: PTH100, PTH111 - pathlib drops it
    return path if path == "/" else checked(path + slash, "the name of an input file")


def destinations(remaps: Any) -> dict[str, str]:
    """Return where output files go: relative path to absolute path or URL.

    Raises
    ------
    InvalidMapOption
        If a name is not one of a file in the job's folder, or a destination none.
    """
    if not isinstance(remaps, Mapping):
        raise InvalidMapOption(
            f"output_remaps has {remaps!r}, but says for each component by a dict where files go: "
            "{name: TransferPath(destination)}"
        )
    found = {}
    for name, destination in remaps.items():
        if not isinstance(name, (str, os.PathLike)) or not isinstance(
            destination, (str, os.PathLike)
        ):
            raise InvalidMapOption(
                f"output_remaps has {name!r}: {destination!r}, but the name of a file and a "
                "TransferPath is needed"
            )
        text = os.path.normpath(checked(os.fspath(name), "the name of an output file"))
        if text == "." or text.startswith(("../", "/")) or text == "..":
            raise InvalidMapOption(
                f"output_remaps has {text!r}, but a file's path in the job's folder is needed"
            )
        where = absolute(checked(_text(destination), f"the destination of {text!r}"))
        if where.endswith("/"):
            raise InvalidMapOption(
                f"the destination of {text!r} is {where!r}, a folder: say what the file is to be "
                "called there"
            )
        found[text] = checked_new_name(where)
    return found

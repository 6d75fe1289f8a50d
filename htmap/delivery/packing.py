"""Packing the Python in use so that a node without it can run it.

What is packed, below one folder:

- ``env``: the environment (``sys.prefix``), whole;
- ``base``: for a virtual environment, the interpreter that it was made from, its standard library,
  and in ``base/htmap-libs`` the shared libraries that these need beside the C library;
- ``start``: a shell script that runs it, from wherever the folder is.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from htmap.exceptions import CannotTransplantPython

# Where a Python belongs to the system: what else is there could not be told from it.
_SYSTEM = ("/", "/usr", "/usr/local")
# Of the standard library, what no job needs; packages that an environment does not see; 30 MB.
_NOT_NEEDED = re.compile(r"(config-.*|ensurepip|idlelib|(site|dist)-packages|test|turtledemo)")
# The C library has to be the node's own: it goes with the kernel and the loader there.
_C_LIBRARY = re.compile(r"(ld-linux|ld64|libc|libm|libdl|libpthread|librt|libresolv|libutil)[-.\d]")


class Part(NamedTuple):
    """A file or folder and its name in the archive."""

    name: str
    path: Path


def _is_virtual() -> bool:
    return sys.prefix != sys.base_prefix


def check() -> None:
    """See whether this Python can be packed.

    Raises
    ------
    CannotTransplantPython
        If it cannot.
    """
    if not sys.platform.startswith("linux"):
        raise CannotTransplantPython(
            f"a Python on {sys.platform} cannot be sent to nodes that run Linux: choose another "
            'delivery method, such as "docker"'
        )
    if not sys.executable or not Path(sys.executable).is_file():
        raise CannotTransplantPython(
            f"the Python in use does not say where it is (sys.executable is {sys.executable!r}), "
            "so it cannot be sent"
        )
    if not _is_virtual() and os.path.realpath(sys.prefix) in _SYSTEM:
        raise CannotTransplantPython(
            f"the Python in use, {sys.executable}, is the system's: its packages cannot be told "
            f"from all else in {sys.prefix}. Make an environment (python3 -m venv ~/env), install "
            "htmap and what your function needs there, and run this with ~/env/bin/python"
        )


def _parts() -> list[Part]:
    parts = [Part("env", Path(sys.prefix))]
    if _is_virtual():
        parts += [
            Part(f"base/bin/{_name()}", _interpreter()),
            Part(_in_base(_standard_library()), _standard_library()),
        ]
        compiled = Path(sysconfig.get_config_var("DESTSHARED") or "/nonexistent")
        if compiled.is_dir() and _standard_library() not in compiled.parents:
            parts.append(Part(_in_base(compiled), compiled))
    return parts


def _name() -> str:
    return f"python{sys.version_info[0]}.{sys.version_info[1]}"


def _interpreter() -> Path:
    return Path(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))


def _standard_library() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def _in_base(path: Path) -> str:
    return f"base/{path.relative_to(sys.base_prefix)}"


def _entries() -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield everything below the folders to pack, with its name in the archive."""
    for part in _parts():
        if part.path.is_dir():
            yield from _below(part.name, str(part.path), is_library=part.name.startswith("base"))


def _below(name: str, path: str, is_library: bool) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if is_library and _NOT_NEEDED.fullmatch(entry.name):
                continue
            its_name = f"{name}/{entry.name}"
            if _is_replaced(its_name):
                continue
            yield its_name, entry
            if entry.is_dir(follow_symlinks=False):
                yield from _below(its_name, entry.path, is_library=False)


def _is_replaced(name: str) -> bool:
    """Tell whether a part of a virtual environment leads to where it was made."""
    return _is_virtual() and (
        name == "env/pyvenv.cfg" or re.fullmatch(r"env/bin/python[\d.]*", name) is not None
    )


def fingerprint() -> str:
    """Return a name for the contents of this Python: another one whenever a file has changed.

    Files are told by their names, sizes and times of change, which takes a tenth of a second where
    reading them would take several. Compiled modules do not count: running a program makes them.
    """
    digest = hashlib.sha256(f"1 {sys.version} {sys.executable}\n".encode())
    interpreter = _interpreter().stat()
    digest.update(f"{interpreter.st_size} {interpreter.st_mtime_ns}\n".encode())
    for name, entry in _entries():
        if "/__pycache__/" in name or entry.is_dir(follow_symlinks=False):
            continue
        status = entry.stat(follow_symlinks=False)
        digest.update(os.fsencode(f"{name}\0{status.st_size} {status.st_mtime_ns}\n"))
    return digest.hexdigest()[:32]


def packages() -> list[str]:
    """Return the packages that this Python has, as ``name==version``, sorted."""
    found = {
        f"{each.metadata['Name']}=={each.version}" for each in importlib.metadata.distributions()
    }
    return sorted(found, key=str.lower)


def pack(file: BinaryIO) -> None:
    """Write the archive, a ``tar.gz``.

    Raises
    ------
    CannotTransplantPython
        If something that it needs cannot be read.
    OSError
        If the archive cannot be written.
    """
    # Quick rather than small: what is sent travels in a local network.
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        _add_text(archive, "start", _start())
        if _is_virtual():
            _add(archive, f"base/bin/{_name()}", str(_interpreter()))
            for library in _libraries():
                # By the name that it is looked for by, which is a link to the file.
                _add(archive, f"base/htmap-libs/{library.name}", os.path.realpath(library))
            _add_link(archive, "env/bin/python3", f"../../base/bin/{_name()}")
            _add_link(archive, "env/bin/python", "python3")
        for name, entry in _entries():
            _add(archive, name, entry.path)


def _add(archive: tarfile.TarFile, name: str, path: str) -> None:
    try:
        if os.path.islink(path) and not _stays_inside(name, path):  # noqa: PTH114
            path = os.path.realpath(path)
            if os.path.isdir(path):  # noqa: PTH112
                archive.add(path, name, filter=_anonymous)
                return
        if not (os.path.islink(path) or os.path.isfile(path) or os.path.isdir(path)):  # noqa: PTH112, PTH113, PTH114
            return  # a socket, or what was just deleted
        about = archive.gettarinfo(path, name)
        if about.isreg():
            with open(path, "rb") as file:  # noqa: PTH123
                archive.addfile(_anonymous(about), file)
        else:
            archive.addfile(_anonymous(about))
    except FileNotFoundError:  # a link to nowhere, or a compiled module that was just replaced
        return
    except PermissionError as error:
        raise CannotTransplantPython(
            f"{path}, which belongs to the Python in use, cannot be read: {error.strerror}",
            path=path,
        ) from error


def _stays_inside(name: str, path: str) -> bool:
    """Tell whether a link leads to something that is packed with it, below the same folder."""
    target = os.readlink(path)  # noqa: PTH115
    inside = os.path.normpath(f"{os.path.dirname(name)}/{target}")  # noqa: PTH120
    return not target.startswith("/") and any(
        name.startswith(f"{part.name}/") and inside.startswith(f"{part.name}/") for part in _parts()
    )


def _anonymous(about: tarfile.TarInfo) -> tarfile.TarInfo:
    about.uid = about.gid = 0
    about.uname = about.gname = ""
    about.mode |= 0o600
    return about


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    about = tarfile.TarInfo(name)
    about.size, about.mode = len(text.encode()), 0o755
    archive.addfile(about, io.BytesIO(text.encode()))


def _add_link(archive: tarfile.TarFile, name: str, target: str) -> None:
    about = tarfile.TarInfo(name)
    about.type, about.linkname = tarfile.SYMTYPE, target
    archive.addfile(about)


def _libraries() -> list[Path]:
    """Return the shared libraries of the interpreter and its modules, but for the C library."""
    compiled = sysconfig.get_config_var("DESTSHARED") or "/nonexistent"
    modules = sorted(map(str, Path(compiled).glob("*.so")))
    try:
        done = subprocess.run(
            ["ldd", str(_interpreter()), *modules], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise CannotTransplantPython(
            "which shared libraries this Python needs is told by `ldd`, which this machine lacks"
        ) from error
    found = {Path(path) for path in re.findall(r"=> (/\S+)", done.stdout)}
    return sorted(path for path in found if not _C_LIBRARY.match(path.name))


def _start() -> str:
    if not _is_virtual():
        python = Path(os.path.realpath(sys.executable)).relative_to(os.path.realpath(sys.prefix))
        return f'#!/bin/sh\nexec "$(dirname "$0")/env/{python}" "$@"\n'
    # An environment names its interpreter by a full path, which is known only on the node.
    return (
        "#!/bin/sh\n"
        'here=$(cd "$(dirname "$0")" && pwd) || exit\n'
        'printf "home = %s\\nversion = %s\\n" "$here/base/bin" '
        f'{".".join(map(str, sys.version_info[:3]))} > "$here/env/pyvenv.cfg"\n'
        'export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/base/htmap-libs"\n'
        'exec "$here/env/bin/python3" "$@"\n'
    )

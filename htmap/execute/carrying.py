"""Files that a function makes on the execute node, and that travel back with its job.

The exceptions are imported where they are raised: the node's own htmap, where it has one, is loaded
for those jobs alone that use it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from typing import Iterator, List, Union
from urllib.parse import unquote

from . import places


def transfer_output_files(*paths: Union[str, os.PathLike[str]]) -> None:
    """Have files or folders that a component made brought back; call it inside the function.

    They are moved out of the job's folder at once, so call it when they are complete, and once for
    each. ``Map.output_files`` has them when the component has ended, however it ended. Outside a
    job, it does nothing.

    Parameters
    ----------
    *paths : str or os.PathLike
        Files or folders in the job's folder, in which the function is called. Their paths
        relative to it are kept.

    Raises
    ------
    CannotTransferFile
        If there is no such file (a FileNotFoundError).
    InvalidTransferPath
        If it lies outside the job's folder, or is neither a file nor a folder of files (a
        ValueError).
    InsufficientHTCondorVersion
        If a pair of a path and a destination is given, the unfinished form of HTMap 0.6.

    Examples
    --------
    >>> import htmap
    >>> def plot(number):
    ...     with open("plot.svg", "w") as file:
    ...         print(number, file=file)
    ...     htmap.transfer_output_files("plot.svg")
    >>> m = htmap.map(plot, range(3))  # doctest: +SKIP
    >>> m.output_files.get(0) / "plot.svg"  # doctest: +SKIP
    PosixPath('/home/jovyan/.htmap/maps/…/runs/0/files/0/plot.svg')
    """
    if not places.is_on_node():
        return
    from htmap.exceptions import InsufficientHTCondorVersion

    for path in paths:
        if isinstance(path, tuple):
            raise InsufficientHTCondorVersion(
                "HTCondor cannot be told on the execute node where a file is to go: give the "
                "destination of a file as MapOptions(output_remaps={name: TransferPath(...)}) "
                f"when you make the map, and its path alone here, instead of {path!r}"
            )
        name = places.name_in_scratch(path)
        source = places.scratch(name)
        _check(source, name)
        _move(source, _kept(places.component(), name))


# Pickled by that name: the node finds it in its own htmap, or in the runner's stand-in.
transfer_output_files.__module__ = "htmap"


def _kept(component: str, name: str) -> str:
    return places.scratch(places.FOLDER, places.FILES, component, name)


def _check(source: str, name: str) -> None:
    """Refuse what HTCondor could not transfer: it would hold the job, or wait for ever."""
    from htmap.exceptions import CannotTransferFile, InvalidTransferPath

    if places.is_outside(name) or name.split(os.sep)[0] == places.FOLDER:
        raise InvalidTransferPath(
            f"{source} cannot be transferred: it is not a file or folder below the job's folder "
            f"{places.scratch()}. Copy or write it there first",
            path=source,
        )
    if not os.path.lexists(source):
        raise CannotTransferFile(
            f"there is no {source} to transfer: it was not written, or was transferred before. In "
            f"the job's folder are {sorted(os.listdir(places.scratch()))}",
            path=source,
        )
    for each in _below(source):
        try:
            mode = os.stat(each).st_mode
        except OSError:
            mode = 0  # a link to nothing
        if not (stat.S_ISREG(mode) or (stat.S_ISDIR(mode) and not os.path.islink(each))):
            raise InvalidTransferPath(
                f"{each} cannot be transferred: HTCondor takes files and folders, and no link to "
                "a folder or to nothing, no pipe and no socket. Delete it first",
                path=each,
            )


def _below(path: str) -> Iterator[str]:
    yield path
    if os.path.isdir(path) and not os.path.islink(path):
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                yield os.path.join(folder, name)


def _move(source: str, target: str) -> None:
    """Move a file or folder to where there may be an earlier one: folders are united."""
    if os.path.isdir(source) and os.path.isdir(target):
        for name in os.listdir(source):
            _move(os.path.join(source, name), os.path.join(target, name))
        os.rmdir(source)
        return
    remove(target)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(source):
        shutil.copy2(source, target)  # HTCondor sends what it points to; that may be deleted
        os.unlink(source)
    else:
        shutil.move(source, target)


def remove(path: str) -> None:
    """Delete a file or folder, where there is one."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def promised(ad: str) -> List[str]:
    """Return the names of the files that go somewhere else, from the text of the job's ad."""
    found = re.search(rf'^{places.PROMISED} = "([^"]*)"', ad, re.MULTILINE | re.IGNORECASE)
    return [unquote(name) for name in found[1].split(";")] if found and found[1] else []


def keep_promises(component: str, names: List[str], returned: bool) -> None:
    """Put the files that go somewhere else where HTCondor takes them from.

    Raises
    ------
    CannotTransferFile
        If the function returned without having written one of them.
    """
    missing: List[str] = []
    for number, name in enumerate(names):
        kept, here = _kept(component, name), places.scratch(name)
        if os.path.lexists(kept):
            source = kept
        elif returned and os.path.lexists(here):
            _check(here, name)
            source = here
        else:
            missing.append(name)
            continue
        _move(source, places.scratch(places.FOLDER, places.REMAPPED, f"{component}-{number}"))
    if missing and returned:
        from htmap.exceptions import CannotTransferFile

        raise CannotTransferFile(
            f"the map's output_remaps say where {missing} is to go, but the function has not "
            "written it in the job's folder",
            path=missing[0],
        )

"""Checkpoints: files that survive an eviction, and are there again when the function is called."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import Iterable, List, Union

from . import places
from .carrying import remove


def checkpoint(*paths: Union[str, os.PathLike[str]]) -> None:
    """Keep copies of files and folders for the case that HTCondor moves the job elsewhere.

    Call it inside a mapped function after each step that is worth keeping; each call replaces what
    the last one kept. When the job was evicted, the copies lie in its folder again, where the files
    were, before the function is called from its beginning: look for them there. Outside a job, it
    does nothing.

    Copies survive an eviction, and a hold and release; not the loss of the machine. (HTCondor's
    manual, ``when_to_transfer_output = ON_EXIT_OR_EVICT``.)

    Parameters
    ----------
    *paths : str or os.PathLike
        Those outside the job's folder come back into it, by their last name.

    Raises
    ------
    CannotTransferFile
        If there is no such file (a FileNotFoundError); what was kept before is kept.

    Examples
    --------
    >>> import htmap, os
    >>> def count(until):
    ...     number = int(open("number").read()) if os.path.exists("number") else 0
    ...     while number < until:
    ...         number += 1
    ...         with open("number", "w") as file:
    ...             file.write(str(number))
    ...         htmap.checkpoint("number")
    ...     return number
    >>> m = htmap.map(count, [10, 20])  # doctest: +SKIP
    """
    if not places.is_on_node():
        return
    folder = _folder(places.component())
    numbers = _whole(folder)
    number = 1 + max(numbers, default=0)
    part = os.path.join(folder, f"{number}.part")
    remove(part)
    os.makedirs(part)
    for path in paths:
        _copy(os.path.abspath(os.fspath(path)), part)
    # Whole from one moment to the next: a kill before it leaves the last one, which is highest.
    os.rename(part, os.path.join(folder, str(number)))
    for earlier in numbers:
        remove(os.path.join(folder, str(earlier)))


checkpoint.__module__ = "htmap"  # pickled by that name, as transfer_output_files


def _copy(source: str, folder: str) -> None:
    if not os.path.exists(source):
        from htmap.exceptions import CannotTransferFile

        raise CannotTransferFile(
            f"there is no {source} to keep as a checkpoint: write it first", path=source
        )
    name = places.name_in_scratch(source)
    if places.is_outside(name):
        name = os.path.basename(source)
    target = os.path.join(folder, name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source):
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def _folder(component: str) -> str:
    return places.scratch(places.FOLDER, places.CHECKPOINTS, component)


def _whole(folder: str) -> List[int]:
    """Return the numbers of the checkpoints that were completed."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [int(name) for name in names if name.isdecimal()]


def resume(ended: Iterable[str] = ()) -> None:
    """Put what an evicted job had brought home back where the next eviction takes it from.

    Parameters
    ----------
    ended : iterable of str
        Components of the job that are not run again: their files are kept.
    """
    ended = set(ended)
    checkpoints = places.scratch(places.CHECKPOINTS)
    files = places.scratch(places.FILES)
    for component in os.listdir(files) if os.path.isdir(files) else []:
        # Without a checkpoint the function makes them again, maybe by other names.
        if component not in ended and not _whole(os.path.join(checkpoints, component)):
            remove(os.path.join(files, component))
    remove(places.scratch(places.REMAPPED))
    for name in (places.CHECKPOINTS, places.FILES):
        if os.path.isdir(places.scratch(name)):
            remove(places.scratch(places.FOLDER, name))
            shutil.move(places.scratch(name), places.scratch(places.FOLDER, name))


def restore(component: str) -> None:
    """Copy a component's last whole checkpoint, if there is one, into the job's folder."""
    folder = _folder(component)
    numbers = _whole(folder)
    if not numbers:
        return
    whole = os.path.join(folder, str(max(numbers)))
    for name in os.listdir(whole):
        source, target = os.path.join(whole, name), places.scratch(name)
        if os.path.isdir(source):
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)


def forget_ended(components: Iterable[int]) -> None:
    """Delete the checkpoints of components that have ended, if any are left."""
    folder = places.scratch(places.FOLDER, places.CHECKPOINTS)
    left = os.listdir(folder) if os.path.isdir(folder) else []
    if left:
        for component in set(left).intersection(map(str, components)):
            forget(component)


def forget(component: str) -> None:
    """Delete the checkpoints of a component that has ended, which would travel home for nothing."""
    remove(_folder(component))
    with contextlib.suppress(OSError):
        os.rmdir(places.scratch(places.FOLDER, places.CHECKPOINTS))

"""Maps as a whole: finding, loading, removing and listing them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator

from htmap import recovery
from htmap.display import records
from htmap.display.pages import StatusTable
from htmap.display.tables import Row
from htmap.exceptions import (
    CorruptEventLog,
    CorruptPack,
    HTMapException,
    MapWasRemoved,
    TagNotFound,
)
from htmap.handle import look_at
from htmap.maps import Map
from htmap.recovery import get_tags
from htmap.store import claims
from htmap.store.folder import MapFolder


def load(tag: str) -> Map:
    """Return the map with a tag; in one process always the same object.

    Raises
    ------
    TagNotFound
        If there is no such map (a KeyError).
    """
    return Map.load(tag)


def load_maps(pattern: str | None = None) -> tuple[Map, ...]:
    """Return all maps, or those whose tag matches a shell-style pattern.

    A map whose files are damaged is left out, with a warning that names the file.
    """
    maps = []
    for tag in get_tags(pattern):  # which settles what was left unfinished
        try:
            maps.append(Map._load(tag))
        except (TagNotFound, MapWasRemoved):
            continue  # removed by another process since the tags were listed
        except CorruptPack as error:
            _warn(tag, error)
    return tuple(maps)


def _warn(tag: str, error: HTMapException) -> None:
    warnings.warn(f"map {tag}: {error}", stacklevel=3)


def remove(tag: str, not_exist_ok: bool = True) -> None:
    """Remove a map for good: its jobs, inputs and results.

    Parameters
    ----------
    tag : str
    not_exist_ok : bool
        Whether it is all right that there is no such map.

    Raises
    ------
    TagNotFound
        If there is none and that is not all right.
    NoScheduler, SchedulerRefused
        If the schedd cannot be had; nothing is removed then.
    """
    try:
        Map.load(tag).remove()
    except (TagNotFound, MapWasRemoved):
        if not not_exist_ok:
            raise


def discard(tag: str) -> None:
    """Remove a map that cannot be loaded because its files are damaged; safe to repeat.

    Its jobs are taken out of the queue if the schedd can be had.

    Raises
    ------
    TagNotFound
        If there is no such map.
    """
    recovery.settle()
    try:
        folder = MapFolder(claims.find(tag))
    except CorruptPack:
        claims.discard(tag)
        return
    try:
        recovery.remove_now(folder, tag)
    except HTMapException:
        recovery.delete(folder, tag)


def clean(*, all: bool = False) -> list[str]:
    """Remove the maps that were made without a tag.

    Parameters
    ----------
    all : bool
        Whether to remove every map there is.

    Returns
    -------
    list of str
        The tags of the removed maps.

    Raises
    ------
    CorruptPack
        For the first map whose files are damaged, once the others are removed.
    """
    removed, damaged = [], []
    for tag, error in cleaning(all=all):
        if error is None:
            removed.append(tag)
        else:
            damaged.append(error)
    if damaged:
        raise damaged[0]
    return removed


def cleaning(*, all: bool = False) -> Iterator[tuple[str, CorruptPack | None]]:
    """Do what :func:`clean` does; yield each tag, with an error where its files are damaged.

    A damaged map stays: :func:`discard` removes it.
    """
    for tag in get_tags():
        try:
            if all or MapFolder(recovery.find(tag)).is_transient:
                Map.load(tag).remove()
                yield tag, None
        except (TagNotFound, MapWasRemoved):
            continue  # removed by another process since the tags were listed
        except CorruptPack as error:
            yield tag, error


def status(
    maps: Iterable[Map] | None = None, include_state: bool = True, include_meta: bool = True
) -> str:
    """Return a table of maps: how many components have each status, and what they used.

    It is a str; as the last line of a notebook's cell it is shown as a page, with a bar for each.

    Parameters
    ----------
    maps : iterable of Map, optional
        Which; all of them if None. Those made without a tag have a ``*`` before theirs and come
        last.
    include_state : bool
        Whether to count the components by status.
    include_meta : bool
        Whether to tell the disk space that each map takes on this machine, the most memory that a
        component used, and the longest and the total CPU time.

    Examples
    --------
    >>> print(htmap.status())  # doctest: +SKIP
    Tag      HELD  ERRORED  IDLE  RUNNING  COMPLETED  Local Data  Max Memory  Max Runtime  ...
    doubles   0       0      0       0         3       182.4 KB    15.0 MB      0:00:00    ...
    """
    return StatusTable.of(_rows(maps, include_meta), include_state)


def status_json(
    maps: Iterable[Map] | None = None,
    include_state: bool = True,
    include_meta: bool = True,
    compact: bool = False,
) -> str:
    """Return what :func:`status` tells as JSON: an object for each map, by tag.

    It has ``tag``; ``component_status_counts``, by the name of the status in lower case;
    ``local_disk_usage`` and ``max_memory_usage`` in bytes; ``max_runtime`` and ``total_runtime``
    in seconds.

    Parameters
    ----------
    maps, include_state, include_meta
        As for :func:`status`.
    compact : bool
        Whether to leave out line breaks and spaces.
    """
    return records.status_json(_rows(maps, include_meta), include_state, compact)


def status_csv(
    maps: Iterable[Map] | None = None, include_state: bool = True, include_meta: bool = True
) -> str:
    """Return what :func:`status` tells as CSV, with the names of :func:`status_json` as header.

    It is empty where there are no maps.

    Parameters
    ----------
    maps, include_state, include_meta
        As for :func:`status`.
    """
    rows = _rows(maps, include_meta)
    return records.status_csv(rows, include_state) if rows else ""


def _rows(maps: Iterable[Map] | None, include_meta: bool) -> list[Row]:
    return summaries(load_maps() if maps is None else maps, include_meta)


def summaries(
    maps: Iterable[Map],
    include_meta: bool = False,
    tell: Callable[[str, HTMapException], None] = _warn,
) -> list[Row]:
    """Return what tables say of maps; those that were removed meanwhile are left out.

    Parameters
    ----------
    maps : iterable of Map
    include_meta : bool
        Whether to tell what they take and used, for which the files of each map are looked at.
    tell : callable
        Is given the tag of a map that is damaged, and the error.
    """
    rows = []
    maps = list(maps)
    look_at(maps)
    for map_ in maps:
        try:
            rows.append(map_._row(include_meta))
        except MapWasRemoved:
            continue
        except (CorruptEventLog, CorruptPack) as error:
            tell(map_.tag, error)
    return rows

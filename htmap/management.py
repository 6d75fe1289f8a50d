"""Maps as a whole: finding, loading, removing and listing them."""

from __future__ import annotations

from collections.abc import Iterable

from htmap import recovery
from htmap.display.tables import status_table
from htmap.exceptions import MapWasRemoved, TagNotFound
from htmap.maps import Map
from htmap.store import claims


def get_tags(pattern: str | None = None) -> tuple[str, ...]:
    """Return the tags of all maps, sorted.

    Parameters
    ----------
    pattern : str, optional
        A shell-style pattern that tags must match; case matters.
    """
    recovery.settle()
    return claims.list_tags(pattern)


def load(tag: str) -> Map:
    """Return the map with a tag; in one process always the same object.

    Raises
    ------
    TagNotFound
        If there is no such map (a KeyError).
    """
    return Map.load(tag)


def load_maps(pattern: str | None = None) -> tuple[Map, ...]:
    """Return all maps, or those whose tag matches a shell-style pattern."""
    maps = []
    for tag in get_tags(pattern):
        try:
            maps.append(Map.load(tag))
        except (TagNotFound, MapWasRemoved):
            continue  # removed by another process since the tags were listed
    return tuple(maps)


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
    """
    removed = []
    for map_ in load_maps():
        try:
            if all or map_.is_transient:
                map_.remove()
                removed.append(map_.tag)
        except MapWasRemoved:
            continue
    return removed


def status(maps: Iterable[Map] | None = None) -> str:
    """Return a table of maps and how many of their components have each status.

    Parameters
    ----------
    maps : iterable of Map, optional
        Which; all of them if None. Those made without a tag have a ``*`` before theirs and come
        last.
    """
    chosen = load_maps() if maps is None else maps
    rows = []
    for map_ in chosen:
        try:
            rows.append((map_.is_transient, map_.tag, map_.components_by_status()))
        except MapWasRemoved:
            continue
    return status_table(rows)

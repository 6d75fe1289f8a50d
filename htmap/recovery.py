"""Finishing or undoing what a process had begun to do to a map when it was killed.

Every look at maps through the front door calls :func:`settle` first. Nothing pending costs one
listing of an empty folder: what talks to the queue is imported when something is.
"""

from __future__ import annotations

import logging

from htmap.exceptions import HTMapException
from htmap.store import claims, journal
from htmap.store.folder import MapFolder
from htmap.store.journal import Intent
from htmap.store.run import Run

logger = logging.getLogger(__name__)


def get_tags(pattern: str | None = None) -> tuple[str, ...]:
    """Return the tags of all maps, sorted.

    Parameters
    ----------
    pattern : str, optional
        A shell-style pattern that tags must match; case matters.
    """
    settle()
    return claims.list_tags(pattern)


def settle() -> None:
    """Settle what dead processes left unfinished; what cannot be settled now stays for later."""
    for intent in journal.pending():
        if not intent.is_left_behind():
            continue
        try:
            _settle(intent)
        except (HTMapException, OSError) as error:
            # Whether its jobs exist is not known: nothing may be thrown away.
            logger.warning("the map %r is half made and stays so for now: %s", intent.tag, error)


def _settle(intent: Intent) -> None:
    folder = MapFolder(intent.map_id)
    if intent.action == "remove":
        remove_now(folder, intent.tag)
    elif intent.action == "create":
        claimed = claims.stands_for(intent.tag, intent.map_id)
        if not claimed or not _is_submitted(folder, folder.run(0)):
            delete(folder, intent.tag)
    elif intent.action == "rerun":
        run = folder.run(intent.run)
        if not _is_submitted(folder, run):
            folder.remove_run(intent.run)
    elif intent.action == "retag":
        if len(claims.tags_of(intent.map_id)) > 1:
            claims.release(intent.tag, intent.map_id)
    elif intent.action == "abandon":
        from htmap.pool import queue
        from htmap.submission import ABANDONED

        queue.act(intent.map_id, "Remove", ABANDONED, intent.run)
    intent.end()


def find(tag: str) -> str:
    """Return the id of the map that a tag stands for, after settling what was left unfinished.

    Raises
    ------
    TagNotFound, CorruptPack
        As :func:`find_settled`.
    """
    settle()
    return find_settled(tag)


def find_settled(tag: str) -> str:
    """Return the id of the map that a tag stands for.

    Raises
    ------
    TagNotFound
        If there is no such map. A tag whose map's folder is gone is freed.
    CorruptPack
        If the file of the tag is damaged, or the map has lost what makes it one.
    """
    map_id = claims.find(tag)
    folder = MapFolder(map_id)
    if not folder.path.exists():
        claims.release(tag, map_id)
        claims.find(tag)
    elif not folder.exists and claims.find(tag) == map_id:  # a removal frees the tag first
        raise folder.lacks_about(tag)
    return map_id


def remove_now(folder: MapFolder, tag: str) -> None:
    """Take a map's jobs out of the queue and delete all that there is of it; safe to repeat.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had; then nothing is deleted.
    """
    from htmap.pool import queue

    queue.act(folder.map_id, "Remove", "its map was removed")
    delete(folder, tag)


def delete(folder: MapFolder, tag: str) -> None:
    """Delete all that there is of a map on disk; safe to repeat."""
    claims.release(tag, folder.map_id)
    # Another process may have given the map another tag since this one learned of it.
    if folder.exists:
        for now in claims.tags_of(folder.map_id):
            claims.release(now, folder.map_id)
    folder.remove()


def _is_submitted(folder: MapFolder, run: Run | None) -> bool:
    """Find out whether a run became a cluster, and record it.

    The event log is asked first: it also knows of jobs that have left the queue.
    """
    if run is None:
        return False
    if run.cluster is None:
        from htmap.pool import queue, spool
        from htmap.submission import ABANDONED

        logged = queue.cluster_in_log(folder, run.number)
        # The log does not tell which queue the cluster is in, or was.
        found = queue.cluster_of(folder.map_id, run.number) if logged is None else (logged, None)
        if found is None:
            return False
        if run.spooled and not spool.is_sent(folder.map_id, run.number):
            # Whoever had the inputs is gone, and the jobs wait for them for ever.
            queue.act(folder.map_id, "Remove", ABANDONED, run.number)
            return False
        if not run.has_own_hold and not run.spooled:
            queue.release_if_held(folder.map_id, run.number, found[0])
        run.record_cluster(*found)
    return True

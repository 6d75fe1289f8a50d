"""Whether the schedd sees the files of maps, or they have to travel to it over the network."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from htmap.exceptions import HTMapException, InvalidSettings, NoScheduler, SchedulerRefused
from htmap.pool.language import literal
from htmap.pool.schedd import Schedd, is_local, locate
from htmap.pool.watch import Watch
from htmap.settings import settings
from htmap.store.directory import open_root, writing

logger = logging.getLogger(__name__)

_SETTING = "SCHEDD.FILE_SYSTEM"

# The schedd writes the event before it answers; a network file system may show it a little later.
# Files that travel though they need not are no harm.
_SECONDS = 0.5

# Bytes after which the file that the schedd writes begins anew.
_FULL = 64 * 1024

# By schedd, its queue and HTMap directory.
_known: dict[tuple[str, int | None, str], bool] = {}


def is_apart() -> bool:
    """Tell whether files of maps have to be sent to the schedd that is in use, and fetched from it.

    Raises
    ------
    InvalidSettings
        If ``SCHEDD.FILE_SYSTEM`` is none of "auto", "shared" and "remote".
    NoScheduler, SchedulerRefused
        If that has to be tried and the schedd cannot be had.
    """
    answers: dict[object, Callable[[], bool]] = {
        "auto": lambda: not is_local() and not _sees_files(locate()),
        "shared": lambda: False,
        "remote": lambda: True,
    }
    said = settings[_SETTING]
    try:
        answer = answers[said]
    except (KeyError, TypeError):
        raise InvalidSettings(
            f"the setting {_SETTING} is {said!r}; it can be {', '.join(map(repr, answers))}"
        ) from None
    return answer()


def _sees_files(schedd: Schedd) -> bool:
    root = open_root()
    key = schedd.name, schedd.born, str(root)
    if key not in _known:
        _known[key] = _try(schedd)
        logger.info("the schedd %s %s %s", schedd.name, "sees" if _known[key] else "lacks", root)
    return _known[key]


def _try(schedd: Schedd) -> bool:
    """Let the schedd write the event log of a job that never starts; see whether it appears here.

    No domain's or mount's name is believed: the folder and the word in the log are new. The schedd
    writes as the owner of the job, so that one who may not write there does not see it either.
    """
    import htcondor2

    word = os.urandom(16).hex()
    # One file for all: where the schedd has a file system of its own, this is what it leaves there.
    log = open_root() / ".probe"
    job = htcondor2.Submit(
        {
            "universe": "vanilla",
            "executable": "/bin/true",
            "transfer_executable": "false",
            "should_transfer_files": "YES",
            "transfer_output_files": "",
            "hold": "true",
            "initialdir": literal(str(log.parent)),
            "log": log.name,
            "submit_event_user_notes": word,
            "JobBatchName": "htmap looks for a shared file system",
            "MY.HTMapProbe": f'"{word}"',
        }
    )
    with writing():
        log.touch(mode=0o600)
        if log.stat().st_size > _FULL:
            os.truncate(log, 0)
    try:
        try:
            with Watch(log) as watch:
                schedd.call(lambda target: target.submit(job), "looking whether it sees HTMAP_DIR")
                return _says(log, word) or (watch.wait(_SECONDS) and _says(log, word))
        finally:
            schedd.call(
                lambda target: target.act(htcondor2.JobAction.Remove, f'HTMapProbe == "{word}"'),
                "removing the job that looked whether it sees HTMAP_DIR",
            )
    except (NoScheduler, SchedulerRefused):
        raise
    except HTMapException as error:
        # What hinders this job, such as a site's rules, says nothing about files.
        logger.info("the schedd %s could not be tried: %s", schedd.name, error)
        return False


def _says(log: Path, word: str) -> bool:
    return word in log.read_text(errors="replace")

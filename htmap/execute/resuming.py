"""Going on where an earlier execution of the job was interrupted."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Dict

from . import packs, places


def output(path: str, envelope: Dict[str, Any]) -> packs.PackWriter:
    """Return the output pack, with what an earlier execution has finished.

    After an eviction, or the loss of its node, the job begins in another folder, where what it had
    brought home by then has arrived; after a checkpoint it begins in its own.

    Parameters
    ----------
    path : str
        Where the output pack is to be.
    envelope : dict
        What it is to say of this execution: what another Python has written is not gone on with.
    """
    arrived = places.scratch(places.OUTPUT)
    if os.path.exists(arrived) and not os.path.exists(path):
        os.rename(arrived, path)
    with contextlib.suppress(OSError, packs.DamagedPackError):
        return packs.PackWriter(path, envelope, resume=True)
    return packs.PackWriter(path, envelope)

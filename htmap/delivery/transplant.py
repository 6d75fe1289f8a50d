"""Delivery by transplant: the Python that makes the map travels with it, packed.

For nodes that have no Python, no container engine and no file system in common with the maker's.
A node needs ``sh``, ``tar`` and ``gzip``, and a C library that is not older than the maker's.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from htmap.delivery import packing, transplants
from htmap.delivery.command import RUNNER_ARGUMENTS, in_shell
from htmap.settings import settings

# In the job's folder, where it arrives as any file of the options does: by a name that hardly any
# other has.
_ARCHIVE = "htmap-python.tar.gz"
_UNPACKED = "_htmap_python"


def descriptors(tag: str, map_dir: Path) -> dict[str, Any]:
    """Pack this Python if it is not kept yet; return the submit descriptors."""
    source = _source(map_dir)
    archive = shlex.quote(source.rpartition("/")[2])
    return {
        "transfer_input_files": [source],
        **in_shell(
            f"mkdir {_UNPACKED} && tar -xzf {archive} -C {_UNPACKED} && rm {archive} || "
            f"{{ echo 'htmap: the Python that came with the job, {archive}, could not be unpacked "
            "on the execute node: tar and gzip have to be there, and room for it (request_disk)' "
            ">&2; exit 1; }; "
            f"exec sh {_UNPACKED}/start {RUNNER_ARGUMENTS}"
        ),
    }


def _source(map_dir: Path) -> str:
    """Return where the nodes get the archive from: a path or a URL."""
    alternate = settings["TRANSPLANT.ALTERNATE_INPUT_PATH"]
    if settings["TRANSPLANT.ASSUME_EXISTS"]:
        packing.check()
        path = transplants.folder() / packing.fingerprint()
    else:
        path = transplants.current().path
    if alternate:
        return f"{alternate}{path.name}" if str(alternate).endswith("/") else str(alternate)
    if not settings["TRANSPLANT.ASSUME_EXISTS"]:
        # The map's own, so that it can be run again after the transplant was removed.
        try:
            os.link(path, map_dir / _ARCHIVE)
        except OSError:  # a file system without hard links, or another one
            return str(path)
        return str(map_dir / _ARCHIVE)
    return str(path)

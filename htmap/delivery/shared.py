"""Delivery by a shared path: the Python that makes the map, by its path on the execute node.

For a personal pool, a site whose nodes run the same image, or one where Python environments lie on
a shared file system.
"""

from __future__ import annotations

import sys
from pathlib import Path

from htmap.delivery.command import RUNNER_ARGUMENTS


def descriptors(tag: str, map_dir: Path) -> dict[str, str]:
    """Return the submit descriptors."""
    return {
        "executable": sys.executable,
        "transfer_executable": "false",
        "arguments": RUNNER_ARGUMENTS,
    }

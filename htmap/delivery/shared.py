"""Delivery by a shared path: the Python that makes the map, by its path on the execute node.

For a personal pool, or a site where Python environments lie on a shared file system.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from htmap.delivery.command import RUNNER_ARGUMENTS


def descriptors() -> Mapping[str, str]:
    """Return the submit descriptors."""
    return {
        "executable": sys.executable,
        "transfer_executable": "false",
        "arguments": RUNNER_ARGUMENTS,
    }

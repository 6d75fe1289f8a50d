"""Delivery by assumption: whatever ``python3`` the execute node has on its ``PATH``.

For pools whose nodes carry the right Python already, also by a container that the pool itself puts
jobs into. HTCondor does not hand over the ``PATH`` of whoever made the map.
"""

from __future__ import annotations

from pathlib import Path

from htmap.delivery.command import python3_of


def descriptors(tag: str, map_dir: Path) -> dict[str, str]:
    """Return the submit descriptors."""
    return python3_of("the execute node")

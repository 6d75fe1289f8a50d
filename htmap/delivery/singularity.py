"""Delivery by a Singularity or Apptainer image: HTCondor's container universe.

(Users' manual, "Container Universe Jobs".) The jobs match nodes that say ``HasSingularity``, which
those with Apptainer say too. An image that is a local file or folder is sent along.
"""

from __future__ import annotations

from pathlib import Path

from htmap.delivery.command import python3_in
from htmap.delivery.images import container_image


def descriptors(tag: str, map_dir: Path) -> dict[str, str]:
    """Return the submit descriptors."""
    return {
        "universe": "container",
        "container_image": container_image("SINGULARITY.IMAGE"),
        # The container universe alone would take Docker as well.
        "requirements": "TARGET.HasSingularity",
        **python3_in("the Singularity image"),
    }

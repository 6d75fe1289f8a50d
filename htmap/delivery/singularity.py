"""Delivery by a Singularity or Apptainer image: HTCondor's container universe.

(Users' manual, "Container Universe Jobs".) The jobs match nodes that say ``HasSingularity``, which
those with Apptainer say too. An image that is a local file or folder is sent along.
"""

from __future__ import annotations

import os
from pathlib import Path

from htmap.delivery.command import python3_of
from htmap.settings import settings


def descriptors(tag: str, map_dir: Path) -> dict[str, str]:
    """Return the submit descriptors."""
    image = str(settings["SINGULARITY.IMAGE"])
    if "://" not in image:
        image = os.path.abspath(os.path.expanduser(image))  # noqa: PTH100, PTH111 - no resolving
    return {
        "universe": "container",
        "container_image": image,
        # The container universe alone would take Docker as well.
        "requirements": "TARGET.HasSingularity",
        **python3_of("the Singularity image"),
    }

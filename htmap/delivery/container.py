"""Delivery by an image, run by whatever container runtime a node has: the container universe.

(Users' manual, "Container Universe Jobs".) The jobs match nodes that say ``HasContainer``, and that
they take this kind of image. One that is a local file or folder is sent along.
"""

from __future__ import annotations

from pathlib import Path

from htmap.delivery.command import python3_in
from htmap.delivery.images import container_image


def descriptors(tag: str, map_dir: Path) -> dict[str, str]:
    """Return the submit descriptors."""
    return {
        "universe": "container",
        "container_image": container_image("CONTAINER.IMAGE"),
        # That of the notebook images would start a pool. Docker alone would run it: Apptainer runs
        # the job's command and nothing else.
        "docker_override_entrypoint": "true",
        **python3_in("the container image"),
    }

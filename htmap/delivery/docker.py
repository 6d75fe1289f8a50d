"""Delivery by a Docker image: HTCondor's docker universe.

(Users' manual, "Docker Universe Applications".) The jobs match nodes that say ``HasDocker``.
"""

from __future__ import annotations

from pathlib import Path

from htmap.delivery.command import python3_in
from htmap.delivery.images import docker_image


def descriptors(tag: str, map_dir: Path) -> dict[str, str]:
    """Return the submit descriptors."""
    return {
        "universe": "docker",
        "docker_image": docker_image("DOCKER.IMAGE"),
        # An image's own entrypoint may do anything: that of the notebook images starts a pool.
        "docker_override_entrypoint": "true",
        **python3_in("the Docker image"),
    }

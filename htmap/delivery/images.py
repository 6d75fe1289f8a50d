"""The images that jobs run in: what the settings may call one, and what HTCondor is told."""

from __future__ import annotations

import os

from htmap.exceptions import InvalidSettings
from htmap.settings import settings


def container_image(setting: str) -> str:
    """Return the image that a setting names, as HTCondor's ``container_image`` takes it.

    A path that begins at the working directory or at a home is made a full one: the job's folder is
    another. All else is HTCondor's business: ``docker://``, ``oras://`` and other URLs, and full
    paths of an image file (``.sif``) or folder, which may be the execute node's.

    Raises
    ------
    InvalidSettings
        If it is no name of an image, or one of a registry that lacks its ``docker://``.
    """
    image = str(settings[setting])
    if not image.strip() or not image.isprintable() or "," in image or image != image.strip():
        raise InvalidSettings(
            f"the setting {setting} is {image!r} ({settings.origin(setting)}), which names no "
            "image: no commas, line breaks or spaces around it. Write docker://python:3.13-slim, "
            "or the path of an image file or folder"
        )
    if "://" in image:
        return image
    path = os.path.abspath(os.path.expanduser(image))  # noqa: PTH100, PTH111 - no resolving
    if not image.startswith(("/", "~", ".")) and not os.path.exists(path):  # noqa: PTH110
        raise InvalidSettings(
            f"the setting {setting} is {image!r} ({settings.origin(setting)}), and there is no "
            f"image file or folder {path}. For an image of a registry write docker://{image}; the "
            "path of one on the execute nodes begins with /"
        )
    return path


def docker_image(setting: str) -> str:
    """Return the image that a setting names, as HTCondor's ``docker_image`` takes it."""
    return str(settings[setting]).removeprefix("docker://")

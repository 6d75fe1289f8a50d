"""Which images a folder's tests run on.

The tests in ``tests/images/NAME/`` are about ``images/NAME/Dockerfile``. They run on the images
whose software it is: on one for most, on two for ``base``, which is built with each HTCondor. Those
marked ``pytest.mark.children`` run on every image that stands on one of these, too: what people
count on in whichever image they chose, and what a child can break. They are quick, for there are
nine images.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]


@functools.cache
def bake(group: str, **variables: str) -> dict[str, dict]:
    """Return what docker-bake.hcl comes to, as `docker buildx bake --print` says it."""
    printed = subprocess.run(
        ["docker", "buildx", "bake", "--print", group], env={**os.environ, **variables},
        cwd=SOURCE, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(printed.stdout)


def images_of(name: str, targets: Mapping[str, Mapping], built: list[str]) -> dict[str, str]:
    """Return the images whose own software is what ``images/NAME/Dockerfile`` makes.

    Parameters
    ----------
    name : str
        The folder's name.
    targets : Mapping
        What ``docker buildx bake --print`` prints under ``target``.
    built : list of str
        The targets that are images of their own, and not only a step towards one.

    Returns
    -------
    dict of str to str
        The image's tag for each target.
    """
    return {
        target: targets[target]["tags"][0]
        for target in built
        if next(folders(target, targets)) == name
    }


def images_on(name: str, targets: Mapping[str, Mapping], built: list[str]) -> dict[str, str]:
    """Return these images and those that stand on them: see `images_of`."""
    return {
        target: targets[target]["tags"][0] for target in built if name in folders(target, targets)
    }


def folders(target: str, targets: Mapping[str, Mapping]) -> Iterator[str]:
    """Yield the folder of what a target is built from, its parent's, and so on."""
    folder = targets[target]["dockerfile"].split("/")[1]
    if folder != "finish":
        yield folder
    parent = targets[target].get("contexts", {}).get("parent")
    if parent:
        yield from folders(parent.removeprefix("target:"), targets)

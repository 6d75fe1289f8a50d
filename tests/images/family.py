"""Which images stand on which: a parent's tests are run on its children too.

The tests in ``tests/images/NAME/`` are about ``images/NAME/Dockerfile``. They run on every
image that `docker-bake.hcl` builds from it, directly or through others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def images_on(name: str, targets: Mapping[str, Mapping], built: list[str]) -> dict[str, str]:
    """Return the images that are made from the Dockerfile in ``images/NAME/``.

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
    dockerfile = f"images/{name}/Dockerfile"
    return {
        target: targets[target]["tags"][0]
        for target in built
        if any(targets[step]["dockerfile"] == dockerfile for step in line(target, targets))
    }


def line(target: str, targets: Mapping[str, Mapping]) -> Iterator[str]:
    """Yield a target and, one after the other, what it is built from."""
    yield target
    for context in targets[target].get("contexts", {}).values():
        if context.startswith("target:"):
            yield from line(context.removeprefix("target:"), targets)

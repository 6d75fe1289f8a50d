"""Hubs that live as long as the tests need them, and a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from browsers import browser, new_page, screenshots
from containers import engine
from hubs import IMAGE, Hub, docker
from sites import site

#: A site that nobody can reach, for what needs none.
NO_SITE = {"SITE_ACCESS_POINT": "ap.invalid", "SITE_COLLECTOR": "cm.invalid"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests of a Hub longer to end: a server, JupyterLab and a browser start in them."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def host_directory() -> Iterator[Callable[[str], str]]:
    """Make directories of the engine's host, and run a shell command of root's in each.

    They are where the engine keeps volumes: these tests see no other file of that host.
    """
    with ExitStack() as ends:

        def make(script: str = "true") -> str:
            volume = docker("volume", "create")
            ends.callback(docker, "volume", "rm", "--force", volume)
            docker(
                "run", "--rm", "--user", "root", "--entrypoint", "sh",
                "--volume", f"{volume}:/there", "--workdir", "/there", IMAGE, "-c", script,
            )  # fmt: skip
            return docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume)

        yield make


@pytest.fixture(scope="session")
def start_hub(host_directory) -> Iterator[Callable[..., Hub]]:
    """Start Hubs that live until the last test has ended: ``start_hub(HUB_CULL_AFTER="5")``."""
    with ExitStack() as ends:

        def start(**settings: str) -> Hub:
            hub = Hub({**NO_SITE, "SITE_TOKENS": host_directory(), **settings})
            ends.callback(hub.end)
            return hub.start()

        yield start


@pytest.fixture(scope="session")
def hub(start_hub) -> Hub:
    """Return the example's Hub."""
    return start_hub()

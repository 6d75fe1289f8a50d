"""Containers for the tests: started by the machine's engine, and always removed."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

SOURCE = Path(__file__).resolve().parents[2]
OWNER = os.environ.get("OWNER", "htcondor")
TAG = os.environ.get("TAG", "latest")

#: The images that are tested, by the version of their HTCondor.
BASE = {
    "23.9.6": f"{OWNER}/htc-base-notebook:{TAG}",
    "25.14.1": f"{OWNER}/htc-base-notebook:{TAG}-condor25",
}


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str


class Running:
    """A started container."""

    def __init__(self, container: Container) -> None:
        self.container = container

    def exec(self, *command: str, **options) -> Result:
        """Run a command in the container, by its own user unless ``user`` is given."""
        code, (out, err) = self.container.exec_run(list(command), demux=True, **options)
        return Result(code, (out or b"").decode(), (err or b"").decode())

    def output(self, *command: str, **options) -> str:
        """Return what a command prints, which must succeed."""
        result = self.exec(*command, **options)
        assert result.code == 0, result
        return result.stdout.strip()

    def logs(self) -> Result:
        """Return what the container has printed so far; its code is -1 while it runs."""
        self.container.reload()
        state = self.container.attrs["State"]
        return Result(
            -1 if state["Running"] else state["ExitCode"],
            self.container.logs(stdout=True, stderr=False).decode(),
            self.container.logs(stdout=False, stderr=True).decode(),
        )

    def wait(self, timeout: float = 60) -> Result:
        """Wait until the container has ended by itself."""
        self.container.wait(timeout=timeout)
        return self.logs()

    def wait_until(self, condition: Callable[[], object], timeout: float = 30) -> None:
        """Wait until ``condition()`` is true; fail with the container's words if it stays false."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, self.logs()
            time.sleep(0.05)

    def stop(self, timeout: int = 10) -> float:
        """Stop the container as ``docker stop`` does; return the seconds that it took."""
        began = time.monotonic()
        self.container.stop(timeout=timeout)
        return time.monotonic() - began


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """Return the machine's Docker engine."""
    client = docker.from_env(timeout=110)
    yield client
    client.close()


@pytest.fixture(scope="session")
def start_session(engine) -> Iterator[Callable[..., Running]]:
    """Start containers that live until the last test has ended."""
    yield from _starter(engine)


@pytest.fixture
def start(engine) -> Iterator[Callable[..., Running]]:
    """Start containers that live as long as the test: ``start(image, "command", ...)``."""
    yield from _starter(engine)


def _starter(engine: docker.DockerClient) -> Iterator[Callable[..., Running]]:
    containers: list[Container] = []

    def start(image: str, *command: str, **options) -> Running:
        container = engine.containers.create(image, list(command) or None, **options)
        containers.append(container)
        container.start()
        return Running(container)

    yield start
    for container in containers:
        container.remove(force=True, v=True)


@pytest.fixture(params=BASE, scope="session")
def condor_version(request) -> str:
    """Return one after the other the versions of HTCondor that there are base images of."""
    return request.param


@pytest.fixture(scope="session")
def base(condor_version) -> str:
    """Return the name of a base image."""
    return BASE[condor_version]


@pytest.fixture(scope="session")
def default_image() -> str:
    """Return the name of the image that people get who ask for none in particular."""
    return BASE["23.9.6"]


@pytest.fixture(scope="session")
def source() -> Path:
    """Return the checkout, which is at the same path here as for the engine."""
    return SOURCE


@pytest.fixture(scope="session")
def test_image() -> str:
    """Return the name of the image that these tests run in."""
    return f"{OWNER}/htc-test:{TAG}"


@pytest.fixture(scope="session")
def root_image() -> str:
    """Return the name of the bare Debian that the images stand on."""
    found = subprocess.run(
        [SOURCE / "machine" / "root-image"], capture_output=True, text=True, check=True, timeout=60
    )
    return found.stdout.strip()

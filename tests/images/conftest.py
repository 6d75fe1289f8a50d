"""Containers for the tests: started by the machine's engine, and always removed."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container
from family import SOURCE, bake, images_of, images_on

OWNER = os.environ.get("OWNER", "htcondor")
TAG = os.environ.get("TAG", "latest")

#: What a program that has trouble begins a line with: those of the entrypoint, Python and Jupyter.
TROUBLE = re.compile(r"(?m)^(?:(?:ERROR|WARN|CRITICAL|Traceback|Exception)|\[[WEC] ).*$")
#: What Jupyter shows as trouble and is none: a container's ports are opened by who starts it, and
#: a person needs the address.
NO_TROUBLE = re.compile(
    r"listening on all IP addresses|^\[C [^]]*\] *$|received signal 15, stopping"
)


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str


class Running:
    """A started container."""

    def __init__(self, container: Container, may_say: str = "") -> None:
        self.container = container
        self.may_say = may_say

    def unexpected(self) -> list[str]:
        """Return the lines of trouble in its log that the test does not count on."""
        log = self.container.logs().decode(errors="replace")
        lines = [line for line in TROUBLE.findall(log) if not NO_TROUBLE.search(line)]
        return [line for line in lines if not (self.may_say and re.search(self.may_say, line))]

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
            # Most conditions are a command in the container, which costs the engine 50 ms.
            time.sleep(0.2)

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
    """Start containers that live as long as the test: ``start(image, "command", ...)``.

    A container that speaks of trouble fails the test, unless ``may_say`` matches the line.
    """
    yield from _starter(engine)


def _starter(engine: docker.DockerClient) -> Iterator[Callable[..., Running]]:
    containers: list[Running] = []

    def start(image: str, *command: str, may_say: str = "", **options) -> Running:
        container = engine.containers.create(image, list(command) or None, **options)
        containers.append(Running(container, may_say))
        container.start()
        return containers[-1]

    yield start
    unexpected = []
    for running in containers:
        unexpected += running.unexpected()
        running.container.remove(force=True, v=True)
    assert not unexpected, "\n".join(unexpected)


@pytest.fixture
def volume(engine) -> Iterator[str]:
    """Return the name of an empty volume."""
    made = engine.volumes.create()
    yield made.name
    made.remove(force=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests of containers longer to end: Java, TensorFlow and R start slowly side by side."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(240))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for an ``image`` on those that `family` chooses."""
    if "image" in metafunc.fixturenames:
        name = Path(metafunc.module.__file__).parent.name
        choose = images_on if metafunc.definition.get_closest_marker("children") else images_of
        images = choose(name, bake("all")["target"], bake("all")["group"]["all"]["targets"])
        metafunc.parametrize("image", images.values(), ids=images, scope="session")


@pytest.fixture(scope="session")
def condor_version(engine, image) -> str:
    """Return the version of HTCondor that the image under test is said to have."""
    return engine.images.get(image).labels["org.htcondor.condor-version"]


@pytest.fixture(scope="session")
def default_image() -> str:
    """Return the name of the image that people get who ask for none in particular."""
    return f"{OWNER}/htc-base-notebook:{TAG}"


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

"""Containers for the tests: started by the machine's engine, and always removed.

The fixtures are those of whichever ``conftest.py`` imports them.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import docker
import pytest
from docker.models.containers import Container

OWNER = os.environ.get("OWNER", "htcondor")
TAG = os.environ.get("TAG", "latest")

#: Where a site mounts the tokens of a user (HTC_TOKEN_SOURCE).
TOKENS = "/etc/htc/tokens"

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

    def exec(
        self,
        *command: str,
        user: str = "",
        workdir: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Run a command in the container, by its own user and in its own folder unless given.

        Not by the engine's Python client: it loses what a command prints before the client has
        read the head of the engine's answer, as on a busy machine.
        """
        options = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        options += [f"--user={user}"] if user else []
        options += [f"--workdir={workdir}"] if workdir else []
        done = subprocess.run(
            ["docker", "exec", *options, self.container.id, *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return Result(done.returncode, done.stdout, done.stderr)

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


@pytest.fixture
def secret(engine) -> Iterator[Callable[..., str]]:
    """Make volumes with a secret in each: ``secret(image, name="text", ...)`` returns its name."""
    made = []

    def make(image: str, **files: str) -> str:
        volume = engine.volumes.create()
        made.append(volume)
        write_secret(engine, image, volume.name, files)
        return volume.name

    yield make
    for volume in made:
        volume.remove(force=True)


def write_secret(
    engine: docker.DockerClient, image: str, volume: str, files: dict[str, str]
) -> None:
    """Write the files of a secret, or write them anew, as Kubernetes does: links, root's, 0644."""
    now = f"..{uuid.uuid4().hex}"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        folder = tarfile.TarInfo(now)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(folder)
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{now}/{name}")
            entry.size, entry.mode = len(text), 0o644
            tar.addfile(entry, io.BytesIO(text.encode()))
        for link, target in {"..data": now, **{name: f"..data/{name}" for name in files}}.items():
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    container = engine.containers.create(image, volumes={volume: {"bind": TOKENS}})
    try:
        assert container.put_archive(TOKENS, archive.getvalue())
    finally:
        container.remove(force=True)


@pytest.fixture(scope="session")
def default_image() -> str:
    """Return the name of the image that people get who ask for none in particular."""
    return f"{OWNER}/htc-base-notebook:{TAG}"

"""A real JupyterHub for the tests, as examples/jupyterhub starts it, and its users' servers."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests

SOURCE = Path(__file__).resolve().parents[2]
EXAMPLE = SOURCE / "examples" / "jupyterhub"
OWNER = os.environ.get("OWNER", "htcondor")
TAG = os.environ.get("TAG", "latest")
IMAGE = f"{OWNER}/htc-base-notebook:{TAG}"


def docker(*words: str, environment: Mapping[str, str] | None = None, timeout: float = 100) -> str:
    """Return what a command of Docker's prints, which must succeed."""
    done = subprocess.run(
        ["docker", *words], env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout.strip()


def wait_until(condition: Callable[[], object], what: str, timeout: float = 60) -> None:
    """Wait until ``condition()`` is true; fail with what was waited for if it stays false."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"after {timeout:g} s still waiting for {what}"
        time.sleep(0.2)  # a look costs the engine or the Hub some 20 ms


@dataclass
class Hub:
    """One Hub with its proxy, on a network of its own, published on a free port of loopback.

    Parameters
    ----------
    settings : Mapping[str, str]
        Variables of compose.yaml.
    """

    settings: Mapping[str, str]
    name: str = field(default_factory=lambda: f"htc-test-hub-{secrets.token_hex(4)}")
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    api_token: str = field(default_factory=lambda: secrets.token_hex(16))
    url: str = ""

    def start(self, **settings: str) -> Hub:
        """Start it, or start it again where `settings` have changed, and wait until it answers."""
        self.settings = {**self.settings, **settings}
        self.compose("up", "--detach", "--wait", "--wait-timeout", "60")
        self.url = "http://" + self.compose("port", "hub", "8000").splitlines()[0]
        return self

    def end(self) -> None:
        """Remove all that there is of it, its users' servers and homes included."""
        for container in docker(
            "ps", "--all", "--quiet", "--filter", f"name=^/{self.name}-"
        ).split():
            docker("rm", "--force", "--volumes", container)
        self.compose("down", "--volumes", "--timeout", "2")
        for volume in docker("volume", "ls", "--quiet", "--filter", f"name={self.name}-").split():
            docker("volume", "rm", "--force", volume)

    def compose(self, *words: str) -> str:
        """Run ``docker compose`` on the example's file."""
        environment = {
            "HUB_NAME": self.name, "HUB_NETWORK": self.name, "HUB_IMAGE": IMAGE,
            "OWNER": OWNER, "TAG": TAG,
            "TEST_PASSWORD": self.password, "TEST_API_TOKEN": self.api_token, **self.settings,
        }  # fmt: skip
        tests = SOURCE / "tests" / "hub"
        files = [EXAMPLE / "compose.yaml", tests / "compose.yaml"]
        if "HUB_NETWORK" in self.settings:
            files.append(tests / "on-another-network.yaml")
        options = [word for file in files for word in ("--file", str(file))]
        return docker("compose", *options, *words, environment=environment)

    def logs(self) -> str:
        return self.compose("logs", "--no-color", "hub")

    def api(self, method: str, path: str, **options) -> requests.Response:
        """Ask the Hub's API, as one who may do everything with users and servers."""
        return requests.request(
            method, f"{self.url}/hub/api/{path}", timeout=60,
            headers={"Authorization": f"token {self.api_token}"}, **options,
        )  # fmt: skip

    def user(self, name: str) -> str:
        """Make a user, as a first login would."""
        answer = self.api("POST", f"users/{name}")
        assert answer.status_code in (201, 409), answer.text
        return name

    def server(self, user: str, name: str = "") -> Server:
        """Return a server of a user's, started or not."""
        return Server(self, user, name)


@dataclass(frozen=True)
class Server:
    """A server of a user's, which is a container."""

    hub: Hub
    user: str
    name: str = ""

    @property
    def path(self) -> str:
        return f"users/{self.user}/servers/{self.name}"

    @property
    def container(self) -> str:
        return f"{self.hub.name}-{self.user}" + (f"--{self.name}" if self.name else "")

    def start(self, **options: str) -> Server:
        """Start it, with what the form would have asked, and wait until it is ready."""
        answer = self.hub.api("POST", self.path, json=options)
        assert answer.status_code in (201, 202), (answer.text, self.hub.logs())
        with self.hub.api("GET", f"{self.path}/progress", stream=True) as told:
            for line in told.iter_lines():
                event = json.loads(line.removeprefix(b"data:")) if line.startswith(b"data:") else {}
                assert not event.get("failed"), (event, self.hub.logs())
                if event.get("ready"):
                    return self
        raise AssertionError(f"{self.container} did not become ready: {self.hub.logs()}")

    def stop(self) -> None:
        """Stop it and wait until it is."""
        answer = self.hub.api("DELETE", self.path)
        assert answer.status_code in (202, 204), answer.text
        self.wait_for_end()

    def wait_for_end(self) -> None:
        """Wait until the Hub has stopped it and its container is removed."""
        wait_until(lambda: not self.is_known(), f"the Hub to stop {self.container}")
        wait_until(lambda: not self.is_there(), f"the engine to remove {self.container}")

    def is_known(self) -> bool:
        """Say whether the Hub has it among those that run, start or stop."""
        server = self.hub.api("GET", f"users/{self.user}").json()["servers"].get(self.name)
        return bool(server and not server.get("stopped"))

    def is_there(self) -> bool:
        """Say whether its container exists."""
        return bool(docker("ps", "--all", "--quiet", "--filter", f"name=^/{self.container}$"))

    def run(self, *command: str, user: str = "") -> str:
        """Return what a command prints in its container."""
        return docker("exec", *(["--user", user] if user else []), self.container, *command)

    def python(self, script: str, user: str = "") -> str:
        """Return what a Python script prints in its container."""
        return self.run("python", "-c", script, user=user)

    def logs(self) -> str:
        done = subprocess.run(
            ["docker", "logs", self.container], capture_output=True, text=True, timeout=60
        )
        return done.stdout + done.stderr

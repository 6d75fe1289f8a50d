"""A site of containers for the tests: examples/site, with notebooks and laptops beside it."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from ipaddress import IPv4Network

import docker
import pytest
from containers import OWNER, TAG, TOKENS, Running, write_secret
from family import SOURCE

from htmap.pool.identity import claims

#: Which HTCondor its hosts have. The notebooks beside it are the default image.
IMAGE = os.environ.get("HTC_SITE_IMAGE") or f"{OWNER}/htc-site:{TAG}-condor25"
NOTEBOOK = f"{OWNER}/htc-base-notebook:{TAG}"
LAPTOP = f"{OWNER}/htc-laptop:{TAG}"

#: What a notebook or a laptop is told of the site.
ENVIRONMENT = {"_CONDOR_SCHEDD_HOST": "ap.site", "_CONDOR_COLLECTOR_HOST": "cm.site"}

#: What the central manager says of each host once it does its part.
_PARTS = {
    "cm": "Negotiator cm.site undefined",
    "ap": "Scheduler ap.site undefined",
    "ep1": "Machine slot1@ep1.site true",
    "ep2": "Machine slot1@ep2.site undefined",
}


class Site:
    """A running site, and what a test may do to it.

    Whatever breaks a host mends it again at the end of its ``with`` block, for the next test.

    Attributes
    ----------
    name : str
        Of its compose project. Left-overs of a run that was killed: ``docker compose ls``.
    network : str
        On it the hosts are called ``cm.site``, ``ap.site``, ``ep1.site`` and ``ep2.site``.
    cm, ap, ep1, ep2 : Running
        The central manager, the access point, an execute point whose jobs can run in containers,
        and one without.
    """

    def __init__(self, engine: docker.DockerClient, name: str, settings: dict[str, str]) -> None:
        self.engine = engine
        self.name = name
        self.network = f"{name}_default"
        self._settings = settings
        self._guests: list[Running] = []
        self._secrets: list[str] = []

    def start(self) -> None:
        """Start it and wait until it is whole."""
        self._up()
        self.wait_until_up()

    def _up(self, *options: str) -> None:
        self.compose("up", "--detach", *options)
        project = f"com.docker.compose.project={self.name}"
        for container in self.engine.containers.list(filters={"label": project}):
            setattr(self, container.labels["com.docker.compose.service"], Running(container))

    def end(self) -> None:
        """Remove all of it, and all that was started beside it."""
        for guest in self._guests:
            guest.container.remove(force=True, v=True)
        for volume in self._secrets:
            self.engine.volumes.get(volume).remove(force=True)
        self.compose("down", "--volumes", "--timeout", "0")
        # Where a container is left on it that others started, the network is too.
        for network in self.engine.networks.list(names=[self.network], greedy=True):
            for container in network.containers:
                network.disconnect(container, force=True)
            network.remove()

    def compose(self, *command: str) -> None:
        """Run ``docker compose`` on its project."""
        files = (SOURCE / "examples/site/compose.yaml", SOURCE / "tests/site/compose.yaml")
        ran = subprocess.run(
            ["docker", "compose", "--project-name", self.name, "--progress", "quiet"]
            + [f"--file={file}" for file in files] + list(command),
            env={**os.environ, **self._settings}, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr

    def wait_until_up(self, *hosts: str, since: float = 0, timeout: float = 60) -> None:
        """Wait until the central manager has heard of these hosts, or of all, after `since`."""
        ask = ("condor_status", "-any", "-af", "MyType", "Name", "HasContainer", "-constraint")
        parts = {_PARTS[host] for host in hosts or _PARTS}
        # It counts in whole seconds.
        heard = f"LastHeardFrom >= {math.ceil(since)}"
        self.cm.wait_until(
            lambda: parts <= set(self.cm.exec(*ask, heard).stdout.splitlines()), timeout
        )

    # Its users.

    def token(self, user: str = "alice", *options: str) -> str:
        """Return a new token for a user; `options` are those of ``condor_token_create``."""
        return self.ap.output("condor_token_create", "-identity", f"{user}@site", *options)

    def notebook(
        self, user: str = "alice", *command: str, token: str | None = None, **options
    ) -> Running:
        """Start a notebook container with a user's token mounted as a secret, and nothing shared.

        Its command is ``sleep infinity`` where none is given; `options` are those of the engine.
        """
        image = options.pop("image", NOTEBOOK)
        volume = self.engine.volumes.create().name
        self._secrets.append(volume)
        write_secret(self.engine, image, volume, {"site": token or self.token(user)})
        options["volumes"] = {
            volume: {"bind": TOKENS, "mode": "ro"}, **options.pop("volumes", {})
        }  # fmt: skip
        notebook = self._guest(image, command, options)
        notebook.wait_until(lambda: "attached to the access point" in notebook.logs().stderr)
        return notebook

    def laptop(
        self, user: str = "alice", token: str | None = None, uid: str = "1000", **options
    ) -> Running:
        """Start what has Python, the library and a token, and nothing else of HTCondor."""
        options["user"] = uid
        environment = {"CONDOR_CONFIG": "/dev/null", **options.pop("environment", {})}
        laptop = self._guest(LAPTOP, (), {"environment": environment, **options})
        write = 'umask 077 && mkdir -p ~/.condor/tokens.d && echo "$0" > ~/.condor/tokens.d/site'
        laptop.output("sh", "-c", write, token or self.token(user))
        return laptop

    def _guest(self, image: str, command: tuple[str, ...], options: dict) -> Running:
        container = self.engine.containers.create(
            image, list(command) or ["sleep", "infinity"], network=self.network,
            environment={**ENVIRONMENT, **options.pop("environment", {})}, **options,
        )  # fmt: skip
        self._guests.append(Running(container))
        container.start()
        return self._guests[-1]

    # What may befall it. A host is given by its name: "ep2".

    @contextlib.contextmanager
    def killed(self, host: str) -> Iterator[None]:
        """Kill a host as a power cut does; it is started again at the end."""
        container = getattr(self, host).container
        container.kill()
        try:
            yield
        finally:
            began = time.time()
            container.start()
            self.wait_until_up(host, since=began)

    @contextlib.contextmanager
    def cut_off(self, host: str) -> Iterator[None]:
        """Pull a host's cable; it comes back with the address and the names that it had."""
        began = 0.0
        with self.offline(getattr(self, host)):
            try:
                yield
            finally:
                began = time.time()
        self.wait_until_up(host, since=began)

    @contextlib.contextmanager
    def offline(self, guest: Running) -> Iterator[None]:
        """Let a user's machine, or a host, have no network for a while."""
        network = self.engine.networks.get(self.network)
        container = guest.container
        container.reload()
        endpoint = container.attrs["NetworkSettings"]["Networks"][self.network]
        network.disconnect(container, force=True)
        try:
            yield
        finally:
            network.connect(
                container, aliases=endpoint["Aliases"], ipv4_address=endpoint["IPAddress"]
            )

    @contextlib.contextmanager
    def paused(self, host: str) -> Iterator[None]:
        """Let a host keep its connections and answer nobody."""
        container = getattr(self, host).container
        container.pause()
        try:
            yield
        finally:
            container.unpause()

    def restart(self, host: str, timeout: int = 30) -> None:
        """Stop a host, within `timeout` seconds, and start it again."""
        container = getattr(self, host).container
        container.stop(timeout=timeout)
        began = time.time()
        container.start()
        self.wait_until_up(host, since=began)

    def replace(self, host: str) -> None:
        """Make a host anew, as an upgrade does: what is in no volume is gone."""
        began = time.time()
        self._up("--force-recreate", "--no-deps", host)
        self.wait_until_up(host, since=began)

    @contextlib.contextmanager
    def revoked(self, token: str) -> Iterator[None]:
        """Take a token's rights away, as the README of the example says."""
        listed = "/etc/condor/config.d/90-revoked-tokens.conf"
        line = f'SEC_TOKEN_REVOCATION_EXPR = jti == "{claims(token)["jti"]}"'
        for host in (self.cm, self.ap):
            host.output("sh", "-c", 'echo "$1" > "$0" && condor_reconfig', listed, line)
        try:
            yield
        finally:
            for host in (self.cm, self.ap):
                host.output("sh", "-c", 'rm "$0" && condor_reconfig', listed)


@pytest.fixture(scope="session")
def site(engine) -> Iterator[Site]:
    """Return a site of containers, which all tests share."""
    with running(engine) as made:
        yield made


@contextlib.contextmanager
def running(engine: docker.DockerClient) -> Iterator[Site]:
    """Give a site of containers, removed when the ``with`` block ends."""
    name = f"htc-test-site-{uuid.uuid4().hex[:8]}"
    # A job's directory is at one path for its execute point, for the engine and in its container.
    jobs = engine.volumes.create(f"{name}-jobs", labels={"com.docker.compose.project": name})
    subnet = _free_subnet(engine, name)
    settings = {
        "SITE_IMAGE": IMAGE,
        "SITE_CPUS": "6",
        "SITE_MEMORY": "6000",
        "SITE_EXECUTE": jobs.attrs["Mountpoint"],
        "SITE_SUBNET": str(subnet),
        # Guests get the first ones.
        **{f"SITE_{host.upper()}_ADDRESS": str(subnet[100 + n]) for n, host in enumerate(_PARTS)},
    }
    made = Site(engine, name, settings)
    try:
        made.start()
        yield made
    finally:
        made.end()
        jobs.remove(force=True)


def _free_subnet(engine: docker.DockerClient, name: str) -> IPv4Network:
    # The engine knows which are taken.
    network = engine.networks.create(name)
    network.reload()
    network.remove()
    return IPv4Network(network.attrs["IPAM"]["Config"][0]["Subnet"])

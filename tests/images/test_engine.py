"""machine/engine: what it does to machines, and what it says to those it can do nothing for."""

import os
import subprocess

import pytest


@pytest.fixture
def script(source):
    return str(source / "machine" / "engine")


@pytest.fixture
def bare(start, root_image, source, script):
    """Prepare a bare Debian by a line of shell, then run machine/engine in it."""
    folder = f"{source}:{source}:ro"

    def run(prepare="true", **options):
        command = f"{prepare}; exec {script}"
        return start(root_image, "sh", "-c", command, volumes=[folder], **options)

    return run


@pytest.mark.parametrize(
    ("prepare", "options", "words"),
    [
        ("printf 'ID=fedora\nVERSION_ID=43\n' > /etc/os-release", {}, "only on Debian 12 and 13"),
        ("printf 'ID=debian\nVERSION_ID=11\n' > /etc/os-release", {}, "only on Debian 12 and 13"),
        ("rm /etc/os-release", {}, "only on Debian 12 and 13"),
        ("rm /usr/bin/apt-get", {}, "only on Debian 12 and 13"),
        ("true", {"user": "1000:1000"}, "only root can have it installed"),
        ("export DOCKER_HOST=tcp://127.0.0.1:1", {}, "DOCKER_HOST is tcp://127.0.0.1:1"),
    ],
)
def test_a_machine_that_cannot_is_told_in_one_sentence_what_to_do(bare, prepare, options, words):
    result = bare(prepare, **options).wait()
    assert result.code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("engine: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_a_user_whom_the_engine_refuses_is_told_so(start, test_image, source, script):
    volumes = [f"{source}:{source}:ro", "/var/run/docker.sock:/var/run/docker.sock"]
    stranger = start(test_image, script, entrypoint=[], user="1000:1000", volumes=volumes)
    result = stranger.wait()
    assert result.code == 1
    assert "not for this user" in result.stderr


def test_nothing_is_said_or_done_where_docker_and_buildx_work(script):
    done = subprocess.run([script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_engine_older_than_bake_contexts_is_refused(tmp_path, script):
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\n[ "$1" != version ] || echo 20.10.24+dfsg1\n')
    docker.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([script], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 1
    assert "is 20.10.24+dfsg1, and the images need 23 or newer" in done.stderr


@pytest.mark.slow
def test_a_bare_debian_gets_a_working_engine_and_is_told_what_is_installed(bare, script):
    """Also one that carries the files of engines that ran elsewhere, under numbers in use here."""
    stale = (
        "mkdir -p /run/docker/containerd; echo 1 > /run/docker.pid;"
        "echo 1 > /run/docker/containerd/containerd.pid"
    )
    # It runs a shell after the script, to be asked what the script left.
    machine = bare(
        f"{stale}; {script} && touch /prepared && exec sleep infinity",
        privileged=True,
        init=True,
        # An overlay file system cannot hold another one.
        tmpfs={"/var/lib/docker": "", "/var/lib/containerd": ""},
    )
    machine.wait_until(
        lambda: machine.logs().code >= 0 or machine.exec("test", "-e", "/prepared").code == 0,
        timeout=110,
    )
    words = machine.logs().stderr
    announced = words.index("Installing with apt-get: docker.io iptables docker-cli docker-buildx")
    assert announced < words.index("Reading package lists")
    assert int(machine.output("docker", "version", "-f", "{{.Server.Version}}").split(".")[0]) >= 23
    assert "buildx" in machine.output("docker", "buildx", "version")

    again = machine.exec(script)
    assert (again.code, again.stdout, again.stderr) == (0, "", "")

    # An engine that is installed and does not run is started, and nothing is installed.
    machine.output("sh", "-c", "kill $(cat /run/docker.pid)")
    machine.wait_until(lambda: machine.exec("docker", "info").code != 0)
    started = machine.exec(script)
    assert started.code == 0, started
    assert "starting dockerd" in started.stderr
    assert "Installing" not in started.stderr
    assert machine.exec("docker", "info").code == 0

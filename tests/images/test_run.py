"""`make run`: a container, its address, and a first map."""

import contextlib
import os
import re
import socket
import subprocess
import urllib.request
import uuid

import docker
import pytest


@pytest.fixture
def make_run(engine, default_image, source):
    """Run machine/run with a name and a port that nothing else has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    name = f"htc-run-{uuid.uuid4().hex[:12]}"

    def run(**environment):
        environment = {"NAME": name, "PORT": str(port), "IMAGE": default_image} | environment
        return subprocess.run(
            [source / "machine" / "run"],
            capture_output=True,
            text=True,
            timeout=100,
            env={**os.environ, **environment},
        )

    run.port = port
    run.name = name
    yield run
    with contextlib.suppress(docker.errors.NotFound):
        engine.containers.get(name).remove(force=True)
    with contextlib.suppress(docker.errors.NotFound):
        engine.volumes.get(f"{name}-home").remove()


def test_it_ends_with_the_address_of_jupyterlab_and_the_result_of_a_map(make_run):
    done = make_run()
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ *5\d\d\d words in GPL-3$", done.stdout, re.M)
    found = re.search(r"http://127\.0\.0\.1:(\d+)/lab\?token=(\w+)", done.stdout)
    assert found, done.stdout
    assert int(found[1]) == make_run.port
    with urllib.request.urlopen(found[0], timeout=20) as page:
        assert page.status == 200
        assert "JupyterLab" in page.read().decode()


def test_a_second_run_uses_the_container_of_the_first(make_run, engine):
    first = make_run()
    assert first.returncode == 0, first.stderr
    began = engine.containers.get(make_run.name).attrs["State"]["StartedAt"]
    second = make_run()
    assert second.returncode == 0, second.stderr
    assert "runs already" in second.stderr
    assert engine.containers.get(make_run.name).attrs["State"]["StartedAt"] == began


def test_a_port_that_is_taken_is_named_and_leaves_no_container(make_run, engine):
    with socket.create_server(("127.0.0.1", make_run.port)):
        done = make_run()
    assert done.returncode == 1
    assert f"port {make_run.port} is taken" in done.stderr
    with pytest.raises(docker.errors.NotFound):
        engine.containers.get(make_run.name)


def test_the_home_outlives_the_container(make_run, engine):
    first = make_run()
    assert first.returncode == 0, first.stderr
    container = engine.containers.get(make_run.name)
    assert container.exec_run(["touch", "/home/jovyan/kept"]).exit_code == 0
    container.remove(force=True)
    second = make_run()
    assert second.returncode == 0, second.stderr
    assert engine.containers.get(make_run.name).exec_run(["ls", "kept"]).exit_code == 0

"""Maps that run in containers of nodes with an engine for them, and Pythons sent to bare nodes."""

import os

import pytest

DOCKER = "/var/run/docker.sock"

MAP = """
import htmap, sys
def where(x):
    import os, sys
    return 2 * x, os.getpid() < 50, os.environ.get("APPTAINER_NAME"), os.path.exists("/opt/wheels")
options = dict(item.split("=", 1) for item in sys.argv[1:])
m = htmap.map(where, [1, 2], htmap.MapOptions(**options), quiet=True)
try:
    print(*m.iter(timeout=60))
except htmap.exceptions.HTMapException as error:
    print(error, m.analyze())
"""


@pytest.fixture
def execute(engine, volume, test_image):
    """Return a folder for jobs that is at the same path in containers and for the engine."""
    path = engine.volumes.get(volume).attrs["Mountpoint"]
    engine.containers.run(
        test_image, ["1777", path], entrypoint="chmod", user="root", remove=True,
        volumes={volume: {"bind": path}},
    )  # fmt: skip
    return {volume: {"bind": path}}, path


def test_a_map_runs_in_docker_containers_of_the_image_that_is_named(
    execute, start, test_image, default_image, root_image
):
    volumes, path = execute
    running = start(
        test_image, "sleep", "infinity",
        group_add=[str(os.stat(DOCKER).st_gid)],
        volumes={DOCKER: {"bind": DOCKER}, **volumes},
        environment={
            "HTC_POOL_REQUIRED": "1",
            "HTMAP_IMAGE": default_image,
            "_CONDOR_DOCKER": "/usr/bin/docker",
            "_CONDOR_DOCKER_PERFORM_TEST": "false",
            "_CONDOR_EXECUTE": path,
        },
    )  # fmt: skip
    running.wait_until(lambda: running.exec("htc-pool", "status").code == 0)

    # A container counts processes from 1; that of the tests has what the base image has not.
    ran = "(2, True, None, False) (4, True, None, False)"
    # Docker holds a container to its memory, so something is asked for.
    arguments = ("delivery_method=docker", "request_memory=256MB")
    assert running.output("python", "-c", MAP, *arguments) == ran
    # An image without Python says so instead of being held for an output that is missing.
    said = running.output("python", "-c", MAP, *arguments, f"docker_image={root_image}")
    assert "the Docker image has no python3 on its PATH" in said


def test_a_map_runs_in_a_singularity_image(start, test_image):
    running = start(
        test_image, "sleep", "infinity",
        privileged=True,  # Apptainer makes namespaces and mounts
        # Not below /tmp, which is the image's own in a container.
        tmpfs={"/execute": "uid=1000,exec"},
        environment={
            "HTC_POOL_REQUIRED": "1",
            "HTMAP_SINGULARITY_IMAGE": "/srv/image",
            "_CONDOR_SINGULARITY": "/usr/bin/apptainer",
            "_CONDOR_SINGULARITY_BIND_EXPR": '"/usr /opt/htc"',
            "_CONDOR_EXECUTE": "/execute",
        },
    )  # fmt: skip
    # An image of nothing, with this container's own programs bound into it.
    skeleton = (
        "mkdir -p /srv/skeleton/usr /srv/skeleton/opt/htc /srv/skeleton/etc && cd /srv/skeleton "
        "&& ln -s usr/bin usr/lib usr/lib64 . && apptainer build --sandbox /srv/image . "
        "&& chmod -R a+rX /srv/image"
    )
    running.output("bash", "-c", skeleton, user="root")
    running.wait_until(lambda: running.exec("htc-pool", "status").code == 0)

    # It lies where the node finds it, so it need not be sent.
    arguments = ("delivery_method=singularity", "transfer_container=false")
    ran = "(2, True, 'image', False) (4, True, 'image', False)"
    assert running.output("python", "-c", MAP, *arguments) == ran


PACK = """
from htmap.delivery import packing
with open("/shared/python.tar.gz", "w+b") as file:
    packing.pack(file)
"""
UNPACK = "! command -v python3 && mkdir /node && tar -xzf /shared/python.tar.gz -C /node"
USE = "import bz2, ctypes, hashlib, lzma, sqlite3, ssl, sys, zlib; print(sys.prefix)"


def test_a_transplanted_python_runs_where_there_is_none(volume, start, root_image, test_image):
    volumes = {volume: {"bind": "/shared"}}
    make = (
        "python -m venv --without-pip /tmp/env && site=$(python -c 'import sysconfig; "
        'print(sysconfig.get_path("purelib"))\') && PYTHONPATH=$site /tmp/env/bin/python -c '
    )
    packed = start(
        test_image, "-c", f"{make} '{PACK}'", entrypoint="bash", user="root", volumes=volumes
    ).wait()
    assert packed.code == 0, packed

    node = start(
        root_image, "sh", "-c", f"{UNPACK} && env -i sh /node/start -c '{USE}'", volumes=volumes
    ).wait()

    assert (node.stdout, node.code) == ("/node/env\n", 0), node

"""Maps that run in containers of nodes with an engine for them, and Pythons sent to bare nodes."""

import io
import os
import tarfile

import pytest

DOCKER = "/var/run/docker.sock"

MAP = """
import htmap, sys
def where(x):
    import getpass, os, sys
    with open("/proc/1/cmdline") as file:
        inside = "start.sh" in file.read()
    assert not inside, "the image's entrypoint runs"
    assert os.access(os.path.expanduser("~"), os.W_OK)
    return 2 * x, os.getpid() < 50, os.environ.get("APPTAINER_NAME"), getpass.getuser()
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
        # Whom no image knows, and whose home there is none, as at most sites.
        user="5000:5000",
        may_say="no write access to /home/jovyan",
        group_add=[str(os.stat(DOCKER).st_gid)],
        volumes={DOCKER: {"bind": DOCKER}, **volumes},
        environment={
            "HTC_POOL_REQUIRED": "1",
            "HTMAP_DIR": "/tmp/htmap",
            "HTMAP_IMAGE": default_image,
            "_CONDOR_DOCKER": "/usr/bin/docker",
            "_CONDOR_DOCKER_PERFORM_TEST": "false",
            "_CONDOR_EXECUTE": path,
        },
    )  # fmt: skip
    running.wait_until(lambda: running.exec("htc-pool", "status").code == 0)

    # A container counts processes from 1, and its user has no name.
    ran = "(2, True, None, 'user5000') (4, True, None, 'user5000')"
    for method in ("docker", "container"):
        # Docker holds a container to its memory, so something is asked for.
        arguments = (f"delivery_method={method}", "request_memory=256MB")
        assert running.output("python", "-c", MAP, *arguments) == ran
    # An image without Python says so instead of being held for an output that is missing.
    image = f"container_image=docker://{root_image}"
    said = running.output("python", "-c", MAP, *arguments, image)
    assert "the container image has no python3 on its PATH" in said


def test_a_map_runs_in_a_singularity_image(start, test_image):
    running = start(
        test_image, "sleep", "infinity",
        privileged=True,  # Apptainer makes namespaces and mounts
        # Not below /tmp, which is the image's own in a container.
        tmpfs={"/execute": "uid=1000,exec"},
        environment={
            "HTC_POOL_REQUIRED": "1",
            "HTMAP_CONTAINER_IMAGE": "/srv/image",
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
    ran = "(2, True, 'image', 'user1000') (4, True, 'image', 'user1000')"
    for method in ("singularity", "container"):
        arguments = (f"delivery_method={method}", "transfer_container=false")
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


SITE = b"""
DELIVERY_METHOD = "docker"
[MAP_OPTIONS]
request_memory = "700MB"
"""
ORIGINS = """
import htmap
for key in ("DELIVERY_METHOD", "CONTAINER.IMAGE", "MAP_OPTIONS.request_memory"):
    print(key, htmap.settings[key], "by", htmap.settings.origin(key))
"""


@pytest.fixture
def derived(engine, default_image):
    """Return the name of an image of a site: the default one with a file of settings."""
    name = "htc-derived-for-a-test"
    parts = {
        "Dockerfile": f"FROM {default_image}\nENV HTMAP_IMAGE={name}\n"
        "COPY settings.toml /etc/htmap/\n".encode(),
        "settings.toml": SITE,
    }
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for path, content in parts.items():
            about = tarfile.TarInfo(path)
            about.size, about.mode = len(content), 0o644
            archive.addfile(about, io.BytesIO(content))
    context.seek(0)
    engine.images.build(fileobj=context, custom_context=True, tag=name)
    yield name
    engine.images.remove(name, force=True)


def test_settings_of_a_site_are_baked_into_an_image_and_lose_to_the_environment(start, derived):
    attached = {"_condor_SCHEDD_HOST": "ap.invalid", "HTC_POOL": "none"}
    # An entrypoint other than ours comes to the same answer.
    for entrypoint in ({}, {"entrypoint": "python"}):
        command = ("-c", ORIGINS) if entrypoint else ("python", "-c", ORIGINS)
        assert start(derived, *command, environment=attached, **entrypoint).wait().stdout == (
            "DELIVERY_METHOD docker by /etc/htmap/settings.toml\n"
            f"CONTAINER.IMAGE docker://{derived} by the defaults\n"
            "MAP_OPTIONS.request_memory 700MB by /etc/htmap/settings.toml\n"
        )
    environment = {"HTC_POOL": "none", "HTMAP_DELIVERY_METHOD": "assume"}
    told = start(derived, "python", "-c", ORIGINS, environment=environment).wait()
    assert "DELIVERY_METHOD assume by the environment, HTMAP_DELIVERY_METHOD\n" in told.stdout


def test_in_an_attached_image_jobs_run_in_the_same_image_by_default(start, default_image):
    attached = {"_condor_SCHEDD_HOST": "ap.invalid", "HTC_POOL": "none"}
    for environment, method in ((attached, "container"), ({"HTC_POOL": "none"}, "shared")):
        told = start(default_image, "python", "-c", ORIGINS, environment=environment).wait()
        assert told.stdout.splitlines()[:2] == [
            f"DELIVERY_METHOD {method} by the defaults",
            f"CONTAINER.IMAGE docker://{default_image} by the defaults",
        ], told

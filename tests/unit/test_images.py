"""What a setting may call an image, and what HTCondor is told of it."""

import pytest

from htmap.delivery import container, docker, singularity
from htmap.exceptions import InvalidSettings
from htmap.settings import settings


@pytest.fixture
def image(monkeypatch, tmp_path):
    """Set every method's image."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    def choose(name):
        for table in ("CONTAINER", "DOCKER", "SINGULARITY"):
            monkeypatch.setenv(f"HTMAP_{table}_IMAGE", name)

    return choose


def told(tmp_path, method=container):
    said = method.descriptors("tag", tmp_path)
    return said.get("container_image", said.get("docker_image"))


@pytest.mark.parametrize(
    "name",
    ["docker://python:3.13-slim", "oras://x/y:1", "https://example.org/a.sif", "/srv/a.sif",
     "osdf:///site/a.sif", "/cvmfs/images/el9:latest", "/srv/folder/"],
)  # fmt: skip
def test_what_container_image_takes_passes_as_it_is(image, tmp_path, name):
    image(name)

    assert told(tmp_path).rstrip("/") == name.rstrip("/")
    assert told(tmp_path, singularity) == told(tmp_path)


def test_a_path_that_begins_here_or_at_home_becomes_a_full_one(image, tmp_path):
    (tmp_path / "folder").mkdir()
    for name, path in (("~/a.sif", "a.sif"), ("./a.sif", "a.sif"), ("folder", "folder")):
        image(name)
        assert told(tmp_path) == str(tmp_path / path)


def test_docker_is_told_the_image_without_the_prefix_that_the_others_need(image, tmp_path):
    for name in ("python:3.13-slim", "docker://python:3.13-slim"):
        image(name)
        assert told(tmp_path, docker) == "python:3.13-slim"


@pytest.mark.parametrize("method", [container, singularity])
def test_a_name_of_a_registry_without_its_prefix_is_told_with_it(image, tmp_path, method):
    image("python:3.13-slim")

    with pytest.raises(InvalidSettings, match=r"write docker://python:3\.13-slim") as caught:
        told(tmp_path, method)
    assert "the environment, HTMAP_" in str(caught.value)


@pytest.mark.parametrize("name", [" ", "a\nb", "docker://a,docker://b", " docker://a"])
def test_what_is_no_image_is_refused_with_the_setting(image, tmp_path, name):
    image(name)

    with pytest.raises(InvalidSettings, match=r"CONTAINER\.IMAGE is .* names no image"):
        told(tmp_path)


def test_no_image_runs_its_own_entrypoint(tmp_path):
    """That of the notebook images would start a pool in the job."""
    assert settings["CONTAINER.IMAGE"].startswith("docker://")
    for method in (container, docker):
        assert method.descriptors("tag", tmp_path)["docker_override_entrypoint"] == "true"

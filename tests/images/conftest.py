"""What the tests of images have: containers, and the images that each is about."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from containers import OWNER, TAG, default_image, engine, secret, start, start_session, volume
from family import SOURCE, bake, images_of, images_on


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

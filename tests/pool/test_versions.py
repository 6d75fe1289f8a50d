"""Maps whose two ends run different versions of Python, and the library as `pip` installs it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import htmap
from htmap import MapOptions, exceptions

#: In the test image, beside its own: the Python of the Debian before.
OTHER = "/usr/bin/python3.11"
HERE = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
SOURCE = Path(__file__).resolve().parents[2]


@pytest.fixture
def other_python_on_the_node(tmp_path):
    """Options of a map whose node has another Python than the maker's."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(OTHER)
    path = f"PATH={tmp_path}/bin:/usr/bin:/bin"
    return MapOptions(delivery_method="assume", environment=path)


def test_a_function_sent_by_value_to_another_python_is_explained(other_python_on_the_node):
    m = htmap.map(lambda x: x, [1], other_python_on_the_node)
    m.wait(timeout=60, errors_ok=True)

    report = m.errors[0].report()
    assert "the function cannot be loaded on this node: it was pickled by value by" in report
    assert HERE in report
    assert "loaded by Python 3.11" in report


def test_what_has_a_name_on_both_ends_runs_on_another_python(other_python_on_the_node):
    m = htmap.map(eval, ["__import__('sys').version_info[:2]"], other_python_on_the_node)

    assert m.get(0, timeout=60) == (3, 11)


def test_a_path_that_python_3_13_pickled_arrives_at_an_older_one(other_python_on_the_node):
    m = htmap.map(os.fspath, [Path("a") / "b"], other_python_on_the_node)

    assert m.get(0, timeout=60) == "a/b"


def test_a_result_sent_by_value_from_another_python_is_explained(other_python_on_the_node):
    m = htmap.map(eval, ["lambda x: x"], other_python_on_the_node)

    with pytest.raises(exceptions.OutputCannotBeLoaded, match=r"Python 3\.11") as caught:
        m.get(0, timeout=60)
    assert f"loaded by {HERE}" in str(caught.value)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The library as a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=SOURCE, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    (built,) = folder.iterdir()
    return built


FIRST_MAP = """
import sys, htmap
assert htmap.__file__.startswith(sys.prefix), htmap.__file__
m = htmap.map(lambda x: (2 * x, sys.version_info[:2]), [21], quiet=True)
print(*m.get(0, timeout=60))
there = htmap.map(lambda x: x, [1], htmap.MapOptions(delivery_method="assume"), quiet=True)
there.wait(timeout=60, errors_ok=True)
print(there.errors[0].exception_msg if there.errors else there.get(0))
"""


@pytest.mark.parametrize("python", [OTHER, sys.executable])
def test_the_wheel_installed_in_a_fresh_environment_runs_a_map(python, wheel, tmp_path, htmap_dir):
    env = tmp_path / "env"
    subprocess.run([python, "-m", "venv", "--without-pip", env], check=True, timeout=60)
    subprocess.run(
        ["pip", "--python", env, "install", "--quiet", "--no-index", "--disable-pip-version-check",
         "--no-compile", "--find-links", "/opt/wheels", wheel],
        check=True, timeout=100,
    )  # fmt: skip
    done = subprocess.run(
        [env / "bin" / "python", "-c", FIRST_MAP],
        cwd=tmp_path, capture_output=True, text=True, timeout=100,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    own, at_the_node = done.stdout.splitlines()
    same = python != OTHER
    version = sys.version_info[:2] if same else (3, 11)
    assert own == f"42 {version}"
    # The node's own Python is that of the image.
    if same:
        assert at_the_node == "1"
    else:
        assert "it was pickled by value by Python 3.11" in at_the_node
        assert f"loaded by {HERE}" in at_the_node


def test_the_wheel_holds_the_library_with_its_types_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    assert "htmap/py.typed" in names
    assert "htmap/delivery/docker.py" in names
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"htmap"}

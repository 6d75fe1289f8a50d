"""What the locks in requirements/ promise."""

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "requirements"
LOCKS = sorted(FOLDER.glob("*.txt"))


def pins(lock):
    """Return each name with its pinned version and the number of its hashes."""
    found = {}
    for entry in re.sub(r"\\\n", " ", lock.read_text()).splitlines():
        if entry and not entry.startswith("#"):
            pinned = re.match(r"([a-z0-9-]+)==(\S+)", entry)
            assert pinned, entry
            found[pinned[1]] = (pinned[2], len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)))
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_package_is_pinned_to_one_version_by_its_hashes(lock):
    assert pins(lock)
    assert all(hashes for _, hashes in pins(lock).values())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_address(lock):
    assert not re.search(r"://|^\s*-|file:", lock.read_text().replace("    --hash", ""), re.M)


@pytest.mark.parametrize(("child", "parent", "other"), [
    ("test", "base", set()), ("hub", "base", set()), ("hub-test", "test", set()),
    ("scipy", "base", set()), ("tensorflow", "scipy", set()),
    ("datascience", "scipy", set()), ("pyspark", "scipy", {"pandas"}),
])  # fmt: skip
def test_what_an_image_adds_fits_what_its_parent_has(child, parent, other):
    added, there = pins(FOLDER / f"{child}.txt"), pins(FOLDER / f"{parent}.txt")
    assert {name for name in added.keys() & there.keys() if added[name] != there[name]} == other


def test_the_hubs_proxy_is_pinned_as_well_and_by_no_address():
    """npm's lock has another shape: an integrity for each package, and where each came from."""
    lock = json.loads((FOLDER.parent / "examples/jupyterhub/package-lock.json").read_text())
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    assert packages["node_modules/configurable-http-proxy"]["version"]
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())

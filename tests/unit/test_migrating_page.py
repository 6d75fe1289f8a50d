"""The page for people who come from HTMap 0.6."""

import gzip
import pickle
import re
from pathlib import Path

import pytest

import htmap
from htmap import exceptions
from htmap.management import discard

SOURCE = Path(__file__).resolve().parents[2]
PAGE = (SOURCE / "docs" / "migrating.md").read_text()
TESTS = "".join(path.read_text() for path in (SOURCE / "tests").rglob("test_*.py"))


def test_each_of_the_29_known_defects_names_a_test_that_there_is():
    rows = re.findall(r"^\| B(\d+) \| .+ \| `(test_\w+)` \|$", PAGE, re.M)

    assert [int(number) for number, _ in rows] == list(range(1, 30))
    missing = [name for _, name in rows if f"\ndef {name}(" not in TESTS]
    assert not missing


@pytest.fixture
def old_map(tmp_path, monkeypatch):
    """A map as HTMap 0.6 left it in ~/.htmap, with one result and one error."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / ".htmap"))
    home, name = tmp_path / ".htmap", "123e4567-e89b-42d3-a456-426614174000"
    outputs = home / "maps" / name / "outputs"
    outputs.mkdir(parents=True)
    for folder in (home, home / "maps", home / "tags"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
    (home / "tags" / "old").write_text(name)
    (outputs.parent / "num_components").write_text("2")
    for component, parts in enumerate([("OK", {"a": 1}), ("ERR", "a report")]):
        with gzip.open(outputs / f"{component}.out", "wb") as file:
            for part in parts:
                pickle.dump(part, file)
    return outputs.parent


def test_a_map_of_htmap_0_6_is_explained_and_hides_no_other(old_map):
    assert htmap.get_tags() == ("old",)
    with pytest.warns(UserWarning, match=r"made by HTMap 0\.6"):
        assert htmap.load_maps() == ()
    with pytest.raises(exceptions.CorruptPack, match=r"made by HTMap 0\.6") as caught:
        htmap.load("old")
    assert caught.value.tag == "old"
    assert caught.value.path == old_map
    with pytest.raises(exceptions.CorruptPack):
        htmap.clean(all=True)
    assert old_map.exists()


def test_its_tag_is_taken_until_it_is_removed(old_map):
    with pytest.raises(exceptions.TagAlreadyExists):
        htmap.map(str, [1], tag="old")

    discard("old")

    assert htmap.get_tags() == ()
    assert not old_map.exists()


def test_its_results_can_be_read_as_the_page_says(old_map):
    (recipe,) = re.findall(r"```python\n(import gzip.+?)```", PAGE, re.S)
    names = {}
    exec(recipe, names)

    assert list(names["results"]("old")) == [{"a": 1}, None]

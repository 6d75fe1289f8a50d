"""What is written down about a map, and what is said when that is damaged."""

import json

import pytest
from hand_made import HandMade

import htmap
from htmap import exceptions
from htmap.submission import options_of


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


def change(path, **changes):
    content = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in content.items() if value != "gone"}))


@pytest.mark.parametrize("value", ["gone", "3", 0, -1, None, [1], [[0, 1]], [[1, -1]], [[1, 1, 1]]])
@pytest.mark.parametrize(
    ("file", "key"),
    [("map.json", "components"), ("runs/0/run.json", "chunks"), ("runs/0/run.json", "packs")],
)
def test_a_number_that_is_missing_or_none_is_told_with_the_file_that_lacks_it(file, key, value):
    made = HandMade("a", "COMPLETED")
    path = made.folder.path / file
    change(path, **{key: value})

    with pytest.raises(exceptions.CorruptPack, match="damaged") as caught:
        htmap.load("a")

    assert caught.value.path == path
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("value", ["gone", 1, [], ["a"], [-1], {}])
def test_components_that_are_missing_or_none_are_told_with_the_file_that_lacks_them(value):
    made = HandMade("a", "COMPLETED")
    path = made.run.folder / "run.json"
    change(path, components=value)

    with pytest.raises(exceptions.CorruptPack, match="damaged") as caught:
        htmap.load("a")

    assert caught.value.path == path


@pytest.mark.parametrize("name", ["delivery", "fixed", "per_component", "input_files"])
def test_an_option_that_is_missing_is_told_where_it_is_needed(name):
    made = HandMade("a", "COMPLETED")
    path = made.run.folder / "run.json"
    options = json.loads(path.read_text())["submit"]
    del options[name]
    change(path, submit=options)

    run = made.folder.run(0)

    with pytest.raises(exceptions.CorruptPack, match=f"it lacks '{name}'") as caught:
        options_of(run)
    assert caught.value.path == path


@pytest.mark.parametrize("value", ["gone", [], None])
def test_options_that_are_missing_or_none_are_told_where_they_are_needed(value):
    made = HandMade("a", "COMPLETED")
    change(made.run.folder / "run.json", submit=value)

    with pytest.raises(exceptions.CorruptPack, match="damaged"):
        options_of(made.folder.run(0))

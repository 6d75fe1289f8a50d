"""htmap transplants."""

import os
from pathlib import Path

import pytest
from command import run


@pytest.fixture
def two(htmap_dir: Path) -> list[Path]:
    """Two packed environments, the older one first."""
    folder = htmap_dir / "transplants"
    folder.mkdir(parents=True)
    for age, name in enumerate(("new", "old")):
        (folder / name).write_bytes(b"packed")
        (folder / f"{name}.pip").write_text(f"package=={age}\n")
        os.utime(folder / name, (1000 - age, 1000 - age))
    return [folder / "old", folder / "new"]


def test_those_that_are_packed_are_listed(two):
    result = run("transplants", "info")
    assert result.exit_code == 0
    assert result.stdout.index("old") < result.stdout.index("new")


def test_one_is_removed_by_its_number_in_the_list(two):
    result = run("transplants", "remove", "0")
    assert (result.output, result.exit_code) == ("Removed transplant 0 (old)\n", 0)
    assert not two[0].exists()
    assert two[1].exists()


def test_a_number_that_is_not_in_the_list_is_an_error(two):
    result = run("transplants", "remove", "2")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr.startswith("ERROR: there is no transplant 2: there are 2,")
    assert all(path.exists() for path in two)


def test_that_none_was_ever_packed_is_said():
    """It was a traceback (B25)."""
    result = run("transplants", "info")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "There are no transplants\n", 0)
    assert run("transplants", "remove", "0").exit_code == 1

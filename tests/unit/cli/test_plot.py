"""Pictures of a map, as files."""

import pytest
from command import run
from hand_made import HandMade


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    HandMade("books", "COMPLETED", "ERRORED", "RUNNING")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("b.PDF", b"%PDF")]
)
def test_the_ending_of_the_file_says_what_it_becomes(folder, name, start):
    done = run("plot", "books", "--output", name, "--part", "runtimes", "--part", "statuses")

    assert (done.exit_code, done.output) == (0, f"{name}\n")
    assert (folder / name).read_bytes().startswith(start)


def test_without_a_file_it_is_named_after_the_tag(folder):
    assert run("plot", "books").output == "books.png\n"
    assert (folder / "books.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["a.xyz", "a"])
def test_an_ending_that_is_no_picture_s_is_an_error_that_names_those_that_are(folder, name):
    done = run("plot", "books", "-o", name)

    assert done.exit_code == 2
    assert ".png" in done.stderr
    assert not (folder / name).exists()


def test_a_folder_that_is_not_there_is_an_error():
    done = run("plot", "books", "-o", "nowhere/a.png")

    assert done.exit_code == 1
    assert "nowhere/a.png" in done.stderr

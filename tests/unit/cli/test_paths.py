"""htmap path."""

import dataclasses
from pathlib import Path

import pytest
from command import Terminal, run
from hand_made import HandMade

from htmap.store import claims

TARGETS = ("map", "tag", "events", "logs", "inputs", "outputs", "output_files")


def paths(*arguments: str, given: str = "") -> list[Path]:
    result = run("path", *arguments, given=given)
    assert result.exit_code == 0, result.output
    return [Path(line) for line in result.stdout.splitlines()]


def test_the_path_of_a_map_is_its_folder():
    made = HandMade("a", "COMPLETED")
    assert paths("a") == paths("a:map") == [made.folder.path]


def test_each_target_is_where_that_is():
    made = HandMade("a", "COMPLETED")
    assert paths("a:tag") == [claims.folder() / "a"]
    assert paths("a:tag")[0].read_text() == made.folder.map_id
    assert paths("a:events") == [made.folder.events]
    (inputs,) = paths("a:inputs")
    assert (inputs / "0").read_bytes()
    (outputs,) = paths("a:outputs")
    assert outputs / "0" == made.run.output(0)
    (files,) = paths("a:output_files")
    assert files / "0" == made.run.output_files(0)
    stdout, stderr = paths("a:logs")
    assert (stdout / "0").read_text() == "hello from 0\n"
    assert (stderr / "0").read_text() == "warned by 0"


def test_the_paths_of_a_map_that_was_run_again_are_those_of_each_run():
    made = HandMade("a", "COMPLETED")
    number, folder = made.folder.create_run()
    again = dataclasses.replace(made.run, folder=folder, number=number)
    again.write({})
    assert paths("a:outputs") == [made.run.output(0).parent, again.output(0).parent]


def test_several_paths_are_printed_in_the_order_in_which_they_are_asked_for():
    a, b = HandMade("a", "IDLE"), HandMade("b", "IDLE")
    assert paths("b:events", "a") == [b.folder.events, a.folder.path]
    assert paths(given="a b:events") == [a.folder.path, b.folder.events]


def test_a_damaged_map_has_a_path_too():
    made = HandMade("a", "IDLE")
    (made.folder.path / "map.json").write_text("{")
    assert paths("a") == [made.folder.path]


def test_an_unknown_target_is_told_with_those_that_there_are():
    """It was a KeyError (B25)."""
    HandMade("a", "IDLE")
    result = run("path", "a:nowhere")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert "'nowhere'" in result.stderr
    for target in TARGETS:
        assert target in result.stderr


@pytest.mark.parametrize("what", ["bok", "bok:events"])
def test_an_unknown_tag_is_an_error_with_what_it_may_have_been(what):
    HandMade("book", "IDLE")
    result = run("path", what)
    assert (result.stdout, result.exit_code) == ("", 1)
    assert "Did you mean book?" in result.stderr


def test_no_tag_at_a_terminal_is_a_warning():
    with Terminal("path") as terminal:
        assert terminal.exit_status() == 0
    assert "no tags were found" in terminal.shown

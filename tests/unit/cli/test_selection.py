"""Which maps a command is about."""

import subprocess
import sys

import pytest
from command import COMMAND, Terminal, run
from hand_made import HandMade

from htmap.store import claims

SELECTING = ("status", "wait", "errors", "remove")


@pytest.mark.parametrize("command", SELECTING)
def test_an_unknown_tag_is_an_error(command):
    HandMade("books", "COMPLETED")
    result = run(command, "boks")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: could not find a map with tag boks in ")
    assert "Did you mean books?" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["stdout", "stderr"])
def test_an_unknown_tag_of_a_component_is_an_error(command):
    result = run(command, "books", "0")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: could not find a map with tag books in ")


@pytest.mark.parametrize("command", ["wait", "errors", "remove"])
@pytest.mark.parametrize("arguments", [["-p", "nothing-*"], ["--all"], []])
def test_nothing_selected_is_a_warning(command, arguments):
    result = run(command, *arguments)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "WARNING: no tags were found\n"


@pytest.mark.parametrize(
    ("arguments", "given", "expected"),
    [
        (["run-1"], "", "run-1"),
        (["other", "run-1"], "", "other run-1"),
        (["-p", "run-*"], "", "run-1 run-2"),
        (["-p", "RUN-*"], "", ""),
        (["-p", "run-1", "-p", "o*"], "", "other run-1"),
        (["run-2", "-p", "run-*"], "", "run-2 run-1"),
        (["--all"], "", "other run-1 run-2"),
        ([], "other\nrun-2\n", "other run-2"),
        ([], "run-1 run-1\n\n", "run-1"),
        (["run-1"], "other\n", "run-1"),
        (["-p", "run-1"], "other\n", "run-1"),
        (["run-1", "-"], "other\n", "run-1 other"),
    ],
)
def test_maps_are_chosen_by_tags_patterns_all_and_standard_input(arguments, given, expected):
    for tag in ("run-1", "run-2", "other"):
        HandMade(tag, "ERRORED")
    result = run("errors", *arguments, given=given)
    assert result.exit_code == 0, result.output
    starts = [line for line in result.stdout.splitlines() if "Start error report" in line]
    assert [line.strip("= ").split()[-1] for line in starts] == expected.split()


def test_an_unknown_tag_beside_known_ones_stops_before_anything_is_done():
    HandMade("keep", "COMPLETED")
    assert run("remove", "keep", "kep").exit_code == 1
    assert claims.list_tags() == ("keep",)


def test_a_tag_typed_with_a_combining_accent_is_found():
    HandMade("caf\u00e9", "COMPLETED")
    assert run("wait", "cafe\u0301").exit_code == 0


def test_patterns_work_at_a_terminal():
    """They failed there, and only there (B19)."""
    HandMade("run-1", "COMPLETED")
    with Terminal("status", "-p", "run-*") as terminal:
        assert terminal.exit_status() == 0
    assert "run-1" in terminal.shown


def test_no_tags_at_a_terminal_do_not_wait_for_standard_input():
    HandMade("run-1", "RUNNING")
    with Terminal("wait") as terminal:
        assert terminal.exit_status() == 0
    assert "no tags were found" in terminal.shown


def test_a_pipe_that_stays_silent_is_told_about():
    HandMade("run-1", "COMPLETED")
    process = subprocess.Popen(
        [*COMMAND, "wait"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr.readline() == "Reading tags from standard input ...\n"
    assert process.communicate("run-1\n", timeout=30) == (None, "")
    assert process.returncode == 0


def test_a_closed_standard_input_is_no_tags():
    shell = subprocess.run(
        ["sh", "-c", '"$0" -m htmap wait <&-', sys.executable], capture_output=True, text=True
    )
    assert (shell.returncode, shell.stderr) == (0, "WARNING: no tags were found\n")


def test_a_damaged_map_does_not_hide_the_others():
    HandMade("fine", "COMPLETED")
    (HandMade("broken", "COMPLETED").folder.path / "map.json").write_text("{")
    result = run("status")
    assert result.exit_code == 1
    assert "fine" in result.stdout
    assert result.stderr.startswith("ERROR: map broken: ")
    assert "map.json is damaged" in result.stderr

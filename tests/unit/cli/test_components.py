"""htmap components, htmap reasons and htmap analyze."""

import pytest
from command import Terminal, run
from hand_made import HandMade

from htmap.maps import Map


def test_each_component_is_on_a_line_with_its_number_and_status():
    HandMade("a", "COMPLETED", "HELD", "RUNNING")
    result = run("components", "a")
    assert (result.output, result.exit_code) == ("0 COMPLETED\n1 HELD\n2 RUNNING\n", 0)


@pytest.mark.parametrize(
    ("status", "numbers"), [("completed", "0 2"), ("HELD", "1"), ("Errored", ""), ("UNKNOWN", "")]
)
def test_the_numbers_of_a_status_are_on_one_line_also_when_nobody_has_it(status, numbers):
    """That a status was absent was a KeyError (B8)."""
    HandMade("a", "COMPLETED", "HELD", "COMPLETED")
    result = run("components", "a", "--status", status)
    assert (result.output, result.exit_code) == (f"{numbers}\n", 0)


def test_a_status_that_does_not_exist_is_told_with_those_that_do():
    HandMade("a", "COMPLETED")
    result = run("components", "a", "--status", "DONE")
    assert result.exit_code == 2
    assert "'DONE'" in result.stderr
    assert "completed" in result.stderr.lower()


def test_of_several_maps_each_line_begins_with_the_tag():
    HandMade("a", "IDLE")
    HandMade("b", "HELD", "HELD")
    assert run("components", "--all").output == "a 0 IDLE\nb 0 HELD\nb 1 HELD\n"
    assert run("components", "-p", "*", "--status", "held").output == "a \nb 0 1\n"


def test_statuses_are_coloured_at_a_terminal_or_when_asked_for():
    HandMade("a", "HELD")
    assert run("components", "a", "--color").output == "0 \x1b[31mHELD\x1b[0m\n"
    with Terminal("components", "a") as terminal:
        assert terminal.exit_status() == 0
    assert "0 \x1b[31mHELD" in terminal.shown
    with Terminal("components", "a", "--no-color") as terminal:
        assert terminal.exit_status() == 0
    assert "0 HELD" in terminal.shown


def test_reasons_shows_the_holds_of_the_maps_that_have_any():
    HandMade("fine", "COMPLETED", "RUNNING")
    HandMade("one", "COMPLETED", "HELD")
    HandMade("two", "HELD", "HELD")
    result = run("reasons", "--all")
    assert result.exit_code == 0
    titles = [line for line in result.stdout.splitlines() if line.startswith("Map ")]
    assert titles == ["Map one (1 hold)", "Map two (2 holds)"]
    assert result.stdout.count("no such file") == 3
    assert run("reasons", "fine").output == ""


def test_analyze_prints_the_report_of_each_map(monkeypatch):
    """What is in a report needs a pool."""
    monkeypatch.setattr(Map, "analyze", lambda map_: f"report on {map_.tag}", raising=False)
    HandMade("a", "IDLE")
    HandMade("b", "IDLE")
    assert run("analyze", "--all").output == "report on a\nreport on b\n"

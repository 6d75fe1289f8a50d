"""htmap hold, release, pause, resume, vacate, edit, retag and rerun; there is no queue here."""

import pytest
from command import run
from hand_made import HandMade

import htmap
from htmap.exceptions import CannotRerunComponents, NoScheduler, SchedulerRefused
from htmap.maps import Map

ACTIONS = {
    "hold": "Held",
    "release": "Released",
    "pause": "Paused",
    "resume": "Resumed",
    "vacate": "Vacated",
}


@pytest.fixture(params=ACTIONS)
def action(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def acted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was done to which map."""
    acted: list[tuple[str, ...]] = []

    def record(name: str) -> None:
        def method(map_: Map, *arguments: object) -> None:
            acted.append((name, map_.tag, *map(str, arguments)))

        monkeypatch.setattr(Map, name, method, raising=False)

    for name in (*ACTIONS, "rerun", "set_memory", "set_disk"):
        record(name)
    return acted


def test_an_action_is_done_to_the_chosen_maps_and_said(action, acted):
    for tag in ("run-1", "run-2", "other"):
        HandMade(tag, "RUNNING")
    result = run(action, "-p", "run-*")
    assert result.exit_code == 0
    assert result.output == f"{ACTIONS[action]} map run-1\n{ACTIONS[action]} map run-2\n"
    assert acted == [(action, "run-1"), (action, "run-2")]
    assert run(action, given="other\n").stdout == f"{ACTIONS[action]} map other\n"


def test_a_map_without_jobs_is_told_to_have_none(action, acted):
    HandMade("done", "COMPLETED", "ERRORED")
    result = run(action, "done")
    assert (result.stdout, result.exit_code, acted) == ("", 0, [])
    assert result.stderr == "WARNING: map done has no jobs: all its components have ended\n"


@pytest.mark.parametrize("error", [NoScheduler, SchedulerRefused])
def test_a_schedd_that_cannot_be_had_is_told_once(action, error, monkeypatch):
    def refuse(map_: Map) -> None:
        asked.append(map_.tag)
        raise error("the schedd said no")

    asked: list[str] = []
    monkeypatch.setattr(Map, action, refuse, raising=False)
    HandMade("a", "RUNNING")
    HandMade("b", "RUNNING")
    result = run(action, "--all")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr == "ERROR: the schedd said no\n"
    assert asked == ["a"]


@pytest.mark.parametrize(
    ("arguments", "called", "said"),
    [
        ("memory a 512", ("set_memory", "a", "512"), "memory request for map a to 512 MB"),
        ("memory a 2 --unit GB", ("set_memory", "a", "2048"), "memory request for map a to 2 GB"),
        (
            "memory a 0.5 --unit gb",
            ("set_memory", "a", "512"),
            "memory request for map a to 0.5 GB",
        ),
        ("disk a 3", ("set_disk", "a", "3145728"), "disk request for map a to 3 GB"),
        ("disk a 20 --unit MB", ("set_disk", "a", "20480"), "disk request for map a to 20 MB"),
        ("disk -p a 7 --unit KB", ("set_disk", "a", "7"), "disk request for map a to 7 KB"),
    ],
)
def test_edit_sets_what_jobs_ask_for_in_the_unit_that_is_named(arguments, called, said, acted):
    HandMade("a", "IDLE")
    result = run("edit", *arguments.split())
    assert (result.output, result.exit_code) == (f"Set {said}\n", 0)
    assert acted == [called]


def test_edit_takes_tags_from_standard_input_as_the_others_do(acted):
    HandMade("a", "IDLE")
    HandMade("b", "IDLE")
    assert run("edit", "memory", "64", given="b a").exit_code == 0
    assert acted == [("set_memory", "b", "64"), ("set_memory", "a", "64")]


@pytest.mark.parametrize(
    "arguments", ["memory a 0", "memory a -5", "memory a much", "disk a 1 --unit TB"]
)
def test_edit_refuses_what_is_no_amount(arguments, acted):
    HandMade("a", "IDLE")
    assert run("edit", *arguments.split()).exit_code == 2
    assert acted == []


def test_an_amount_with_its_unit_in_it_is_called_no_number(acted):
    HandMade("a", "IDLE")
    assert "'200MB' is not a valid number" in run("edit", "memory", "a", "200MB").output


def test_retag_gives_another_tag_and_makes_a_map_one_to_keep():
    HandMade("quiet-amber-heron", "COMPLETED", transient=True)
    result = run("retag", "quiet-amber-heron", "books")
    assert (result.output, result.exit_code) == ("Retagged map quiet-amber-heron to books\n", 0)
    assert not htmap.load("books").is_transient


@pytest.mark.parametrize(
    ("new", "why"), [("b", "is taken"), ("a", "already"), ("no spaces", "contains ' '")]
)
def test_a_tag_that_cannot_be_had_is_an_error(new, why):
    HandMade("a", "COMPLETED")
    HandMade("b", "COMPLETED")
    result = run("retag", "a", new)
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr.startswith("ERROR: ")
    assert why in result.stderr
    assert htmap.get_tags() == ("a", "b")


def test_rerun_components_runs_those_that_are_named(acted):
    HandMade("a", "COMPLETED", "ERRORED", "ERRORED")
    result = run("rerun", "components", "a", "2", "0", "2")
    assert (result.output, result.exit_code) == ("Reran components 0, 2 of map a\n", 0)
    assert acted == [("rerun", "a", "[0, 2]")]


def test_rerun_components_runs_those_that_have_a_status(acted):
    HandMade("a", "COMPLETED", "ERRORED", "ERRORED")
    result = run("rerun", "components", "a", "--status", "errored")
    assert (result.output, result.exit_code) == ("Reran components 1, 2 of map a\n", 0)
    assert acted == [("rerun", "a", "[1, 2]")]
    result = run("rerun", "components", "a", "--status", "LOST")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert result.stderr == "WARNING: map a has no component that is LOST\n"


def test_rerun_components_of_none_says_how_to_name_them(acted):
    """It reran nothing, and said nothing (B25)."""
    HandMade("a", "COMPLETED")
    result = run("rerun", "components", "a")
    assert (result.stdout, result.exit_code, acted) == ("", 2, [])
    assert "No components are given" in result.stderr
    assert "`htmap rerun map a`" in result.stderr


@pytest.mark.parametrize("component", ["1", "7"])
def test_components_that_cannot_be_run_again_are_told_once_with_exit_status_1(component):
    """It said that they had been rerun all the same, and exited with 0 (B25)."""
    HandMade("a", "COMPLETED", "RUNNING")
    result = run("rerun", "components", "a", "0", component)
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr.count("ERROR: cannot rerun components") == 1


def test_rerun_map_sees_to_the_other_maps_when_one_has_not_ended(monkeypatch):
    """An unfinished map was a traceback (B25)."""
    HandMade("a", "RUNNING")
    HandMade("b", "COMPLETED")

    def rerun(map_: Map) -> None:
        if map_.tag == "a":
            raise CannotRerunComponents("cannot rerun components [0] of the map 'a'")

    monkeypatch.setattr(Map, "rerun", rerun)
    result = run("rerun", "map", "--all")
    assert (result.stdout, result.exit_code) == ("Reran map b\n", 1)
    assert result.stderr == "ERROR: cannot rerun components [0] of the map 'a'\n"

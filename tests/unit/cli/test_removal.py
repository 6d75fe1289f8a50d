"""htmap remove and htmap clean."""

import pytest
from command import Terminal, run
from hand_made import HandMade

import htmap
from htmap.exceptions import CorruptPack
from htmap.store import claims
from htmap.store.folder import MapFolder


@pytest.mark.usefixtures("no_jobs")
def test_remove_removes_the_chosen_maps():
    for tag in ("run-1", "run-2", "keep"):
        HandMade(tag, "COMPLETED")
    result = run("remove", "-p", "run-*")
    assert (result.output, result.exit_code) == ("Removed map run-1\nRemoved map run-2\n", 0)
    assert claims.list_tags() == ("keep",)


@pytest.mark.usefixtures("no_schedd")
def test_remove_without_a_schedd_removes_nothing_unless_forced():
    HandMade("a", "COMPLETED")
    result = run("remove", "a")
    assert result.exit_code == 1
    assert result.stderr == "ERROR: no HTCondor schedd answered\n"
    assert claims.list_tags() == ("a",)
    result = run("remove", "a", "--force")
    assert (result.output, result.exit_code) == ("Removed map a\n", 0)
    assert claims.list_tags() == ()


@pytest.mark.usefixtures("no_schedd")
def test_a_damaged_map_can_be_removed_by_force():
    made = HandMade("broken", "COMPLETED")
    (made.folder.path / "map.json").write_text("{")
    result = run("remove", "broken")
    assert result.exit_code == 1
    assert "`htmap remove --force broken` removes it" in result.stderr
    result = run("remove", "broken", "--force")
    assert (result.output, result.exit_code) == ("Removed map broken\n", 0)
    assert claims.list_tags() == ()
    assert not made.folder.path.exists()


@pytest.mark.parametrize(
    "arguments", [["remove", "--all"], ["remove", "-p", "*"], ["clean", "--all"]]
)
def test_removing_everything_asks_at_a_terminal(arguments):
    HandMade("a", "COMPLETED")
    HandMade("b", "COMPLETED")
    with Terminal(*arguments) as terminal:
        terminal.wait_for("Remove all maps (2) with their results? [y/N]:")
        terminal.type("n\n")
        assert terminal.exit_status() == 1
    assert claims.list_tags() == ("a", "b")


@pytest.mark.parametrize("answer", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
def test_leaving_the_question_open_removes_nothing(answer):
    HandMade("a", "COMPLETED")
    with Terminal("remove", "--all", "--force") as terminal:
        # With the space: before that, Python is not reading yet, and Ctrl-C would wait for a key.
        terminal.wait_for("[y/N]: ")
        terminal.type(answer)
        assert terminal.exit_status() == 130
    assert claims.list_tags() == ("a",)
    assert "Traceback" not in terminal.shown


@pytest.mark.parametrize("arguments", [["--yes"], ["-y"]])
def test_yes_answers_before_it_is_asked(arguments):
    HandMade("a", "COMPLETED")
    with Terminal("remove", "--all", "--force", *arguments) as terminal:
        assert terminal.exit_status() == 0
    assert "Removed map a" in terminal.shown
    assert claims.list_tags() == ()


@pytest.mark.usefixtures("no_jobs")
def test_scripts_are_not_asked():
    HandMade("a", "COMPLETED")
    result = run("remove", "--all")
    assert (result.output, result.exit_code) == ("Removed map a\n", 0)


def test_a_map_that_is_named_is_removed_unasked():
    HandMade("a", "COMPLETED")
    with Terminal("remove", "a", "--force") as terminal:
        assert terminal.exit_status() == 0
    assert claims.list_tags() == ()


@pytest.mark.usefixtures("no_jobs")
def test_clean_removes_transient_maps():
    HandMade("keep", "COMPLETED")
    HandMade("one", "COMPLETED", transient=True)
    HandMade("two", "COMPLETED", transient=True)
    assert run("clean").output == "Cleaned maps one, two\n"
    assert run("clean").output == "There is nothing to clean\n"
    assert claims.list_tags() == ("keep",)


@pytest.mark.usefixtures("no_jobs")
def test_clean_goes_on_past_a_damaged_map_and_tells_of_it():
    for tag in ("one", "two", "three"):
        HandMade(tag, "COMPLETED", transient=True)
    HandMade("keep", "COMPLETED")
    for tag in ("one", "keep"):
        (MapFolder(claims.find(tag)).path / "map.json").write_text("{")
    result = run("clean")
    assert (result.stdout, result.exit_code) == ("Cleaned maps three, two\n", 1)
    assert result.stderr.startswith("ERROR: map one: ")
    assert "`htmap remove --force one` removes it" in result.stderr
    assert "keep" not in result.stderr
    with pytest.raises(CorruptPack):
        htmap.clean()
    assert claims.list_tags() == ("keep", "one")


@pytest.mark.usefixtures("no_jobs")
def test_clean_all_removes_every_map():
    HandMade("keep", "COMPLETED")
    HandMade("one", "COMPLETED", transient=True)
    assert run("clean", "--all").output == "Cleaned maps keep, one\n"
    assert claims.list_tags() == ()

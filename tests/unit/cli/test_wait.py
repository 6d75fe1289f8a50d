"""htmap wait."""

import signal
import subprocess

import pytest
from command import COMMAND, Terminal, run
from hand_made import HandMade

from htmap.store import claims


def test_wait_ends_well_when_all_are_completed():
    HandMade("a", "COMPLETED", "COMPLETED")
    HandMade("b", "COMPLETED")
    result = run("wait", "--all")
    assert (result.output, result.exit_code) == ("", 0)


@pytest.mark.parametrize("status", ["ERRORED", "REMOVED", "HELD"])
def test_wait_ends_with_1_when_a_component_cannot_go_on(status):
    """It waited for ever (B25)."""
    HandMade("good", "COMPLETED")
    HandMade("bad", "COMPLETED", status)
    result = run("wait", "--all")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"ERROR: map bad: of 2 components 1 {status}.")
    assert ("no such file" in result.stderr) is (status == "HELD")


def test_wait_says_what_it_waits_for_and_ends_with_the_last_component():
    first, second = HandMade("first", "RUNNING", "COMPLETED"), HandMade("second", "IDLE")
    process = subprocess.Popen([*COMMAND, "wait", "--all"], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "Waiting for map first: 1 RUNNING, 1 COMPLETED\n"
    assert process.stderr.readline() == "Waiting for map second: 1 IDLE\n"
    second.complete(0)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    first.complete(0)
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


def test_wait_goes_on_past_a_failure_until_the_others_have_ended():
    made = HandMade("a", "ERRORED", "RUNNING")
    process = subprocess.Popen([*COMMAND, "wait", "a"], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "Waiting for map a: 1 RUNNING, 1 ERRORED\n"
    made.complete(1)
    assert process.wait(timeout=30) == 1
    assert "of 2 components 1 ERRORED." in process.stderr.read()
    process.stderr.close()


def test_wait_for_too_long_is_an_error():
    HandMade("a", "IDLE", "COMPLETED")
    result = run("wait", "a", "--timeout", "0.1")
    assert result.exit_code == 1
    assert "ERROR: after 0.1 s there are components that go on (map a: 1 IDLE" in result.stderr


def test_wait_ends_when_the_map_is_removed_by_another_process():
    made = HandMade("a", "RUNNING")
    process = subprocess.Popen([*COMMAND, "wait", "a"], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "Waiting for map a: 1 RUNNING\n"
    claims.release("a", made.folder.map_id)
    made.folder.remove()
    assert process.wait(timeout=30) == 1
    assert process.stderr.read() == "ERROR: map a was removed\n"
    process.stderr.close()


def test_wait_draws_a_bar_for_each_map_at_a_terminal():
    made = HandMade("a", "COMPLETED", "RUNNING")
    HandMade("b", "COMPLETED")
    with Terminal("wait", "--all") as terminal:
        terminal.wait_for("1/2")
        terminal.wait_for("1/1")
        made.complete(1)
        terminal.wait_for("2/2")
        assert terminal.exit_status() == 0
    assert f"\x1b[32m{'█' * 20}\x1b[0m\x1b[36m{'█' * 20}" in terminal.shown


def test_ctrl_c_is_quiet_and_130():
    HandMade("a", "RUNNING")
    process = subprocess.Popen([*COMMAND, "wait", "a"], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "Waiting for map a: 1 RUNNING\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert process.stderr.read() == ""
    process.stderr.close()

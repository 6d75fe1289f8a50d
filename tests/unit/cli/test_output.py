"""htmap errors, htmap stdout and htmap stderr."""

import subprocess

import pytest
from command import COMMAND, run
from hand_made import HandMade


def test_errors_prints_the_report_of_each_failure():
    HandMade("a", "ERRORED", "COMPLETED", "ERRORED")
    result = run("errors", "a")
    assert result.exit_code == 0
    assert "ValueError: bad 0" in result.stdout
    assert "ValueError: bad 2" in result.stdout
    assert result.stdout.count("Start error report") == 2


@pytest.mark.parametrize(("limit", "reports"), [("0", 4), ("1", 1), ("3", 3), ("9", 4)])
def test_errors_prints_at_most_as_many_reports_as_asked_for(limit, reports):
    HandMade("a", "ERRORED", "ERRORED")
    HandMade("b", "ERRORED", "ERRORED")
    result = run("errors", "--all", "--limit", limit)
    assert result.stdout.count("Start error report") == reports


@pytest.mark.parametrize(
    ("command", "text"), [("stdout", "hello from 1\n"), ("stderr", "warned by 1")]
)
def test_the_streams_of_a_component_are_printed_as_they_are(command, text):
    HandMade("a", "COMPLETED", "COMPLETED")
    result = run(command, "a", "1")
    assert (result.stdout, result.stderr, result.exit_code) == (text, "", 0)


@pytest.mark.parametrize("command", ["stdout", "stderr"])
@pytest.mark.parametrize(("timeout", "why"), [("0", "has no output yet"), ("0.1", "did not come")])
def test_a_stream_that_does_not_come_in_time_is_an_error(command, timeout, why):
    HandMade("a", "RUNNING")
    result = run(command, "a", "0", "--timeout", timeout)
    assert result.exit_code == 1
    assert why in result.stderr
    assert "ERROR: " in result.stderr


def test_stdout_of_a_running_component_is_waited_for():
    made = HandMade("a", "RUNNING")
    process = subprocess.Popen(
        [*COMMAND, "stdout", "a", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr.readline() == "Waiting for component 0 to end ...\n"
    made.complete(0)
    assert process.communicate(timeout=30) == ("hello from 0\n", "")


@pytest.mark.parametrize("command", ["stdout", "stderr"])
def test_a_stream_of_a_held_component_is_told_to_be_unfinished(command):
    HandMade("a", "COMPLETED", "HELD")
    result = run(command, "a", "1")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr == "ERROR: component 1 is held, and has not ended: no such file\n"


def test_a_component_that_is_not_there_is_an_error():
    HandMade("a", "COMPLETED")
    result = run("stdout", "a", "7")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: the map 'a' has no component 7")

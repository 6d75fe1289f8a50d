"""Reports of failures: written on the node whatever the user's objects do, read anywhere."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from htmap.errors import ComponentError
from htmap.execute import reports


class Unreadable:
    def __repr__(self):
        raise SystemExit("repr")

    __str__ = __repr__


class NotText:
    def __repr__(self):
        return 5


def caught(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def described(function, *args):
    """A report as it arrives: through JSON."""
    return json.loads(json.dumps(reports.describe(caught(function, *args))))


def text(report):
    return ComponentError.from_report(SimpleNamespace(tag="m"), 3, report).report()


def fail(x):
    local = [x] * 2  # noqa: F841
    raise ValueError(f"no {x}")


def test_a_report_tells_type_message_line_and_local_variables():
    report = described(fail, "good")

    assert report["exception"]["type"] == "ValueError"
    assert report["exception"]["message"] == "no good"
    frame = report["exception"]["frames"][-1]
    assert (frame["function"], frame["file"]) == ("fail", __file__)
    assert frame["code"] == 'raise ValueError(f"no {x}")'
    assert frame["locals"] == {"x": "'good'", "local": "['good', 'good']"}
    assert report["node"].keys() == {"host", "address", "time"}
    assert report["python"]["version"] == "{}.{}.{}".format(*sys.version_info[:3])
    shown = text(report)
    for words in ("component 3 of map m", "ValueError: no good", "local = ['good', 'good']"):
        assert words in shown
    assert shown.splitlines()[0].startswith("==")


@pytest.mark.parametrize("thing", [Unreadable(), NotText(), [Unreadable()], {"a": Unreadable()}])
def test_a_local_variable_that_cannot_be_shown_is_said_not_to_be(thing):
    def hold(value):
        raise ValueError("beside it")

    shown = described(hold, thing)["exception"]["frames"][-1]["locals"]["value"]

    assert shown.startswith("<repr of")
    assert "raised" in shown


def test_large_values_are_shortened_before_they_become_text():
    for value in ("x" * 10**7, [0] * 10**6, {i: i for i in range(10**5)}, b"x" * 10**7):
        assert len(reports.safe_repr(value)) <= 200


def test_an_exception_whose_text_fails_is_described_all_the_same():
    class Unspeakable(Exception):
        __str__ = Unreadable.__str__

    def speak():
        raise Unspeakable

    report = described(speak)

    assert report["exception"]["message"] == "<str of Unspeakable raised SystemExit>"
    assert "Unspeakable" in text(report)


def test_causes_and_contexts_are_told_in_python_s_order():
    def chain():
        try:
            try:
                fail("a")
            except ValueError as error:
                raise KeyError("b") from error
        except KeyError:
            raise TypeError("c")  # noqa: B904

    shown = text(described(chain))

    order = [
        "ValueError: no a",
        "direct cause",
        "KeyError: 'b'",
        "During handling",
        "TypeError: c",
    ]
    places = [shown.index(words) for words in order]
    assert places == sorted(places)


def test_a_chain_that_bites_its_tail_ends():
    def bite():
        first, second = ValueError("first"), ValueError("second")
        first.__cause__, second.__cause__ = second, first
        raise first

    assert "first" in text(described(bite))


def test_a_suppressed_context_is_not_told():
    def suppress():
        try:
            fail("hidden")
        except ValueError:
            raise KeyError("shown") from None

    assert "hidden" not in text(described(suppress))


def test_an_endless_recursion_is_told_in_few_lines():
    def recurse(n):
        return recurse(n + 1)

    report = described(recurse, 0)

    assert len(report["exception"]["frames"]) == 40
    assert report["exception"]["frames_left_out"] > 500
    shown = text(report)
    assert "more times" in shown
    assert "left out" in shown


def test_notes_of_an_exception_are_told():
    def note():
        error = ValueError("noted")
        error.__notes__ = ["look here", Unreadable()]
        raise error

    shown = text(described(note))
    assert "look here" in shown
    assert "repr of Unreadable" in shown


def test_lone_surrogates_and_line_ends_survive_the_journey():
    assert "\udc80" in text(described(fail, "\udc80"))
    assert "a\n" in described(fail, "a\nb")["exception"]["message"]


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ((0, None, "", False, None, ""), "exit status 0"),
        ((7, None, "", False, None, "the last line\n"), "the last line"),
        ((None, 9, "", False, None, ""), "signal 9 (SIGKILL)"),
        ((None, 200, "", False, None, ""), "signal 200 (unknown)"),
        ((None, None, "via condor_rm", False, None, ""), "via condor_rm"),
        ((None, None, "the queue is new", True, None, ""), "the queue is new"),
        ((None, None, "the queue is new", True, None, "the last line\n"), "the last line"),
    ],
)
def test_a_process_that_left_no_report_is_described_by_how_it_ended(ending, words):
    error = ComponentError.from_ending(SimpleNamespace(tag="m"), 3, *ending)

    assert words in error.report()
    assert error.component == 3


@pytest.mark.parametrize("component", [3, 4, 5])
def test_only_the_component_that_was_running_is_blamed_for_the_end_of_a_job_of_several(component):
    ending = (None, 9, "", False, 4, "")
    error = ComponentError.from_ending(SimpleNamespace(tag="m"), component, *ending)

    assert "signal 9 (SIGKILL)" in error.exception_msg
    blamed = "ended before it was run, while component 4 was" not in error.exception_msg
    assert blamed == (component == 4)
    assert ("run it again" in error.report()) == (not blamed)


def test_a_broken_installation_on_the_node_does_not_hide_the_failure(monkeypatch):
    from importlib import metadata

    monkeypatch.setattr(metadata, "distributions", lambda: 1 / 0)

    assert reports.packages() == []


def test_making_a_report_looks_up_no_name():
    # A node without an answering resolver would take minutes.
    code = (
        "import socket; socket.getaddrinfo = socket.gethostbyname = socket.getfqdn = None\n"
        "from htmap.execute import reports\n"
        "print(reports.describe(ValueError('x'))['exception']['message'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "x\n", done.stderr

"""What IPython shows of a component that failed."""

import json
import pickle
import re
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from htmap.errors import ComponentError
from htmap.exceptions import MapComponentError, MapComponentHeld, OutputCannotBeLoaded
from htmap.execute import reports

CELL = """def inner(x):
    secret = {"of": x}
    return 1 / x

def outer(x):
    try:
        inner(x)
    except ZeroDivisionError as error:
        raise KeyError("outer") from error
"""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def shell():
    """An IPython of which no file is written."""
    config = Config({"HistoryManager": {"enabled": False}})
    yield InteractiveShell.instance(config=config, colors="neutral")
    InteractiveShell.clear_instance()


def failure(error, **about):
    """The exception of a component whose function raised `error`, with the report of a node."""
    report = json.loads(json.dumps(reports.describe(error)))
    known = ComponentError.from_report(SimpleNamespace(tag="books"), 3, report)
    about = {"tag": "books", "component": 3, "advice": "Run it again with Map.rerun([3])", **about}
    return MapComponentError("it ended", report=known.report(), component_error=known, **about)


def raised(function, *args):
    try:
        function(*args)
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def shown(shell, capsys, error):
    """What IPython prints when a cell raises `error`."""
    shell.user_ns["error"] = error
    shell.run_cell("def check():\n    raise error\ncheck()", store_history=True)
    return capsys.readouterr().out


def test_a_cell_shows_the_lines_and_locals_of_the_node_and_none_of_htmap(shell, capsys):
    shell.run_cell(CELL, store_history=True)
    coloured = shown(shell, capsys, failure(raised(shell.user_ns["inner"], 0)))
    text = ESCAPE.sub("", coloured)

    assert coloured != text
    assert text.startswith("-" * 75 + "\nMapComponentError ")
    assert "Cell In[2], line 2, in check\n      1 def check():\n----> 2     raise error\n" in text
    assert "Component 3 of the map 'books' on " in text
    assert (
        "Cell In[1], line 3, in inner\n"
        "      1 def inner(x):\n"
        '      2     secret = {"of": x}\n'
        "----> 3     return 1 / x\n"
        "        x = 0\n"
        "        secret = {'of': 0}\n"
        "\nZeroDivisionError: division by zero\n"
    ) in text
    assert "Run it again with Map.rerun([3])" in text
    assert "/htmap/" not in text


def test_what_an_exception_came_from_is_shown_before_it(shell, capsys):
    shell.run_cell(CELL, store_history=True)
    text = ESCAPE.sub("", shown(shell, capsys, failure(raised(shell.user_ns["outer"], 0))))

    first, words, second = text.partition("direct cause of the following exception:")
    assert words
    assert "ZeroDivisionError: division by zero" in first
    assert "----> 7         inner(x)" in first
    assert "----> 9         raise KeyError" in second
    assert "KeyError: 'outer'" in second


def test_no_colours_are_used_where_ipython_has_none(shell, capsys):
    shell.colors = "nocolor"
    text = shown(shell, capsys, failure(ValueError("bad")))

    assert ESCAPE.sub("", text) == text
    assert "ValueError: bad" in text


def test_of_an_endless_recursion_only_the_ends_are_shown(shell, capsys):
    def again(n):
        return again(n + 1)

    text = ESCAPE.sub("", shown(shell, capsys, failure(raised(again, 0))))

    assert text.count(", in again\n") == 7
    assert re.search(r"\[\.\.\. \d{3} frames in the middle are left out\]", text)


def test_a_line_of_which_there_is_no_source_here_is_shown_as_the_node_had_it(shell, capsys):
    error = failure(raised(reports.safe_repr))
    frame = {"file": "/on/the/node.py", "line": 7, "function": "f", "code": "g(1)", "locals": {}}
    error.component_error.exception["frames"] = [frame]

    text = ESCAPE.sub("", shown(shell, capsys, error))

    assert "File /on/the/node.py:7, in f\n----> 7 g(1)\n" in text


def test_a_component_without_an_exception_is_shown_by_how_it_ended(shell, capsys):
    books = SimpleNamespace(tag="books")
    known = ComponentError.from_ending(books, 3, None, 9, "", False, None, "out of memory")
    error = MapComponentError("it ended", component_error=known, advice="Run it again")

    text = ESCAPE.sub("", shown(shell, capsys, error))

    assert "MapComponentError: The process was killed by signal 9 (SIGKILL)" in text
    assert "out of memory" in text
    assert (error.frames, error.locals) == ([], {})


def test_a_component_that_is_held_is_shown_by_its_message(shell, capsys):
    text = ESCAPE.sub("", shown(shell, capsys, MapComponentHeld("component 3 is held: no file")))

    assert "MapComponentHeld: component 3 is held: no file" in text
    assert "in check" in text


def test_a_result_that_cannot_be_loaded_is_shown_with_what_kept_it(shell, capsys):
    error = OutputCannotBeLoaded("the result cannot be unpickled here")
    error.__cause__ = ModuleNotFoundError("No module named 'gone'")

    text = ESCAPE.sub("", shown(shell, capsys, error))

    assert "No module named 'gone'" in text
    assert "the result cannot be unpickled here" in text


def test_the_exception_has_the_frames_and_the_locals_also_after_a_pickle():
    def fails(x):
        raise ValueError(x)

    error = failure(raised(fails, 5))
    sent = pickle.loads(pickle.dumps(error))

    for each in (error, sent):
        assert each.frames[-1].function == "fails"
        assert each.locals == {"x": "5"}
        assert each.component_error.map.tag == "books"
        assert each.advice == "Run it again with Map.rerun([3])"
    assert sent.component_error.report() == error.report


def test_an_exception_is_not_known_by_the_module_that_it_is_written_in():
    assert MapComponentError.__module__ == "htmap.exceptions"
    assert pickle.loads(pickle.dumps(MapComponentError)) is MapComponentError

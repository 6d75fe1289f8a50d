"""The exceptions that a user can meet."""

import builtins
import pickle
import re

import pytest

from htmap import exceptions
from htmap.exceptions import HTMapException

ALL = [getattr(exceptions, name) for name in exceptions.__all__]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_exception_derives_from_the_base(kind):
    assert issubclass(kind, HTMapException)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_exception_carries_what_it_is_about_through_a_pickle(kind):
    sent = pickle.loads(pickle.dumps(kind("it broke", tag="books", component=3, path="/tmp/a")))

    assert type(sent) is kind
    assert str(sent) == "it broke"
    assert (sent.tag, sent.component, sent.path) == ("books", 3, "/tmp/a")


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_exception_without_a_message_is_empty_text_about_nothing(kind):
    error = kind()

    assert str(error) == ""
    assert (error.tag, error.component, error.path) == (None, None, None)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_a_message_is_shown_as_it_was_written(kind):
    assert str(kind("two\nlines and a 'quote'")) == "two\nlines and a 'quote'"


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (exceptions.TimeoutError, builtins.TimeoutError),
        (exceptions.NoSuchComponent, IndexError),
        (exceptions.OutputNotFound, KeyError),
        (exceptions.TagNotFound, KeyError),
        (exceptions.MissingSetting, KeyError),
        (exceptions.InvalidTag, ValueError),
        (exceptions.TagAlreadyExists, ValueError),
        (exceptions.EmptyMap, ValueError),
        (exceptions.ReservedOptionKeyword, ValueError),
        (exceptions.MisalignedInputData, ValueError),
        (exceptions.InvalidMapOption, ValueError),
        (exceptions.InvalidSettings, ValueError),
        (exceptions.CannotPickle, TypeError),
        (exceptions.NoScheduler, ConnectionError),
        (exceptions.SchedulerRefused, PermissionError),
    ],
)
def test_an_exception_is_caught_as_the_builtin_that_fits_it(kind, builtin):
    with pytest.raises(builtin, match="it broke"):
        raise kind("it broke")


def test_old_names_of_the_exceptions_are_all_there():
    old = """
        TimeoutError MissingSetting OutputNotFound NoMapYet TagAlreadyExists InvalidTag TagNotFound
        EmptyMap ReservedOptionKeyword MisalignedInputData CannotRetagMap CannotRerunComponents
        MapWasRemoved UnknownPythonDeliveryMethod InvalidOutputStatus MapComponentError
        MapComponentHeld ExpectedError CannotTransplantPython InsufficientHTCondorVersion
        CorruptEventLog
    """

    assert set(old.split()) <= set(exceptions.__all__)


@pytest.mark.parametrize(
    ("error", "attribute", "value"),
    [
        (exceptions.MapComponentError("it broke", report="line 1"), "report", "line 1"),
        (exceptions.MapComponentRemoved("it broke", report="line 1"), "report", "line 1"),
        (exceptions.MapComponentHeld("it waits", hold=(12, "no file")), "hold", (12, "no file")),
        (exceptions.CannotPickle("it cannot", where="a lock"), "where", "a lock"),
        (exceptions.NoScheduler("it is down", address="ap:9618"), "address", "ap:9618"),
        (exceptions.SchedulerRefused("not you", identity="alice@ap"), "identity", "alice@ap"),
    ],
)
def test_what_only_one_exception_has_survives_a_pickle(error, attribute, value):
    assert getattr(error, attribute) == value
    assert getattr(pickle.loads(pickle.dumps(error)), attribute) == value


def test_the_tree_in_the_documentation_is_the_tree_of_the_classes():
    """Indentation stands for the base among ours, parentheses for the built-in one."""
    parents = {0: "HTMapException"}
    drawn = {}
    for indent, name, others in re.findall(
        r"^ {6}( *)· (\w+)(?: +\(([\w, ]+)\))?$", exceptions.__doc__, re.MULTILINE
    ):
        level = len(indent) // 4
        parents[level + 1] = name
        drawn[name] = (parents[level], others)

    actual = {}
    for kind in ALL:
        if kind is HTMapException:
            continue
        ours, *others = kind.__bases__
        actual[kind.__name__] = (ours.__name__, ", ".join(other.__name__ for other in others))

    assert drawn == actual

"""Pickling on the submit side: what can travel does, and what cannot is named with its place."""

import functools
import pickle
import threading

import cloudpickle
import pytest

from htmap.exceptions import CannotPickle
from htmap.execute.versions import is_portable
from htmap.store import pickles

LOCK = threading.Lock()


def uses_global(x):
    return LOCK, x


class Holder:
    def __init__(self):
        self.deep = {"list": [1, LOCK]}

    def method(self):
        return self


def culprit(value):
    with pytest.raises(CannotPickle) as caught:
        pickles.dumps(value, "the thing")
    return caught.value


def closure():
    lock = threading.Lock()
    return lambda x: (lock, x)


@pytest.fixture
def by_value():
    """This module's functions are sent by value, as those of a notebook are."""
    import sys

    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)
    yield
    cloudpickle.unregister_pickle_by_value(module)


def test_what_pickle_can_send_by_name_is_portable():
    data = pickles.dumps(len, "the function len")

    assert pickle.loads(data) is len
    assert is_portable(data)


def test_what_only_cloudpickle_can_send_is_not_portable():
    data = pickles.dumps(lambda x: 2 * x, "a function")

    assert pickle.loads(data)(4) == 8
    assert not is_portable(data)


def test_a_module_that_was_registered_is_sent_by_value(by_value):
    assert not is_portable(pickles.dumps(culprit, "a function"))


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (LOCK, "the thing"),
        ([0, (1, LOCK)], "the thing[1][1]"),
        ({"key": {"inner": LOCK}}, "the thing['key']['inner']"),
        (Holder(), "the thing.deep['list'][1]"),
        (Holder().method, "the thing.__self__.deep['list'][1]"),
        (closure(), "the enclosed variable 'lock' of the thing"),
        (functools.partial(max, LOCK), "the argument 0 of the thing"),
        (functools.partial(max, key=LOCK), "the keyword argument 'key' of the thing"),
    ],
    ids=["itself", "list", "dict", "attribute", "method", "closure", "partial", "keyword"],
)
def test_the_object_at_fault_is_named_with_what_leads_to_it(value, where):
    error = culprit(value)

    assert error.where == where
    assert where in str(error)
    assert "lock" in str(error)


def test_a_global_variable_at_fault_is_named(by_value):
    assert culprit(uses_global).where == "the global variable 'LOCK' of the thing"


def test_an_object_that_cannot_be_shown_is_named_all_the_same():
    class Unreadable:
        def __repr__(self):
            raise ValueError

        def __reduce__(self):
            raise TypeError("never")

    assert "repr of Unreadable raised ValueError" in str(culprit([Unreadable()]))


def test_a_list_that_holds_itself_is_no_trap():
    endless = [LOCK]
    endless.insert(0, endless)

    assert "lock" in str(culprit(endless))

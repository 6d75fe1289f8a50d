"""What is kept of how long a function took, and by what it is found again."""

import functools
import operator

import pytest

import htmap
from htmap.store import timings
from htmap.store.directory import open_root
from htmap.store.timings import Timing, fingerprint


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))
    open_root()


def typed(source, name="f"):
    """A function as a notebook defines it: each time in a file of another name."""
    typed.cells += 1
    namespace = {}
    exec(compile("\n" * typed.cells + source, f"<cell {typed.cells}>", "exec"), namespace)
    return namespace[name]


typed.cells = 0


@pytest.mark.parametrize(
    "source",
    [
        "f = lambda x: 2 * x",
        "def f(x):\n    return sorted(x, key=lambda each: each in {'a', 'b', 'c'})",
        "class A:\n    def __call__(self, x):\n        return x\nf = A()",
        "class A:\n    def m(self, x):\n        return x\nf = A().m",
    ],
)
def test_a_cell_that_is_run_again_defines_the_same_function(source):
    assert fingerprint(typed(source)) == fingerprint(typed(source)) is not None


def test_functions_that_do_something_else_are_others():
    functions = [
        typed("f = lambda x: 2 * x"),
        typed("f = lambda x: 3 * x"),
        typed("f = lambda x: x.a"),
        typed("f = lambda x: x.b"),
        typed("def f(x):\n    return 2 * x"),
        typed("def f(x):\n    return (lambda y: 2 * y)(x)"),
        typed("def f(x):\n    return (lambda y: 3 * y)(x)"),
        operator.add,
        operator.mul,
        len,
        dict,
        list,
    ]
    assert len({fingerprint(function) for function in functions}) == len(functions)


def test_what_a_decorator_wraps_tells_functions_apart():
    def decorated(function):
        def wrapper(x):
            return function(x)

        return wrapper

    assert fingerprint(decorated(len)) != fingerprint(decorated(abs))
    assert fingerprint(decorated(len)) == fingerprint(decorated(len))


def test_a_partial_and_a_mapped_function_are_what_they_call():
    assert fingerprint(functools.partial(pow, 2)) == fingerprint(pow)
    assert fingerprint(htmap.mapped(pow)) == fingerprint(pow)


def test_a_function_that_refers_to_itself_has_one():
    def f(x):
        return f(x - 1) if x else 0

    assert fingerprint(f)


def test_what_was_recorded_is_found_again():
    timings.record("a" * 32, Timing(4, 2.0, 1.0))

    found = timings.recorded("a" * 32)
    assert (found, found.mean) == (Timing(4, 2.0, 1.0), 0.5)
    assert timings.recorded("b" * 32) is None


def test_nothing_is_recorded_of_nothing():
    timings.record(None, Timing(4, 2.0, 1.0))
    timings.record("a" * 32, Timing())

    assert timings.recorded(None) is None
    assert timings.recorded("a" * 32) is None


@pytest.mark.parametrize("text", ["", "{", "[1]", '["a", 1, 2]', "[0, 0, 0]", "[1, -5, 1]", "null"])
def test_what_is_damaged_is_as_if_it_were_not_known(tmp_path, text):
    timings.record("a" * 32, Timing(4, 2.0, 1.0))
    (tmp_path / "htmap" / "timings" / ("a" * 32)).write_text(text)

    assert timings.recorded("a" * 32) is None

"""Parameter scans: which components they are of, and what they refuse."""

import itertools
import math

import numpy as np
import pytest

import htmap
from htmap.exceptions import InvalidArgument


def model(a, b=0, *, c=0):
    return a, b, c


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))
    return tmp_path / "htmap"


@pytest.fixture
def inputs(monkeypatch):
    """What a scan would make a map of: returned in the map's place, taken one after another."""

    def create_map(tag, func, inputs, *_):
        return (kwargs for args, kwargs in inputs if args == ())

    monkeypatch.setattr("htmap.scans.create_map", create_map)


def refused(match, scan, *args, **parameters):
    with pytest.raises(InvalidArgument, match=match) as raised:
        scan(*args, **parameters)
    assert isinstance(raised.value, ValueError)


# ---- grid -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("inputs")
def test_a_grid_is_every_combination_in_the_order_of_nested_loops():
    points = list(htmap.grid(model, a=[1, 2], b=(x for x in "xy"), constants={"c": 9}))

    assert points == [{"a": a, "b": b, "c": 9} for a, b in itertools.product([1, 2], "xy")]


@pytest.mark.usefixtures("inputs")
def test_a_grid_takes_those_for_which_where_is_true_and_asks_by_name():
    points = htmap.grid(
        model, a=range(4), b=range(4), constants={"c": 1}, where=lambda b, a: a + b == 3
    )
    assert [(p["a"], p["b"]) for p in points] == [(0, 3), (1, 2), (2, 1), (3, 0)]


@pytest.mark.usefixtures("inputs")
def test_where_may_take_all_parameters_whatever_their_names():
    points = htmap.grid(model, a=[1, 2], b=[5], where=lambda **point: point == {"a": 2, "b": 5})
    assert list(points) == [{"a": 2, "b": 5}]


@pytest.mark.usefixtures("inputs")
def test_a_grid_of_a_billion_is_not_made_at_once():
    points = htmap.grid(model, a=range(100_000), b=range(10_000))
    assert next(points) == {"a": 0, "b": 0}
    assert next(points) == {"a": 0, "b": 1}


@pytest.mark.usefixtures("inputs")
def test_parameters_of_the_same_name_as_those_of_grid_are_given_apart():
    def tagged(func, tag, where=None):
        pass

    points = htmap.grid(tagged, func=[1], parameters={"tag": ["x", "y"]})
    assert [point["tag"] for point in points] == ["x", "y"]


@pytest.mark.parametrize("scan", [htmap.grid, htmap.zipped])
def test_what_is_no_list_of_values_is_refused_before_anything_is_written(scan, htmap_dir):
    refused("'a' is 'abc'.*letters", scan, model, a="abc")
    refused("'a' is b'abc'", scan, model, a=b"abc")
    refused(r"'a' is 5, which is no list.*constants=\{'a'", scan, model, a=5)
    refused("no parameters to scan", scan, model)
    refused("no parameters to scan", scan, model, constants={"a": 1})
    assert not htmap_dir.exists()


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"a": [1], "alpa": [2]}, r"model has no parameter 'alpa'.*model\(a, b=0, \*, c=0\)"),
        ({"a": [1], "constants": {"bb": 2}}, "no parameter 'bb': did you mean 'b'"),
        ({"b": [1]}, "model needs the parameter 'a'"),
        ({"a": [1], "constants": {"a": 2}}, "'a' is scanned and a constant"),
        ({"a": [1], "parameters": {"a": [2]}}, "'a' is given twice"),
        ({"a": [1], "constants": [1]}, r"constants is \[1\]: it has to be a dict"),
        ({"a": [1], "parameters": {1: [2]}}, "it has to be a dict of parameters by name"),
        ({"a": [1], "where": 5}, "where is 5"),
        ({"a": [1], "where": lambda bee: True}, "where takes 'bee', which is no parameter"),
        ({"a": []}, "'a' has no values"),
        ({"a": (x for x in ())}, "'a' has no values"),
    ],
)
def test_a_grid_that_cannot_be_is_refused_before_anything_is_written(parameters, match, htmap_dir):
    refused(match, htmap.grid, model, **parameters)
    assert not htmap_dir.exists()


def test_what_is_no_function_or_takes_its_parameters_by_position_only_is_refused():
    refused("needs a function to run, and got 5", htmap.grid, 5, a=[1])
    refused("by position only.*lambda x: ", htmap.grid, lambda x, /, y: x, y=[1])


@pytest.mark.usefixtures("inputs")
def test_a_function_that_takes_any_parameter_or_does_not_tell_is_given_them():
    assert list(htmap.grid(lambda **more: more, anything=[1])) == [{"anything": 1}]
    assert list(htmap.grid(dict, anything=[1])) == [{"anything": 1}]
    assert list(htmap.grid(htmap.mapped(model), a=[1])) == [{"a": 1}]


# ---- zipped ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("inputs")
def test_zipped_takes_the_first_values_then_the_second_ones_without_listing_them():
    points = htmap.zipped(model, a=itertools.count(), b=itertools.count(10), constants={"c": 1})
    assert list(itertools.islice(points, 2)) == [
        {"a": 0, "b": 10, "c": 1},
        {"a": 1, "b": 11, "c": 1},
    ]


def test_zipped_refuses_different_numbers_of_values(htmap_dir):
    refused("2 of 'a', 3 of 'b'", htmap.zipped, model, a=[1, 2], b=[1, 2, 3])
    assert not htmap_dir.exists()


@pytest.mark.usefixtures("inputs")
def test_zipped_refuses_different_numbers_of_values_that_it_sees_only_at_their_end():
    refused("'a' has 2, 'b' has more", lambda: list(htmap.zipped(model, a=iter("xy"), b=[1, 2, 3])))


# ---- sampled --------------------------------------------------------------------------------


class Normal:
    """What scipy's distributions have."""

    def rvs(self, size, random_state):
        return random_state.normal(size=size)


@pytest.mark.usefixtures("inputs")
def test_samples_are_of_their_distributions_and_the_same_for_the_same_seed():
    def scan(seed, **more):
        return list(htmap.sampled(model, 2500, seed=seed, a=(0.0, 1), b=(1, 3), c=Normal(), **more))

    points = scan(1)
    assert len(points) == 2500
    assert all(0 <= point["a"] <= 1 for point in points)
    assert {point["b"] for point in points} == {1, 2, 3}
    assert abs(sum(point["c"] for point in points) / 2500) < 0.1
    assert len({point["c"] for point in points}) == 2500
    assert {type(value) for value in points[0].values()} == {float, int}
    assert scan(1) == points
    assert scan(2) != points
    assert scan(None) != scan(None)


@pytest.mark.usefixtures("inputs")
def test_samples_of_a_parameter_do_not_depend_on_the_others():
    alone = htmap.sampled(model, 5, seed=1, a=(0.0, 1.0))
    together = htmap.sampled(model, 5, seed=1, b=[1, 2], a=(0.0, 1.0))
    assert [point["a"] for point in alone] == [point["a"] for point in together]


@pytest.mark.usefixtures("inputs")
@pytest.mark.parametrize("choices", [["x", "y"], ("x", "y", "x"), np.array(["x", "y"])])
def test_samples_of_choices_are_some_of_them(choices):
    points = htmap.sampled(model, 100, a=choices)
    assert {str(point["a"]) for point in points} == {"x", "y"}


@pytest.mark.usefixtures("inputs")
def test_where_takes_some_of_the_samples():
    points = list(htmap.sampled(model, 100, seed=1, a=(0, 9), where=lambda a: a > 4))
    assert 0 < len(points) < 100
    assert {point["a"] for point in points} == {5, 6, 7, 8, 9}


@pytest.mark.parametrize("n", [0, -1, 2.5, "5", None, True])
def test_a_number_of_samples_that_is_none_is_refused(n, htmap_dir):
    refused(f"n is {n!r}", htmap.sampled, model, n, a=[1, 2])
    assert not htmap_dir.exists()


@pytest.mark.parametrize(
    "distribution",
    [5, None, "abc", object(), {1: 2}, {1, 2}, iter([1])],
)
def test_what_no_samples_can_be_drawn_of_is_refused(distribution):
    refused("of which no samples can be drawn", htmap.sampled, model, 3, a=distribution)


@pytest.mark.parametrize("ends", [(2, 1), ("x", "y"), (0, math.inf), (math.nan, 1)])
def test_ends_that_are_none_are_refused(ends):
    refused("its lower and upper end have to be numbers", htmap.sampled, model, 3, a=ends)


def test_a_seed_that_is_none_and_no_choices_are_refused():
    refused("seed is 'x'", htmap.sampled, model, 3, seed="x", a=[1])
    refused("'a' has no values to choose from", htmap.sampled, model, 3, a=[])


@pytest.mark.usefixtures("inputs")
def test_a_distribution_whose_rvs_is_another_is_refused():
    class Odd:
        def rvs(self):
            return 1

    refused("an rvs that cannot be called", lambda: list(htmap.sampled(model, 3, a=Odd())))

"""Items in groups: components in jobs, and jobs in packs."""

import pytest

from htmap.store.division import Division


@pytest.mark.parametrize(
    "groups",
    [[(1, 1)], [(1, 5)], [(3, 2), (1, 4)], [(2, 1), (2, 2), (5, 1)], [(1, 1), (9, 1), (1, 1)]],
)
def test_every_item_is_in_the_group_that_has_it(groups):
    division = Division(groups)
    sizes = [size for size, count in groups for _ in range(count)]

    assert list(division.sizes()) == sizes
    assert (len(division), division.items) == (len(sizes), sum(sizes))
    spans = [division.span(group) for group in range(len(division))]
    assert [item for span in spans for item in span] == list(range(division.items))
    assert [len(span) for span in spans] == sizes
    for group, span in enumerate(spans):
        assert {division.group_of(item) for item in span} == {group}


@pytest.mark.parametrize("group", [-1, 3, 1000])
def test_a_group_that_is_not_there_has_no_items(group):
    assert list(Division([(2, 3)]).span(group)) == []


def test_equal_neighbours_are_one_entry_however_many_they_are():
    assert Division((1, 1) for _ in range(1000)).groups == ((1, 1000),)
    assert Division([(1, 2), (1, 3)]) == Division.alone(5)


def test_nothing_is_divided_into_nothing():
    assert (len(Division([])), Division([]).items, Division.alone(0).groups) == (0, 0, ())

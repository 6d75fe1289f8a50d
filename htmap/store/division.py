"""Consecutive items in groups: components in jobs, and jobs in input packs."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator


class Division:
    """How a sequence of items is divided into groups of consecutive ones.

    Groups of one size in a row cost one entry, so that a million jobs of one component take no
    more memory than one.

    Parameters
    ----------
    groups : iterable of (int, int)
        The size of a group, and how many groups in a row have it.

    Attributes
    ----------
    groups : tuple of (int, int)
        As given, with neighbours of one size put together.
    items : int
        How many items there are.

    Examples
    --------
    >>> division = Division([(4, 1), (2, 3)])
    >>> len(division), division.items, division.span(1), division.group_of(9)
    (4, 10, range(4, 6), 3)
    """

    def __init__(self, groups: Iterable[tuple[int, int]]) -> None:
        alike = itertools.groupby(groups, key=lambda group: group[0])
        self.groups: tuple[tuple[int, int], ...] = tuple(
            (size, sum(count for _, count in same)) for size, same in alike
        )
        # What comes before each entry of `groups`.
        self._groups_before: list[int] = [
            0,
            *itertools.accumulate(count for _, count in self.groups),
        ]
        sums = itertools.accumulate(size * count for size, count in self.groups)
        self._items_before: list[int] = [0, *sums]
        self.items = self._items_before[-1]

    def __len__(self) -> int:
        """Return the number of groups."""
        return self._groups_before[-1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Division) and self.groups == other.groups

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Division({list(self.groups)})"

    @property
    def largest(self) -> int:
        """The size of the largest group."""
        return max((size for size, _ in self.groups), default=0)

    def sizes(self) -> Iterator[int]:
        """Yield the size of one group after another."""
        return itertools.chain.from_iterable(
            itertools.repeat(size, count) for size, count in self.groups
        )

    def span(self, group: int) -> range:
        """Return the items of a group; none for a group that there is not."""
        if not 0 <= group < len(self):
            return range(0)
        entry = bisect.bisect_right(self._groups_before, group) - 1
        size = self.groups[entry][0]
        start = self._items_before[entry] + (group - self._groups_before[entry]) * size
        return range(start, start + size)

    def group_of(self, item: int) -> int:
        """Return the group that an item is in."""
        entry = bisect.bisect_right(self._items_before, item) - 1
        size = self.groups[entry][0]
        return self._groups_before[entry] + (item - self._items_before[entry]) // size

    @classmethod
    def alone(cls, items: int) -> Division:
        """Return the division in which each item is a group of its own."""
        return cls([(1, items)] if items else [])

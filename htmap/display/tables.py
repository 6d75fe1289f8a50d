"""Tables of maps, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from htmap.statuses import ComponentStatus


class Row(NamedTuple):
    """What a table says of one map."""

    tag: str
    is_transient: bool
    counts: Mapping[ComponentStatus, int]


class Line(NamedTuple):
    """One line of a table; ``colour`` is a name that terminals know."""

    text: str
    colour: str | None = None
    is_header: bool = False


def status_table(rows: Iterable[Row], include_state: bool = True) -> str:
    """Return a table with a row for each map; maps with a tag of their own come first."""
    return "\n".join(line.text for line in status_lines(rows, include_state))


def status_lines(rows: Iterable[Row], include_state: bool = True) -> list[Line]:
    """Return the lines of :func:`status_table`, the header first."""
    ordered = sorted(rows, key=lambda row: (row.is_transient, row.tag))
    columns = _columns(ordered) if include_state else []
    cells = [["Tag", *map(str, columns)]]
    for row in ordered:
        counts = [str(row.counts.get(status, 0)) for status in columns]
        cells.append([f"* {row.tag}" if row.is_transient else row.tag, *counts])
    header, *texts = _aligned(cells)
    return [
        Line(header, is_header=True),
        *(Line(text, colour_of(row.counts)) for text, row in zip(texts, ordered, strict=True)),
    ]


def _columns(rows: list[Row]) -> list[ComponentStatus]:
    always = ComponentStatus.display_statuses()
    # Of the others, only those that occur: the counts of a row then add up.
    others = [
        status
        for status in ComponentStatus
        if status not in always and any(row.counts.get(status) for row in rows)
    ]
    return [*others, *always]


def _aligned(cells: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *map(str.center, row[1:], widths[1:])]).rstrip()
        for row in cells
    ]


def colour_of(counts: Mapping[ComponentStatus, int]) -> str:
    """Return the colour of a map: that of what most needs a look.

    Examples
    --------
    >>> colour_of({ComponentStatus.HELD: 1, ComponentStatus.COMPLETED: 9})
    'red'
    """
    if counts.get(ComponentStatus.COMPLETED) == sum(counts.values()):
        return COLOURS[ComponentStatus.COMPLETED]
    for status, colour in COLOURS.items():
        if status is not ComponentStatus.COMPLETED and counts.get(status):
            return colour
    return "white"


#: What most needs a look comes first.
COLOURS = {
    ComponentStatus.LOST: "magenta",
    ComponentStatus.REMOVED: "magenta",
    ComponentStatus.HELD: "red",
    ComponentStatus.ERRORED: "red",
    ComponentStatus.COMPLETED: "green",
    ComponentStatus.RUNNING: "cyan",
    ComponentStatus.IDLE: "yellow",
}

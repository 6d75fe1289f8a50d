"""Tables of maps, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from htmap.statuses import ComponentStatus

#: Whether the map is transient, its tag, and its components by status.
Row = tuple[bool, str, Mapping[ComponentStatus, Sequence[int]]]


def status_table(rows: Iterable[Row]) -> str:
    """Return a table with a row for each map; maps with a tag of their own come first."""
    always = ComponentStatus.display_statuses()
    ordered = sorted(rows, key=lambda row: row[:2])
    others = [
        status
        for status in ComponentStatus
        if status not in always and any(row[2].get(status) for row in ordered)
    ]
    # Of the others, only those that occur: the counts of a row then add up.
    columns = [*others, *always]
    table = [["Tag", *map(str, columns)]]
    for transient, tag, components in ordered:
        counts = [str(len(components.get(status, ()))) for status in columns]
        table.append([f"* {tag}" if transient else tag, *counts])
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.center(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    )

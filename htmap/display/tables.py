"""Tables of maps and of holds, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple

from htmap.display.palette import BY_URGENCY, LOOKS
from htmap.statuses import ComponentStatus
from htmap.store.told import ComponentHold


class Meta(NamedTuple):
    """What a map takes, and what its components used.

    Attributes
    ----------
    local_disk_usage : int
        Bytes on this machine's disk.
    max_memory_usage : int
        Bytes of memory that the largest component used.
    max_runtime, total_runtime : float
        Seconds of CPU time of the longest component, and of all.
    """

    local_disk_usage: int
    max_memory_usage: int
    max_runtime: float
    total_runtime: float


class Row(NamedTuple):
    """What a table says of one map; no columns are made for a ``meta`` of None."""

    tag: str
    is_transient: bool
    counts: Mapping[ComponentStatus, int]
    meta: Meta | None = None


class Line(NamedTuple):
    """One line of a table; ``colour`` is a name that terminals know."""

    text: str
    colour: str | None = None
    is_header: bool = False


class Cells(NamedTuple):
    """The cells of a table of maps, those with a tag of their own first."""

    header: list[str]
    rows: list[Row]
    cells: list[list[str]]

    @classmethod
    def of(cls, rows: Iterable[Row], include_state: bool = True) -> Cells:
        """Make them of what is to be said of maps."""
        ordered = sorted(rows, key=lambda row: (row.is_transient, row.tag))
        columns = _columns(ordered) if include_state else []
        include_meta = any(row.meta for row in ordered)
        cells = []
        for row in ordered:
            counts = [str(row.counts.get(status, 0)) for status in columns]
            meta = _meta_cells(row.meta) if include_meta else []
            cells.append([f"* {row.tag}" if row.is_transient else row.tag, *counts, *meta])
        return cls(["Tag", *map(str, columns), *(_META if include_meta else [])], ordered, cells)


def status_table(rows: Iterable[Row], include_state: bool = True) -> str:
    """Return a table with a row for each map; maps with a tag of their own come first."""
    return "\n".join(line.text for line in status_lines(rows, include_state))


def status_lines(rows: Iterable[Row], include_state: bool = True) -> list[Line]:
    """Return the lines of :func:`status_table`, the header first."""
    table = Cells.of(rows, include_state)
    header, *texts = _aligned([table.header, *table.cells], left={0})
    return [
        Line(header, is_header=True),
        *(Line(text, colour_of(row.counts)) for text, row in zip(texts, table.rows, strict=True)),
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


_META = ["Local Data", "Max Memory", "Max Runtime", "Total Runtime"]


def _meta_cells(meta: Meta | None) -> list[str]:
    if meta is None:
        return [""] * len(_META)
    return [
        human_bytes(meta.local_disk_usage),
        human_bytes(meta.max_memory_usage),
        str(timedelta(seconds=round(meta.max_runtime))),
        str(timedelta(seconds=round(meta.total_runtime))),
    ]


def human_bytes(number: float) -> str:
    """Return a number of bytes in the unit that suits it; 1024 of one are one of the next.

    Examples
    --------
    >>> human_bytes(65433)
    '63.9 KB'
    """
    units = iter(["B", "KB", "MB", "GB", "TB"])
    for unit in units:
        # What would be shown as 1024.0 is one of the next.
        if number < 1023.95:
            return f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} PB"


def hold_table(holds: Mapping[int, ComponentHold]) -> str:
    """Return a table with a row for each component that is held."""
    cells = [["Component", "Code", "Subcode", "Hold Reason"]]
    for component, hold in sorted(holds.items()):
        reason = " ".join(hold.reason.split())
        cells.append([str(component), str(hold.code), str(hold.subcode), reason])
    return "\n".join(_aligned(cells, left={3}))


def _aligned(cells: list[list[str]], left: set[int]) -> list[str]:
    """Return a line for each row; columns are centred but for those to be aligned on the left."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    aligns = [str.ljust if column in left else str.center for column in range(len(widths))]
    return [
        "  ".join(align(c, w) for align, c, w in zip(aligns, row, widths, strict=True)).rstrip()
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
        return LOOKS[ComponentStatus.COMPLETED].terminal
    return next((LOOKS[status].terminal for status in BY_URGENCY if counts.get(status)), "white")

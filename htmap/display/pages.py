"""Maps on pages: HTML that needs nothing but itself, for exported notebooks as for live ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby, pairwise

from htmap.display.palette import LOOKS
from htmap.display.tables import Cells, Row, status_table
from htmap.statuses import ComponentStatus

#: Columns of a strip, at most: a map of more components has several in each.
COLUMNS = 100

# What a page sanitizes away is only missed: all that matters is in the elements themselves.
_STYLE = (
    "<style>"
    ".htmap-page{color:var(--jp-content-font-color1,inherit);"
    "font:13px/1.4 var(--jp-ui-font-family,system-ui,sans-serif)}"
    ".htmap-page .htmap-ground{fill:#8883}"
    ".htmap-page table{border-collapse:collapse;margin:0;font-variant-numeric:tabular-nums}"
    ".htmap-page :is(td,th){padding:2px 10px;text-align:right}"
    ".htmap-page :is(td,th):first-child{text-align:left}"
    "</style>"
)


def page(*parts: str) -> str:
    """Return parts of HTML as one that can stand in any page."""
    return f'<div class="htmap-page">{_STYLE}{"".join(parts)}</div>'


def bar(counts: Mapping[ComponentStatus, int], width: int = 600, height: int = 14) -> str:
    """Return a picture in which each status has its share, what is done at the left."""
    total = sum(counts.values()) or 1
    parts, seen = [], 0
    for status in LOOKS:
        if number := counts.get(status, 0):
            left, right = (width * n / total for n in (seen, seen + number))
            parts.append(_box(left, 0, right - left, height, status))
            seen += number
    return _svg(width, height, _in_words(counts), parts)


def strip(codes: bytes, width: int = 600, height: int = 28) -> str:
    """Return a picture of the components in their order.

    Parameters
    ----------
    codes : bytes
        The code of each component's status. Of more than :data:`COLUMNS` several share a column,
        in which each status has its share.
    """
    columns = min(len(codes), COLUMNS)
    edges = [len(codes) * column // columns for column in range(columns + 1)]
    shares = [_shares(codes[a:b]) for a, b in pairwise(edges)]
    parts, position = [], 0
    for share, alike in groupby(shares):
        wide = len(list(alike))
        top = 0.0
        for status, part in share:
            box = (width * position / columns, top, width * wide / columns, height * part)
            parts.append(_box(*box, status))
            top += height * part
        position += wide
    return _svg(width, height, f"{len(codes)} components in their order", parts)


def _shares(codes: bytes) -> tuple[tuple[ComponentStatus, float], ...]:
    numbers = ((status, codes.count(status.code)) for status in LOOKS)
    return tuple((status, number / len(codes)) for status, number in numbers if number)


def legend(counts: Mapping[ComponentStatus, int]) -> str:
    """Return which mark and colour stands for which status, with how many have it."""
    entries = [
        f'<span style="margin-right:1.2em;white-space:nowrap">{mark(status)} {status} '
        f"<b>{counts[status]:,}</b></span>"
        for status in LOOKS
        if counts.get(status)
    ]
    return f"<div>{''.join(entries)}</div>"


def mark(status: ComponentStatus) -> str:
    """Return the mark of a status, in its colour."""
    look = LOOKS[status]
    return (
        '<svg width="11" height="11" viewBox="-.5 -.5 11 11" aria-hidden="true">'
        f'<path d="{look.mark}" fill="{look.colour}" fill-rule="evenodd" stroke="#777" '
        'stroke-width=".4"/></svg>'
    )


def status_page(rows: Iterable[Row], include_state: bool = True) -> str:
    """Return what :func:`~htmap.display.tables.status_table` tells, with a bar for each map."""
    table = Cells.of(rows, include_state)
    heads = [*table.header, *(["<span aria-label='progress'></span>"] if include_state else [])]
    lines = ["<tr>" + "".join(f"<th>{head}</th>" for head in heads) + "</tr>"]
    for row, cells in zip(table.rows, table.cells, strict=True):
        texts = [escape(cell) for cell in cells]
        if include_state:
            texts.append(bar(row.counts, width=160, height=10))
        lines.append("<tr>" + "".join(f"<td>{text}</td>" for text in texts) + "</tr>")
    return page(f"<table>{''.join(lines)}</table>")


class StatusTable(str):
    """The table of maps as text; where a notebook shows it, as a page."""

    _rows: Sequence[Row]
    _include_state: bool

    @classmethod
    def of(cls, rows: Iterable[Row], include_state: bool = True) -> StatusTable:
        """Make it of what tables say of maps."""
        rows = list(rows)
        table = cls(status_table(rows, include_state))
        table._rows, table._include_state = rows, include_state
        return table

    def _repr_html_(self) -> str:
        return status_page(self._rows, self._include_state)


def _box(left: float, top: float, width: float, height: float, status: ComponentStatus) -> str:
    place = "".join(
        f' {name}="{value:.4g}"'
        for name, value in (("x", left), ("y", top), ("width", width), ("height", height))
    )
    return f'<rect{place} fill="{LOOKS[status].colour}"/>'


def _svg(width: int, height: int, words: str, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{words}" preserveAspectRatio="none" style="max-width:100%;display:block;'
        f'margin:4px 0"><rect class="htmap-ground" width="{width}" height="{height}" '
        f'fill="none"/>{"".join(parts)}</svg>'
    )


def _in_words(counts: Mapping[ComponentStatus, int]) -> str:
    return ", ".join(f"{counts[status]:,} {status}" for status in LOOKS if counts.get(status))

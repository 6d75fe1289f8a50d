"""The status of maps as data for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from htmap.display.tables import Meta, Row
from htmap.statuses import ComponentStatus

# Those of HTMap 0.6 first; with the others the counts add up to the number of components.
_COUNTED = [
    *ComponentStatus.display_statuses(),
    ComponentStatus.UNMATERIALIZED,
    ComponentStatus.SUSPENDED,
    ComponentStatus.REMOVED,
    ComponentStatus.LOST,
]


def _counts(row: Row) -> dict[str, int]:
    return {status.lower(): row.counts.get(status, 0) for status in _COUNTED}


def status_json(rows: Iterable[Row], include_state: bool = True, compact: bool = False) -> str:
    """Return an object with an object for each map, by tag; what it used is in it if known."""
    records: dict[str, dict[str, Any]] = {}
    for row in rows:
        records[row.tag] = {"tag": row.tag}
        if include_state:
            records[row.tag]["component_status_counts"] = _counts(row)
        if row.meta is not None:
            records[row.tag].update(row.meta._asdict())
    if compact:
        return json.dumps(records, separators=(",", ":"))
    return json.dumps(records, indent=4)


def status_csv(rows: Iterable[Row], include_state: bool = True) -> str:
    """Return a header and a line for each map; what it used is in it if known."""
    rows = list(rows)
    counted = [status.lower() for status in _COUNTED] if include_state else []
    meta = Meta._fields if any(row.meta for row in rows) else ()
    text = io.StringIO()
    names = ["tag", *counted, *meta]
    writer = csv.DictWriter(text, names, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        used = row.meta._asdict() if row.meta else {}
        writer.writerow({"tag": row.tag, **_counts(row), **used})
    return text.getvalue()

"""Pictures of a map, as charts of altair."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from htmap.display.palette import LOOKS
from htmap.extras import require
from htmap.plots.numbers import Histogram, Numbers
from htmap.statuses import ComponentStatus

_WIDTH, _HEIGHT = 480, 180
# Points of a history that are drawn: what altair embeds is text.
_EVERY = 4


def charts(numbers: Numbers, parts: Sequence[str]) -> Any:
    """Return the chart of one part, or several, each below the other."""
    altair = require("altair", 'backend="altair"', "altair")
    drawn = [PARTS[part](altair, numbers) for part in parts]
    return drawn[0] if len(drawn) == 1 else altair.vconcat(*drawn)


def _timeline(altair: Any, numbers: Numbers) -> Any:
    bars = numbers.timeline()
    names = {lane: host for host, lanes in bars.hosts.items() for lane in lanes}
    rows = [
        {"host": names[lane], "lane": lane, "start": 1000 * a, "end": 1000 * b, "status": status}
        for lane, a, b, status in zip(
            *(each.tolist() for each in (bars.lane, bars.start, bars.end)),
            map(str, bars.status),
            strict=True,
        )
    ]
    return (
        _chart(altair, rows, f"{numbers.tag}: where and when jobs ran")
        .mark_bar()
        .encode(
            x=altair.X("start:T", scale=altair.Scale(type="utc"), title="UTC"),
            x2="end:T",
            y=altair.Y("lane:O", axis=altair.Axis(labels=False, ticks=False), title=None),
            row=altair.Row(
                "host:N", title=None, header=altair.Header(labelAngle=0, labelAlign="left")
            ),
            color=_colour(altair, bars.status),
            tooltip=["host:N", "status:N", _time(altair, "start"), _time(altair, "end")],
        )
        .properties(height=altair.Step(8))
        .resolve_scale(y="independent")
    )


def _runtimes(altair: Any, numbers: Numbers) -> Any:
    title = f"{numbers.tag}: how long components ran"
    return _histogram(altair, numbers.runtimes(), title, "run time (s)")


def _memory(altair: Any, numbers: Numbers) -> Any:
    title = f"{numbers.tag}: memory of components"
    return _histogram(altair, numbers.memory(), title, "memory at the most (MB)")


def _histogram(altair: Any, histogram: Histogram, title: str, label: str) -> Any:
    edges = histogram.edges.tolist()
    rows = [
        {"from": low, "to": high, "components": count, "status": str(status)}
        for status, counts in histogram.counts.items()
        for low, high, count in zip(edges, edges[1:], counts.tolist(), strict=False)
        if count
    ]
    return (
        _chart(altair, rows, title)
        .mark_bar()
        .encode(
            x=altair.X("from:Q", bin="binned", title=label),
            x2="to:Q",
            y=altair.Y("components:Q", stack=True),
            color=_colour(altair, histogram.counts),
            tooltip=["status:N", "components:Q", "from:Q", "to:Q"],
        )
    )


def _statuses(altair: Any, numbers: Numbers) -> Any:
    history = numbers.statuses()
    rows = [
        {"time": 1000 * at, "components": count, "status": str(status)}
        for status, counts in history.counts.items()
        for at, count in zip(
            history.times[::_EVERY].tolist(), counts[::_EVERY].tolist(), strict=True
        )
    ]
    return (
        _chart(altair, rows, f"{numbers.tag}: statuses over time")
        .mark_area()
        .encode(
            x=altair.X("time:T", scale=altair.Scale(type="utc"), title="UTC"),
            y=altair.Y("components:Q", stack=True),
            color=_colour(altair, history.counts),
            tooltip=["status:N", "components:Q", _time(altair, "time")],
        )
    )


def _chart(altair: Any, rows: list[dict[str, Any]], title: str) -> Any:
    # Not a table: altair would refuse one of more than 5,000 rows, and count these among them.
    return altair.Chart(altair.Data(values=rows), title=title, width=_WIDTH, height=_HEIGHT)


def _time(altair: Any, name: str) -> Any:
    return altair.Tooltip(f"{name}:T", format="%Y-%m-%d %H:%M:%S")


def _colour(altair: Any, shown: Sequence[ComponentStatus] | Mapping[ComponentStatus, Any]) -> Any:
    known = {str(status): look.colour for status, look in LOOKS.items() if status in shown}
    scale = altair.Scale(domain=list(known), range=list(known.values()))
    return altair.Color("status:N", scale=scale, title=None)


#: What makes the chart of each part.
PARTS: dict[str, Callable[[Any, Numbers], Any]] = {
    "timeline": _timeline,
    "statuses": _statuses,
    "runtimes": _runtimes,
    "memory": _memory,
}

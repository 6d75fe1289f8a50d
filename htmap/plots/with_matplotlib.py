"""Pictures of a map, drawn by matplotlib."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timezone
from typing import TYPE_CHECKING, Any

from htmap.display.palette import LOOKS
from htmap.extras import require
from htmap.plots.numbers import Histogram, Numbers
from htmap.statuses import ComponentStatus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# So many hosts have room for their names.
_NAMES = 30
# So many slots have room between them.
_LANES = 60
# So many bars are drawn apart.
_APART = 300
# Inches, of one picture.
_WIDTH, _HEIGHT = 7.0, 3.2


def draw(numbers: Numbers, parts: Sequence[str], axes: Any, figure: Any) -> dict[str, Axes]:
    """Draw parts, each below the other; in a figure of pyplot's if none is given."""
    if axes is None:
        if figure is None:
            pyplot = require("matplotlib.pyplot", "a plot")
            figure = pyplot.figure(figsize=(_WIDTH, _HEIGHT * len(parts)), layout="constrained")
        rows = figure.subplots(len(parts), squeeze=False)[:, 0]
    else:
        rows = [axes]
    drawn = dict(zip(parts, rows, strict=True))
    for part, each in drawn.items():
        PARTS[part](numbers, each)
    return drawn


def figure(parts: int) -> Any:
    """Return a figure for so many parts that no display knows of."""
    of = require("matplotlib.figure", "a plot")
    return of.Figure(figsize=(_WIDTH, _HEIGHT * parts), layout="constrained")


def _timeline(numbers: Numbers, axes: Any) -> None:
    collections = require("matplotlib.collections", "a plot")
    bars = numbers.timeline()
    axes.set_title(f"{numbers.tag}: where and when jobs ran")
    if not bars.status:
        _say_nothing(axes, "nothing has run yet")
        return
    # Of many slots the gaps between their bars would be all that is seen.
    half = 0.4 if len({*bars.lane}) <= _LANES else 0.5
    days = _days(bars.start), _days(bars.end)
    corners = [
        ((a, y - half), (b, y - half), (b, y + half), (a, y + half))
        for a, b, y in zip(*days, bars.lane, strict=True)
    ]
    colours = [LOOKS[status].colour for status in bars.status]
    # A line between those that a slot ran one after another, where there is room for lines.
    edge = axes.get_facecolor() if len(corners) <= _APART else "none"
    axes.add_collection(
        collections.PolyCollection(
            corners, facecolors=colours, edgecolors=edge, linewidths=0.7, rasterized=True
        ),
        autolim=False,
    )
    axes.set_xlim(days[0].min(), days[1].max())
    last = max(lanes.stop for lanes in bars.hosts.values())
    axes.set_ylim(last - 0.5, -0.5)
    step = math.ceil(len(bars.hosts) / _NAMES)
    named = list(bars.hosts.items())[::step]
    axes.set_yticks([(lanes.start + lanes.stop - 1) / 2 for _, lanes in named])
    axes.set_yticklabels([host for host, _ in named])
    if len(bars.hosts) <= _NAMES:
        for lanes in list(bars.hosts.values())[1:]:
            axes.axhline(lanes.start - 0.5, color="#80808080", linewidth=0.5)
    _date(axes)
    _legend(axes, {*bars.status})


def _runtimes(numbers: Numbers, axes: Any) -> None:
    axes.set_title(f"{numbers.tag}: how long components ran")
    axes.set_xlabel("run time (s)")
    _histogram(numbers.runtimes(), axes, "nothing has ended yet")


def _memory(numbers: Numbers, axes: Any) -> None:
    axes.set_title(f"{numbers.tag}: memory of components")
    axes.set_xlabel("memory at the most (MB)")
    _histogram(numbers.memory(), axes, "HTCondor has not looked yet")


def _histogram(histogram: Histogram, axes: Any, otherwise: str) -> None:
    if not histogram.counts:
        _say_nothing(axes, otherwise)
        return
    below = 0 * next(iter(histogram.counts.values()))
    for status, counts in histogram.counts.items():
        axes.stairs(
            below + counts,
            histogram.edges,
            baseline=below,
            fill=True,
            color=LOOKS[status].colour,
        )
        below = below + counts
    axes.set_ylim(0, 1.05 * below.max())
    axes.set_xlim(histogram.edges[0], histogram.edges[-1])
    axes.set_ylabel("components")
    _whole_numbers(axes)
    _legend(axes, histogram.counts)


def _statuses(numbers: Numbers, axes: Any) -> None:
    history = numbers.statuses()
    axes.set_title(f"{numbers.tag}: statuses over time")
    if not history.counts:
        _say_nothing(axes, "nothing has been submitted yet")
        return
    axes.stackplot(
        _days(history.times),
        *history.counts.values(),
        colors=[LOOKS[status].colour for status in history.counts],
        linewidth=0,
    )
    axes.set_xlim(_days(history.times[0]), _days(history.times[-1]))
    axes.set_ylim(0, sum(counts[0] for counts in history.counts.values()))
    axes.set_ylabel("components")
    _whole_numbers(axes)
    _date(axes)
    _legend(axes, history.counts)


def _days(seconds: Any) -> Any:
    """Return times, in seconds since the epoch, as matplotlib has them."""
    dates = require("matplotlib.dates", "a plot")
    return dates.date2num((1000 * seconds).astype("int64").astype("datetime64[ms]"))


def _date(axes: Any) -> None:
    dates = require("matplotlib.dates", "a plot")
    locator = dates.AutoDateLocator(tz=timezone.utc)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=timezone.utc))
    axes.set_xlabel("UTC")


def _whole_numbers(axes: Any) -> None:
    ticker = require("matplotlib.ticker", "a plot")
    axes.yaxis.set_major_locator(ticker.MaxNLocator(integer=True))


def _legend(axes: Any, shown: Mapping[ComponentStatus, Any] | set[ComponentStatus]) -> None:
    patches = require("matplotlib.patches", "a plot")
    handles = [
        patches.Patch(color=look.colour, label=str(status))
        for status, look in LOOKS.items()
        if status in shown
    ]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _say_nothing(axes: Any, why: str) -> None:
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center")
    axes.set_xticks([])
    axes.set_yticks([])


#: What draws each part.
PARTS: dict[str, Callable[[Numbers, Any], None]] = {
    "timeline": _timeline,
    "statuses": _statuses,
    "runtimes": _runtimes,
    "memory": _memory,
}

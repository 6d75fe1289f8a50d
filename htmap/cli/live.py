"""What is drawn anew in place: the live table, and the bars of a wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from htmap.cli.news import wait_for
from htmap.cli.selection import Selection, maps_of, tell
from htmap.display.palette import LOOKS
from htmap.display.tables import Row, status_lines
from htmap.handle import News
from htmap.management import summaries
from htmap.statuses import ComponentStatus
from htmap.store import claims

_BAR_WIDTH = 40
# Columns for the spaces between, and for the largest numbers of components.
_COUNT_WIDTH = 18


def live_status(
    selection: Selection, include_state: bool, include_meta: bool, color: bool | None
) -> None:
    """Draw the table of the chosen maps again whenever one of them changes, for ever."""
    console = Console(no_color=color is False, highlight=False)
    with Live(console=console, auto_refresh=False) as live:
        maps = list(maps_of(selection))
        while True:
            # Made before the maps are read, so that no change falls between the two.
            with News(maps, claims.folder()) as news:
                maps = list(maps_of(selection))
                rows = summaries(maps, include_meta, tell)
                live.update(_table(rows, include_state), refresh=True)
                wait_for(news)


def _table(rows: Iterable[Row], include_state: bool) -> Text:
    lines = [
        Text(line.text, "bold" if line.is_header else line.colour or "")
        for line in status_lines(rows, include_state)
    ]
    return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)


class Bars:
    """A bar for each map on standard error, drawn whenever it is told to."""

    def __init__(self) -> None:
        self._live = Live(
            console=Console(stderr=True, highlight=False), auto_refresh=False, transient=False
        )

    def __enter__(self) -> Bars:
        self._live.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._live.stop()

    def draw(self, counts: Mapping[str, Mapping[ComponentStatus, int]]) -> None:
        """Draw the maps, by tag, with how many of their components have each status."""
        table = Table.grid(padding=(0, 1))
        space = self._live.console.width - _BAR_WIDTH - _COUNT_WIDTH
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(space, 10))
        for tag, of_map in counts.items():
            total = sum(of_map.values())
            done = of_map.get(ComponentStatus.COMPLETED, 0)
            table.add_row(tag, bar(of_map, _BAR_WIDTH), f"{done}/{total}")
        self._live.update(table, refresh=True)


def bar(counts: Mapping[ComponentStatus, int], width: int) -> Text:
    """Return a bar in which each status has its share, what is done at the left."""
    total = sum(counts.values()) or 1
    text, seen, drawn = Text(), 0, 0
    for status, look in LOOKS.items():
        seen += counts.get(status, 0)
        end = round(width * seen / total)
        text.append("█" * (end - drawn), look.terminal)
        drawn = end
    return text

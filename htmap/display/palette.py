"""How each status looks: its colour on terminals and on pages, and its mark."""

from __future__ import annotations

from typing import NamedTuple

from htmap.statuses import ComponentStatus


class Look(NamedTuple):
    """How a status is shown.

    Attributes
    ----------
    terminal : str
        The name of a colour that terminals know.
    colour : str
        That on pages, ``#rrggbb``. Those of Okabe and Ito, which people tell apart whatever colours
        they see, on light and dark ground.
    mark : str
        A shape in a box of 10 by 10, as an SVG path: no two have the same, for whoever sees no
        colour at all.
    """

    terminal: str
    colour: str
    mark: str


#: From what is done, at the left of a bar, to what is furthest from it.
LOOKS = {
    ComponentStatus.COMPLETED: Look("green", "#009E73", "M0 0H10V10H0Z"),
    ComponentStatus.ERRORED: Look(
        "red", "#D55E00", "M0 2L2 0L5 3L8 0L10 2L7 5L10 8L8 10L5 7L2 10L0 8L3 5Z"
    ),
    ComponentStatus.REMOVED: Look("magenta", "#8A8A8A", "M0 3.5H10V6.5H0Z"),
    ComponentStatus.LOST: Look("magenta", "#0072B2", "M5 0L10 5L5 10L0 5Z"),
    ComponentStatus.HELD: Look("red", "#CC79A7", "M0 0H4V10H0ZM6 0H10V10H6Z"),
    ComponentStatus.RUNNING: Look("cyan", "#56B4E9", "M0 0L10 5L0 10Z"),
    ComponentStatus.SUSPENDED: Look("white", "#E69F00", "M0 0H10V4H0ZM0 6H10V10H0Z"),
    ComponentStatus.IDLE: Look("yellow", "#F0E442", "M0 0H10V10H0ZM2 2V8H8V2Z"),
    ComponentStatus.UNMATERIALIZED: Look("white", "#BBBBBB", "M3 3H7V7H3Z"),
    ComponentStatus.UNKNOWN: Look("white", "#999999", "M0 10L5 0L10 10Z"),
}

#: What most needs a look comes first. What waits for nothing but its turn is not there.
BY_URGENCY = (
    ComponentStatus.LOST,
    ComponentStatus.REMOVED,
    ComponentStatus.HELD,
    ComponentStatus.ERRORED,
    ComponentStatus.RUNNING,
    ComponentStatus.IDLE,
)

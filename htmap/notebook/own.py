"""The widget's own handle on a map."""

from __future__ import annotations

from htmap.actions import MapActions
from htmap.handle import MapHandle
from htmap.results import MapResults


class OwnHandle(MapActions, MapResults):
    """What a widget knows a map by: its thread's looks are not in the way of the user's.

    Examples
    --------
    >>> own = OwnHandle.of(m)  # doctest: +SKIP
    """

    @classmethod
    def of(cls, map_: MapHandle) -> OwnHandle:
        """Make it of anybody's handle."""
        return cls(map_.tag, map_._folder.map_id)

"""Waiting for something to tell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from htmap.handle import News

# Seconds: of many events in a row, those of one such time are read and drawn together.
_FRAME = 0.05


def wait_for(news: News, timeout: float | None = None) -> None:
    """Return when there may be news, or the time is over; at most 20 times a second."""
    if news.wait(timeout):
        time.sleep(_FRAME)

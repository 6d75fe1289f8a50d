"""Waiting for something to tell."""

from __future__ import annotations

import time

from htmap.pool.watch import Watch

# Seconds: of many events in a row, those of one such time are read and drawn together.
_FRAME = 0.05


def wait_for_news(watch: Watch, timeout: float | None = None) -> None:
    """Return when something has changed, or when the time is over; at most 20 times a second."""
    if watch.wait(timeout):
        time.sleep(_FRAME)

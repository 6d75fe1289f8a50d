"""Progress bars."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


class Bar:
    """A bar that shows how many of something are done; draws nothing by itself."""

    def __init__(self, drawn: Any = None) -> None:
        self._drawn = drawn

    def show(self, done: int) -> None:
        """Move the bar to ``done``."""
        if self._drawn is not None and done != self._drawn.n:
            self._drawn.update(done - self._drawn.n)


@contextlib.contextmanager
def progress_bar(title: str, total: int, shown: bool) -> Iterator[Bar]:
    """Draw a bar on standard error (or a widget in a notebook) while the block runs.

    Parameters
    ----------
    title : str
    total : int
        How many components there are.
    shown : bool
        Whether to draw it at all.
    """
    if not shown:
        yield Bar()
        return
    from tqdm.auto import tqdm

    with tqdm(total=total, desc=title, unit="component", ascii=True) as drawn:
        yield Bar(drawn)

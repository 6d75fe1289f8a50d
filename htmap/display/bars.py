"""Progress bars."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from htmap.display.places import in_kernel

T = TypeVar("T")

# Items between two looks at the clock.
_STEP = 256


class Bar:
    """A bar that shows how many of something are done; draws nothing by itself.

    Parameters
    ----------
    drawn : tqdm, optional
        What draws it.
    """

    def __init__(self, drawn: Any = None) -> None:
        self._drawn = drawn

    def show(self, done: int) -> None:
        """Move the bar to ``done``."""
        if self._drawn is not None and done != self._drawn.n:
            self._drawn.update(done - self._drawn.n)

    def counting(self, items: Iterable[T]) -> Iterable[T]:
        """Return the items, so that the bar moves while they are taken."""
        return items if self._drawn is None else self._counted(items)

    def _counted(self, items: Iterable[T]) -> Iterator[T]:
        done, looked = 0, time.monotonic()
        for done, item in enumerate(items, start=1):
            yield item
            if done % _STEP == 0 or time.monotonic() - looked > 0.1:
                looked = time.monotonic()
                self.show(done)
        self.show(done)


@contextlib.contextmanager
def progress_bar(title: str, total: int | None, shown: bool, delay: float = 0.0) -> Iterator[Bar]:
    """Draw a bar on standard error (or a widget in a notebook) while the block runs.

    Nothing is drawn where standard error is no terminal.

    Parameters
    ----------
    title : str
    total : int or None
        How many components there are, if that is known.
    shown : bool
        Whether to draw it at all.
    delay : float
        Seconds after which it appears.
    """
    if not shown:
        yield Bar()
        return
    from tqdm.auto import tqdm

    # Quiet where standard error is a file or a pipe: tqdm looks, if it is told None.
    quiet = False if in_kernel() else None
    with tqdm(
        total=total, desc=title, unit="component", ascii=True, delay=delay, disable=quiet
    ) as drawn:
        yield Bar(drawn)

"""Looking at a map from a thread, while somebody sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from htmap.handle import News
from htmap.notebook.own import OwnHandle
from htmap.notebook.picture import Picture, take
from htmap.pool.watch import Watch

# Seconds: of many events in a row, those of one such time are shown together.
_FRAME = 0.1
# Seconds after which a thread looks whether it is still wanted.
_LONGEST = 5.0


class Watcher:
    """Shows each new picture of a map, as long as somebody looks.

    A map that is at rest is not read: its files are only watched, for it may be run again. One
    that was removed is not looked at any more.

    Parameters
    ----------
    own : OwnHandle
    show : callable
        Is given each picture, from the thread.
    rest : callable
        Is called when the map has come to rest, and when nobody looks any more.
    picture : Picture
        What was shown first.

    Attributes
    ----------
    is_over : bool
        Whether the map was removed, or the watcher was closed.
    """

    def __init__(
        self,
        own: OwnHandle,
        show: Callable[[Picture], None],
        rest: Callable[[], None],
        picture: Picture,
    ) -> None:
        self._own = own
        self._show = show
        self._rest = rest
        self._picture = picture
        self._viewers: set[str] = set()
        self._changed = threading.Condition()
        self.is_over = picture.removed
        self._thread: threading.Thread | None = None

    def look(self, viewer: str, looks: bool) -> None:
        """Note whether a viewer, by whatever name, sees the map now."""
        with self._changed:
            (self._viewers.add if looks else self._viewers.discard)(viewer)
            if self._viewers and not self.is_over and self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name=f"htmap widget {self._own.tag}", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """End it, at once or at its next look; safe to repeat."""
        with self._changed:
            self.is_over = True
            self._changed.notify_all()

    def _run(self) -> None:
        while self._is_wanted():
            try:
                self._watch()
                self._rest()
            except Exception as error:  # what is shown last is why
                self._tell(self._picture._replace(note=f"{type(error).__name__}: {error}"))
                raise

    def _is_wanted(self) -> bool:
        """Wait until somebody looks; False once it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._viewers or self.is_over)
            if self.is_over:
                self._thread = None
            return not self.is_over

    @property
    def _is_seen(self) -> bool:
        return bool(self._viewers) and not self.is_over

    def _watch(self) -> None:
        """Look until nobody sees it, or the map is removed."""
        # Made before the map is read, so that no change falls between the two.
        with News([self._own]) as news:
            while self._is_seen:
                was_at_rest = self._picture.at_rest
                self._look()
                if self._is_at_rest:
                    if not was_at_rest:
                        self._rest()
                    self._wait_for_more()
                else:
                    news.wait(_LONGEST)
                time.sleep(_FRAME)

    def _wait_for_more(self) -> None:
        """Wait for somebody to run a map again that is at rest, or to mend it."""
        with Watch(self._own._folder.events) as watch:
            self._look()
            while self._is_at_rest and self._is_seen and not watch.wait(_LONGEST):
                pass

    @property
    def _is_at_rest(self) -> bool:
        return self._picture.at_rest or bool(self._picture.note)

    def _look(self) -> None:
        self._tell(take(self._own, self._picture))
        if self._picture.removed:
            self.close()

    def _tell(self, picture: Picture) -> None:
        if picture != self._picture:
            self._picture = picture
            self._show(picture)

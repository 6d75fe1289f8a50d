"""The live widget of a map."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from htmap.display import pages
from htmap.display.palette import BY_URGENCY, LOOKS
from htmap.exceptions import HTMapException
from htmap.handle import MapHandle
from htmap.notebook import static
from htmap.notebook.details import describe
from htmap.notebook.own import OwnHandle
from htmap.notebook.packing import pack
from htmap.notebook.picture import Picture, take
from htmap.notebook.watching import Watcher
from htmap.statuses import ComponentStatus

logger = logging.getLogger(__name__)

_HERE = Path(__file__).parent
#: What stands for those who see a widget before the first of them has said so.
_FIRST = "the first"

_ACTIONS: dict[str, Callable[[OwnHandle], None]] = {
    "hold": OwnHandle.hold,
    "release": OwnHandle.release,
    "rerun": lambda own: own.rerun(own._failed()),
    "remove": OwnHandle.remove,
}

_widgets: dict[str, MapWidget] = {}


def widget_of(map_: MapHandle) -> MapWidget:
    """Return the widget of a map: one in a process, so that all that show it agree."""
    widget = _widgets.get(map_._folder.map_id)
    if widget is None or widget.is_over:
        widget = _widgets[map_._folder.map_id] = MapWidget(map_)
    widget._own.tag = map_.tag  # it may have got another
    return widget


class MapWidget(anywidget.AnyWidget):
    """A map in a notebook, as it is.

    Its statuses travel as messages, each of what has changed since the one before; what they add
    up to is the state of the model, which whoever opens the page later is given.

    Parameters
    ----------
    map_ : MapHandle
    """

    _esm = _HERE / "map.js"
    _css = _HERE / "map.css"

    looks = traitlets.Dict(
        {str(status): [look.colour, look.mark, status.code] for status, look in LOOKS.items()}
    ).tag(sync=True)
    urgency = traitlets.List([str(status) for status in BY_URGENCY]).tag(sync=True)
    page_id = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Any().tag(sync=True, to_json=lambda _, widget: widget._whole())

    def __init__(self, map_: MapHandle) -> None:
        self._own = OwnHandle.of(map_)
        self._sent = self._seen = take(self._own)
        self._number = 0
        self._lock = threading.RLock()
        # What takes a while is done apart, one after another: the kernel does not wait for it.
        self._worker = ThreadPoolExecutor(1, f"htmap widget {map_.tag}")
        self._watcher = Watcher(self._own, self._show, self.save, self._seen)
        super().__init__(page_id=f"htmap-{uuid.uuid4().hex}")
        self.on_msg(self._hear)
        self._watcher.look(_FIRST, True)

    @property
    def is_over(self) -> bool:
        """Whether it shows nothing new any more."""
        return self._watcher.is_over

    def open(self) -> None:
        """Tell the browser of it."""
        super().open()
        self._hear_anywhere()

    def _send(self, msg: Any, buffers: Any = None) -> None:
        super()._send(msg, buffers)
        self._hear_anywhere()

    def _hear_anywhere(self) -> None:
        """Be answered where the browser wants it: in a subshell, which listens while a cell runs.

        From 7.4 on ipykernel has answers heard where the last message was sent from, which is
        mostly a thread of the main shell's (``ipykernel.comm.comm.BaseComm.publish_msg``).
        """
        if self.comm is not None:
            self.comm.__dict__.pop("_reply_subshell_id", None)

    def close(self) -> None:
        """Take it off all pages."""
        if hasattr(self, "_watcher"):
            self._watcher.close()
            self._worker.shutdown(wait=False)
        super().close()

    # ---- the page that outlives it ----------------------------------------------------------

    def page(self) -> str:
        """Return what the notebook keeps, which the widget hides while it lives."""
        named = static.troubles(self._own, self._seen)
        inside = f'<div class="{self.page_id}">{static.body(self._seen, named)}</div>'
        return pages.page(_WITHOUT_WIDGET, inside)

    def save(self) -> None:
        """Have the notebook keep what there is to see now."""
        from IPython.display import display

        display(
            {"text/html": self.page(), "text/plain": repr(self._own)},
            raw=True,
            display_id=self.page_id,
            update=True,
        )

    # ---- to the browser ---------------------------------------------------------------------

    def _show(self, picture: Picture) -> None:
        with self._lock:
            self._seen = picture
            content, packed = self._message(self._number, self._sent.codes)
            self._number += 1
            self._sent = picture
            self.send({**content, "number": self._number}, [packed])

    def _whole(self) -> dict[str, Any]:
        """Return the picture that was sent last, for who has none before."""
        with self._lock:
            content, packed = self._message(None, b"")
            return {**content, "number": self._number, "packed": packed}

    def _message(self, after: int | None, before: bytes) -> tuple[dict[str, Any], bytes]:
        picture = self._seen
        if len(before) != len(picture.codes):
            before, after = b"", None
        content = {
            "kind": "picture",
            "after": after,
            "tag": picture.tag,
            "size": len(picture.codes),
            "counts": {str(status): number for status, number in picture.counts.items() if number},
            "facts": picture.facts,
            "note": picture.note,
            "removed": picture.removed,
            "can": _possible(picture),
        }
        return content, pack(picture.codes, before)

    # ---- from the browser -------------------------------------------------------------------

    def _hear(self, _: object, content: dict[str, Any], buffers: object) -> None:
        kind = content.get("kind")
        if kind == "view":
            self._watcher.look(str(content["view"]), bool(content["visible"]))
            self._watcher.look(_FIRST, False)
            if content.get("is_new"):
                self.send({"kind": "here"})
        elif kind == "whole":
            whole = self._whole()
            packed = whole.pop("packed")
            self.send(whole, [packed])
        elif kind == "component":
            self._worker.submit(self._answer, self._describe, content["component"])
        elif kind == "act" and content["action"] in _ACTIONS:
            self._worker.submit(self._answer, self._act, content["action"])

    def _answer(self, what: Callable[[Any], None], about: Any) -> None:
        try:
            what(about)
        except HTMapException as error:
            self._say(str(error))
        except Exception as error:
            logger.exception("the widget of the map %r", self._own.tag)
            self._say(f"{type(error).__name__}: {error}")

    def _describe(self, component: int) -> None:
        self.send({"kind": "component", **describe(self._own, component)})

    def _act(self, action: str) -> None:
        self._say(f"{_WORDS[action]} …")
        _ACTIONS[action](self._own)
        self._say("")

    def _say(self, text: str) -> None:
        self.send({"kind": "said", "text": text})


_WORDS = {
    "hold": "holding",
    "release": "releasing",
    "rerun": "running again what failed",
    "remove": "removing",
}

# Once the kernel has gone, JupyterLab says in the widget's place that there is none.
_WITHOUT_WIDGET = (
    "<style>.jp-OutputArea-child:has(.htmap-page)+.jp-OutputArea-child>"
    ".jp-OutputArea-output.jupyter-widgets:not(:has(*)){display:none}</style>"
)


def _possible(picture: Picture) -> list[str]:
    """Return what can be done to a map as it is."""
    if picture.removed:
        return []
    counts = picture.counts
    in_queue = (
        ComponentStatus.IDLE,
        ComponentStatus.RUNNING,
        ComponentStatus.SUSPENDED,
        ComponentStatus.UNMATERIALIZED,
    )
    can = {
        "hold": any(counts.get(status) for status in in_queue),
        "release": counts.get(ComponentStatus.HELD),
        "rerun": any(number for status, number in counts.items() if status.is_failure),
        "remove": True,
    }
    return [action for action, is_possible in can.items() if is_possible]

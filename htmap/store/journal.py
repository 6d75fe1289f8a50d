"""Intents: what is being done to a map, written before it is begun and erased when it is done.

A process that is killed in between leaves its intent behind, and the next look at any map
(:mod:`htmap.recovery`) finishes or undoes what it had begun.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from typing import Literal

from htmap.store.directory import open_root, root, trusted_root
from htmap.store.files import write_whole
from htmap.store.processes import Process


@dataclasses.dataclass(frozen=True)
class Intent:
    """What is being done to one map.

    Attributes
    ----------
    action : {"create", "rerun", "retag", "abandon", "remove"}
    map_id : str
    tag : str
    run : int
        Which submission of the map it is about.
    time : float
        When it was written, in seconds since the epoch.
    """

    action: Literal["create", "rerun", "retag", "abandon", "remove"]
    map_id: str
    tag: str
    run: int = 0
    time: float = dataclasses.field(default_factory=time.time)
    maker: Process = dataclasses.field(default_factory=Process.this)

    @property
    def _name(self) -> str:
        return f"{self.action}-{self.run}-{self.map_id}"

    def begin(self) -> None:
        """Write the intent down."""
        path = open_root() / "journal" / self._name
        write_whole(path, json.dumps(dataclasses.asdict(self)).encode())

    def end(self) -> None:
        """Erase the intent: what it says is done, or undone; safe to repeat."""
        with contextlib.suppress(FileNotFoundError):
            (root() / "journal" / self._name).unlink()

    def is_left_behind(self) -> bool:
        """Tell whether the process that wrote the intent can no longer finish it."""
        return self.maker.is_gone(self._last_sign)

    def _last_sign(self) -> float:
        # Writing the inputs of a map may take hours; each one that is added changes their folder.
        inputs = root() / "maps" / self.map_id / "runs" / str(self.run) / "inputs"
        try:
            return max(self.time, inputs.stat().st_mtime)
        except OSError:
            return self.time


def pending() -> list[Intent]:
    """Return the intents that are written down, of living processes and of dead ones."""
    try:
        names = [path.name for path in (trusted_root() / "journal").iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    intents = []
    for name in names:
        if name.startswith("."):
            continue
        with contextlib.suppress(FileNotFoundError, ValueError, TypeError, KeyError):
            fields = json.loads((root() / "journal" / name).read_text())
            intents.append(Intent(**{**fields, "maker": Process(**fields["maker"])}))
    return intents

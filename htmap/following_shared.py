"""Reading what a component writes while it runs in one job with others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from htmap.execute import packs, places
from htmap.store.growing import GrowingText, end_of


class SharedStream:
    """What is to be seen of a component's stream in the folder in which its job runs.

    There the component that runs writes to a file, which becomes a record of the output pack when
    it has ended; then the file is emptied, and then the pack says that it has ended.

    Parameters
    ----------
    folder : Path
        The job's.
    components : sequence of int
        Those of the job, in their order.
    component : int
    name : {"stdout", "stderr"}

    Attributes
    ----------
    pack, stream : Path
        The files that change when there is news.
    has_ended : bool
        Whether the component has, as far as was looked.
    """

    def __init__(
        self,
        folder: Path,
        components: Sequence[int],
        component: int,
        name: Literal["stdout", "stderr"],
    ) -> None:
        self.pack = folder / places.FOLDER / places.OUTPUT
        self.stream = folder / places.STREAMS[name]
        self.has_ended = False
        self._component = component
        self._kind = packs.STREAMS[name]
        position = components.index(component)
        # It runs once the one before it has ended.
        self._before = components[position - 1] if position else None
        self._runs = not position
        self._record: packs.Record | None = None
        self._seen = 0

    def read(self, text: GrowingText) -> list[str]:
        """Return what is new of it."""
        if not self._look():
            if not self._runs:
                return []
            before = text.state()
            if text.path != self.stream:
                text.open(self.stream)
            pieces = list(text.read())
            if not self._look():
                return pieces
            # What was read may be the next one's, and where there was nothing, the file is emptied.
            text.close()
            text.go_back(before)
        if self._record is None:
            return []
        text.open(self.pack, self._record.offset, self._record.length)
        return list(text.read())

    def end(self, longest: int) -> str:
        """Return the end of it, at most so many bytes."""
        if not self._look():
            text = end_of(self.stream, longest) if self._runs else ""
            if not self._look():
                return text
            # What was read may be the next one's.
        if self._record is None:
            return ""
        return end_of(self.pack, longest, self._record.offset, self._record.length)

    def _look(self) -> bool:
        """Read what has been added to the pack; tell whether the file is the component's no more.

        That is so once it has ended, or its record is there: what it wrote is whole then.
        """
        try:
            with packs.PackReader(self.pack) as pack:
                for record in pack.records(start=self._seen):
                    self._seen = record.offset + record.length
                    ends = record.kind & ~packs.WITH_BUFFERS in (packs.RESULT, packs.ERROR)
                    if record.component == self._component:
                        if record.kind == self._kind:
                            self._record = record
                        self.has_ended = self.has_ended or ends
                    elif record.component == self._before and ends:
                        self._runs = True
        except (OSError, packs.DamagedPackError):
            pass  # the job is about to begin, or has just ended
        return self.has_ended or self._record is not None


def open_at_home(
    text: GrowingText, path: Path, component: int, name: Literal["stdout", "stderr"]
) -> None:
    """Go on with what an output pack that has come home holds of a component's stream."""
    try:
        with packs.PackReader(path) as pack:
            record = pack.find(component, packs.STREAMS[name])
    except (OSError, packs.DamagedPackError):
        record = None
    if record is not None:
        text.open(path, record.offset, record.length)

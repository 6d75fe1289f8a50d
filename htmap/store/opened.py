"""A pack that stays open between one read and the next."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from htmap.execute import packs

Opened = TypeVar("Opened", bound="OpenedPack")


class OpenedPack:
    """A pack that is opened when it is first read, and then kept open.

    Parameters
    ----------
    path : Path
    tag : str
        That of the map, for what is said of errors.
    """

    def __init__(self, path: Path, tag: str) -> None:
        self.path = path
        self.tag = tag
        self._pack: packs.PackReader | None = None

    @property
    def _reader(self) -> packs.PackReader:
        if self._pack is None:
            self._pack = packs.PackReader(self.path)
        return self._pack

    def close(self) -> None:
        """Close the file; what was read stays."""
        if self._pack is not None:
            self._pack.close()
            self._pack = None

    def __enter__(self: Opened) -> Opened:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

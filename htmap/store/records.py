"""Small JSON files that say what a map is, and what is said when they are damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from htmap.exceptions import CorruptPack


class Content(dict[str, Any]):
    """What a file holds; asking it for a name that it lacks says which file is damaged."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        super().__init__(content)
        self._path = path

    def __missing__(self, name: str) -> Any:
        raise damaged(self._path, f"it lacks {name!r}")

    def table(self, name: str) -> Content:
        """Return the object that it has by a name.

        Raises
        ------
        CorruptPack
            If it has none.
        """
        found = self[name]
        if not isinstance(found, dict):
            raise damaged(self._path, f"its {name!r} is no JSON object")
        return Content(self._path, found)


def read_json(path: Path) -> Content:
    """Return the object in a JSON file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CorruptPack
        If it holds no JSON object; asking that for a name that it lacks raises the same.
    """
    text = path.read_bytes()
    try:
        content = json.loads(text)
    except ValueError as error:
        raise damaged(path, error) from error
    if not isinstance(content, dict):
        raise damaged(path, "it holds no JSON object")
    return Content(path, content)


_KEPT = "The map's inputs and finished outputs are in the folders beside it"


def damaged(path: Path, why: object, kept: str = _KEPT) -> CorruptPack:
    """Return the error that says that a file about a map cannot be what was written."""
    return CorruptPack(f"{path} is damaged ({why}). {kept}", path=path)


def is_count(number: object) -> bool:
    """Tell whether something that was read is a number of things, of which there are some."""
    return isinstance(number, int) and number > 0


def is_component(number: object) -> bool:
    """Tell whether something that was read may be the number of a component."""
    return isinstance(number, int) and number >= 0

"""Maps that HTMap 0.6 has left in the same directory: told from damage, deleted when asked to.

Their state can be loaded only with bindings that are no longer there. docs/migrating.md shows how
to read their results.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

# HTMap 0.6 wrote an id with hyphens into a tag's file.
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def folder_of(tag_file: Path) -> Path | None:
    """Return the folder of the map of HTMap 0.6 that a tag's file names, or None if it does not."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = tag_file.read_text().strip()
        folder = tag_file.parent.parent / "maps" / text
        if _ID.fullmatch(text) and (folder / "num_components").exists():
            return folder
    return None


def explanation(tag: str, folder: Path) -> str:
    """Return why such a map cannot be loaded, and what can be done."""
    return (
        f"the map {tag!r} was made by HTMap 0.6, and its state can be loaded by HTMap 0.6 alone. "
        f"Its results are in {folder / 'outputs'}; docs/migrating.md shows how to read them. "
        f"`htmap remove --force {tag}` deletes it and frees the tag"
    )


def remove(folder: Path) -> None:
    """Delete the folder of such a map; safe to repeat."""
    shutil.rmtree(folder, ignore_errors=True)

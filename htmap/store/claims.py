"""Tags on disk: which map a tag stands for, claimed by one process only."""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import os
import re
import time
import uuid
from pathlib import Path

from htmap import tags
from htmap.exceptions import CorruptPack, InvalidTag, TagAlreadyExists, TagNotFound
from htmap.store import htmap06
from htmap.store.directory import open_root, root, trusted_root
from htmap.store.files import sync_folder, write_synced

_ID = re.compile(rb"[0-9a-f]{32}")
# Seconds for which a file without content may be one that is being written, where there are no
# hard links.
_CLAIMING = 10.0

# What link() answers on file systems that have no hard links.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV}


def folder() -> Path:
    """Return the folder of tags, which changes when a tag comes or goes."""
    return root() / "tags"


def claim(tag: str, map_id: str) -> None:
    """Make ``tag`` stand for a map, if it stands for none yet.

    Raises
    ------
    TagAlreadyExists
        If the tag is taken, also when another process takes it at the same instant.
    """
    folder = open_root() / "tags"
    path = folder / tag
    temporary = folder / f".{uuid.uuid4().hex}"
    write_synced(temporary, map_id.encode())
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise taken(tag) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _claim_without_links(path, tag, map_id)
    finally:
        temporary.unlink()
    sync_folder(folder)


def _claim_without_links(path: Path, tag: str, map_id: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise taken(tag) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(map_id)


def taken(tag: str) -> TagAlreadyExists:
    """Return the error that says that a tag is taken and what to do about it."""
    return TagAlreadyExists(
        f"the tag {tag!r} is taken by another map. Load that map with htmap.load({tag!r}), "
        f"remove it with htmap.remove({tag!r}), or choose another tag",
        tag=tag,
    )


def find(tag: str) -> str:
    """Return the id of the map that ``tag`` stands for.

    Raises
    ------
    TagNotFound
        If it stands for none.
    CorruptPack
        If its file is damaged.
    """
    try:
        # What is no tag, too long for a file's name for instance, is no map's tag either.
        path = trusted_root() / "tags" / tags.validate(tag)
        map_id = _read(path)
    except (FileNotFoundError, NotADirectoryError, InvalidTag):
        map_id = ""
    if map_id is None:
        raise _damaged(path, tag)
    if not map_id:
        raise TagNotFound(
            f"there is no map with the tag {tag!r} in {root()}. htmap.get_tags() (in a shell: "
            "`htmap tags`) lists the tags that there are",
            tag=tag,
        )
    return map_id


def _read(path: Path) -> str | None:
    """Return the id in a tag's file, empty while it is being claimed, None if it is damaged."""
    with path.open("rb") as file:
        text = file.read(100).strip()
        age = time.time() - os.fstat(file.fileno()).st_mtime
    if _ID.fullmatch(text):
        return text.decode()
    return "" if not text and age < _CLAIMING else None


def _damaged(path: Path, tag: str) -> CorruptPack:
    old = htmap06.folder_of(path)
    if old is not None:
        return CorruptPack(htmap06.explanation(tag, old), tag=tag, path=old)
    folder = root() / "maps"
    named = set()
    for other in list_tags():
        with contextlib.suppress(FileNotFoundError):
            named.add(_read(path.with_name(other)))
    left = sorted(str(map_.name) for map_ in folder.iterdir() if map_.name not in named)
    have = (
        f"No tag stands for {', '.join(left)} in {folder}: if that is the map, write the name into "
        "the file to have it again"
        if left
        else f"Every map in {folder} has its tag"
    )
    return CorruptPack(
        f"the file {path} is damaged: it does not say which map the tag {tag!r} stands for. {have}",
        tag=tag,
        path=path,
    )


def discard(tag: str) -> None:
    """Delete a tag's file that is damaged, or a map of HTMap 0.6; safe to repeat."""
    path = root() / "tags" / tag
    old = htmap06.folder_of(path)
    if old is not None:
        htmap06.remove(old)
    path.unlink(missing_ok=True)


def is_tag_file(name: str) -> bool:
    """Tell whether a name in the folder of tags can be a tag (temporary files begin with a dot)."""
    return not name.startswith(".") and "/" not in name


def is_taken(tag: str) -> bool:
    """Tell whether a tag stands for a map now."""
    # os.path: what a folder that may not be looked into holds, whoever makes a map there is told.
    return os.path.exists(root() / "tags" / tag)  # noqa: PTH110


def list_tags(pattern: str | None = None) -> tuple[str, ...]:
    """Return all tags, or those that match a shell-style pattern (case matters), sorted."""
    try:
        names = [path.name for path in (trusted_root() / "tags").iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return tuple(
        sorted(
            name
            for name in names
            if is_tag_file(name) and (pattern is None or fnmatch.fnmatchcase(name, pattern))
        )
    )


def release(tag: str, map_id: str) -> None:
    """Free a tag if it still stands for this map; safe to repeat."""
    if stands_for(tag, map_id):
        (root() / "tags" / tag).unlink(missing_ok=True)


def tags_of(map_id: str) -> list[str]:
    """Return the tags that stand for a map, by reading all of them.

    There is one, unless a process was killed while it gave the map another one.
    """
    return [tag for tag in list_tags() if stands_for(tag, map_id)]


def stands_for(tag: str, map_id: str) -> bool:
    """Tell whether a tag stands for this map."""
    try:
        return find(tag) == map_id
    except (TagNotFound, CorruptPack):
        return False

"""Which maps a command is about: tags, patterns, all of them, or standard input."""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import inspect
import select
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

import click

import htmap
from htmap.cli import messages
from htmap.cli.completion import complete_tags
from htmap.exceptions import (
    HTMapException,
    MapWasRemoved,
    NoScheduler,
    SchedulerRefused,
    TagNotFound,
)

if TYPE_CHECKING:
    from htmap import Map

#: What is said when nothing was chosen.
NO_TAGS = "no tags were found"
# Stands for standard input among the tags.
_STANDARD_INPUT = "-"
_HOW_TO_CHOOSE = "Without any TAG, the tags are read from standard input if that is no terminal."


@dataclasses.dataclass(frozen=True)
class Selection:
    """What was chosen on the command line."""

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    everything: bool = False

    def tags(self) -> tuple[str, ...]:
        """Return the chosen tags that there are now, each once: those named first."""
        known = dict.fromkeys(htmap.get_tags())
        named = [tag for tag in self.names if tag in known]
        return tuple(dict.fromkeys([*named, *filter(self._is_matched, known)]))

    def _is_matched(self, tag: str) -> bool:
        return self.everything or any(fnmatch.fnmatchcase(tag, p) for p in self.patterns)

    def takes_all(self) -> bool:
        """Tell whether it was a pattern or ``--all`` that chose every map there is, if any."""
        known = htmap.get_tags()
        return bool(known) and all(map(self._is_matched, known))


def chooses_maps(otherwise_all: bool = False) -> Callable[[Callable[..., None]], Any]:
    """Give a command the arguments that choose maps; it gets a ``selection`` that may be empty.

    Parameters
    ----------
    otherwise_all : bool
        Whether no argument means all maps; else it means the tags in standard input.
    """

    def decorate(function: Callable[..., None]) -> Any:
        @click.argument("tags", nargs=-1, metavar="[TAG]...", shell_complete=complete_tags)
        @click.option(
            "-p",
            "--pattern",
            "patterns",
            multiple=True,
            metavar="GLOB",
            help="Take the tags that match this pattern (such as 'run-*'); may be repeated.",
        )
        @click.option("--all", "everything", is_flag=True, help="Take all maps.")
        @functools.wraps(function)
        def command(
            tags: tuple[str, ...], patterns: tuple[str, ...], everything: bool, **options: Any
        ) -> None:
            if not (tags or patterns or everything):
                everything = otherwise_all
            if tags or not (patterns or everything):
                tags = words_or_standard_input(tags)
            selection = Selection(tuple(existing(tags)), patterns, everything)
            if not selection.tags():
                messages.warning(NO_TAGS)
            function(selection=selection, **options)

        if not otherwise_all:
            command.__doc__ = f"{inspect.getdoc(function)}\n\n{_HOW_TO_CHOOSE}"
        return command

    return decorate


def maps_of(selection: Selection) -> Iterator[Map]:
    """Yield the chosen maps; one that cannot be loaded is told about, and left out."""
    for tag in selection.tags():
        try:
            yield htmap.load(tag)
        except (TagNotFound, MapWasRemoved):
            continue  # removed by another process since the tags were listed
        except HTMapException as error:
            tell(tag, error)


def tell(tag: str, error: HTMapException) -> None:
    """Say that one map cannot be used; work goes on with the others."""
    messages.error(f"map {tag}: {error}")


def do_to_each(selection: Selection, action: Callable[[Map], None]) -> None:
    """Do something to each chosen map; what keeps it from being done to one is told.

    Raises
    ------
    NoScheduler, SchedulerRefused
        Those would keep it from being done to any of the others too.
    """
    for map_ in maps_of(selection):
        try:
            action(map_)
        except MapWasRemoved:
            continue  # by another process
        except (NoScheduler, SchedulerRefused):
            raise
        except HTMapException as error:
            messages.error(str(error))


def existing_map(tag: str) -> Map:
    """Return the map with a tag.

    Raises
    ------
    TagNotFound
        If there is none; tells what it may have been meant to be.
    """
    return htmap.load(*existing([tag]))


def existing(tags: Iterable[str]) -> list[str]:
    """Return tags as they are stored.

    Raises
    ------
    TagNotFound
        If there is no map with one of them; tells what it may have been meant to be.
    """
    known = set(htmap.get_tags())
    found = [unicodedata.normalize("NFC", tag) for tag in tags]
    for tag in found:
        if tag not in known:
            raise _not_found(tag, known)
    return found


def _not_found(tag: str, known: Iterable[str]) -> TagNotFound:
    import difflib

    from htmap.store.directory import root

    close = difflib.get_close_matches(tag, known, n=3)
    meant = f"Did you mean {' or '.join(close)}? " if close else ""
    return TagNotFound(
        f"could not find a map with tag {tag} in {root()}. {meant}"
        "`htmap tags` lists the tags that there are",
        tag=tag,
    )


def words_or_standard_input(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return words with those in standard input in the place of a ``-``, or of none at all."""
    if not words:
        words = () if _is_terminal() else (_STANDARD_INPUT,)
    found: list[str] = []
    for word in words:
        found += _read_words() if word == _STANDARD_INPUT else [word]
    return tuple(found)


def _is_terminal() -> bool:
    return sys.stdin is None or sys.stdin.isatty()


def _read_words() -> list[str]:
    """Read words, which are tags mostly, from standard input, one a line or several."""
    if sys.stdin is None:
        return []
    if not _has_something(sys.stdin):
        # Somebody may have left a pipe open without meaning to write to it.
        click.echo("Reading tags from standard input ...", err=True)
    return sys.stdin.read().split()


def _has_something(stream: TextIO) -> bool:
    try:
        return bool(select.select([stream], [], [], 1.0)[0])
    except (OSError, ValueError):
        return True  # no file that the system could tell about: reading it does not wait

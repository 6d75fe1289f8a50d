"""A map as a page: what an exported notebook shows, and one whose kernel has gone."""

from __future__ import annotations

import itertools
from html import escape

from htmap.display import pages
from htmap.exceptions import HTMapException
from htmap.failures import MapFailures
from htmap.notebook.picture import Picture, take

# So many components that failed, or are held, are named.
_NAMED = 5
_LONGEST = 300


def page(map_: MapFailures) -> str:
    """Return a map as it is now; of one that cannot be looked at, why."""
    picture = take(map_)
    return pages.page(body(picture, troubles(map_, picture)))


def body(picture: Picture, named: list[tuple[int, str]]) -> str:
    """Return what there is to see of a map, without what surrounds it.

    Parameters
    ----------
    picture : Picture
    named : list of (int, str)
        Components of which there is something to say.
    """
    head = f"<b>{escape(picture.tag)}</b>"
    if picture.codes:
        head += f" · {len(picture.codes):,} component{'s' * (len(picture.codes) != 1)}"
    parts = [f"<div>{' · '.join([head, *map(escape, picture.facts)])}</div>"]
    if picture.note:
        parts.append(f"<div>{escape(picture.note)}</div>")
    if picture.codes:
        parts += [pages.bar(picture.counts), pages.strip(picture.codes)]
        parts.append(pages.legend(picture.counts))
    parts += [f"<div>component {component}: {escape(text)}</div>" for component, text in named]
    return "".join(parts)


def troubles(map_: MapFailures, picture: Picture) -> list[tuple[int, str]]:
    """Return the first components that failed or are held, each with a line that says why."""
    if picture.removed or picture.note:
        return []
    found = []
    try:
        for component, hold in itertools.islice(map_._refresh().holds.items(), _NAMED):
            found.append((component, _line(f"held: {hold}")))
        for error in itertools.islice(map_._errors(), _NAMED):
            found.append((error.component, _line(error.exception_msg)))
    except (HTMapException, OSError) as error:
        found.append((getattr(error, "component", None) or 0, _line(str(error))))
    return found


def _line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"

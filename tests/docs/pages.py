"""The manual's pages, and the code blocks in them.

What a block is for is said by its language, and by comments right before it, which a reader does
not see::

    <!-- before: m = htmap.map(len, ["a"]) -->      Python that a block takes for granted
    <!-- file: submit.py -->                        the block is that file, and not run here
    <!-- not run: needs a GPU -->                   and why
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

SOURCE = Path(__file__).parents[2]
#: docs/images/ is made from the images, and has no code.
PAGES = [
    SOURCE / "README.md",
    *sorted(
        page
        for page in (SOURCE / "docs").rglob("*.md")
        if page.parent != SOURCE / "docs" / "images"
    ),
]
#: What is run, compared or read by its parser; "text" is no code, and {...} is Sphinx's.
RUN = ("python", "sh", "console")
READ = ("toml", "yaml", "json")
LANGUAGES = (*RUN, *READ, "output", "text", "dockerfile")
_NOTE = re.compile(r"<!-- (before|file|not run): *(.*?) *-->", re.DOTALL)


class Block(NamedTuple):
    """A block of code in a page.

    Attributes
    ----------
    page : Path
        Where it is.
    line : int
        The line of its first line of code.
    language : str
        As its fence says.
    text : str
        The code.
    notes : dict
        What the comments before it say.
    """

    page: Path
    line: int
    language: str
    text: str
    notes: dict[str, str]


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of code in a page, in order; those of Sphinx are left out."""
    notes: dict[str, str] = {}
    for token in MarkdownIt().parse(page.read_text()):
        if token.type == "html_block":
            notes |= dict(_NOTE.findall(token.content))
            continue
        if token.type in ("fence", "code_block") and not token.info.startswith("{"):
            assert token.map is not None
            line = token.map[0] + (2 if token.type == "fence" else 1)
            yield Block(page, line, token.info.strip(), token.content, notes)
        notes = {}

"""Where the project's pages lead to is there; nothing is fetched to see that."""

from __future__ import annotations

import itertools
import json
import urllib.parse
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from myst_parser.slugs import github_slugify, unique_slug
from pages import SOURCE

_PLACES = ("docs", "examples", "images", "benchmarks", "tests")
PAGES = sorted(
    [*SOURCE.glob("*.md")]
    + [page for place in _PLACES for page in (SOURCE / place).rglob("*.md")]
    + [*(SOURCE / "docs").rglob("*.ipynb")]
)


@cache
def _tokens(page: Path) -> list[Token]:
    text = page.read_text()
    if page.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells)
    return MarkdownIt("commonmark").enable("table").parse(text)


@cache
def _anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as the manual and code hosts make them."""
    slugs: set[str] = set()
    tokens = _tokens(page)
    for opening, inside in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(part.content for part in inside.children or [])
            slugs.add(unique_slug(github_slugify(words), slugs))
    return slugs


def _links(page: Path) -> Iterator[str]:
    for token in _tokens(page):
        for part in token.children or []:
            target = part.attrGet("href" if part.type == "link_open" else "src")
            if part.type in ("link_open", "image") and target is not None:
                yield str(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(SOURCE)))
def test_a_page_leads_only_to_what_is_there(page):
    for link in _links(page):
        url = urllib.parse.urlsplit(link)
        if url.scheme:
            assert url.scheme in ("https", "http", "mailto"), link
            assert url.scheme == "mailto" or "." in url.netloc or "localhost" in url.netloc, link
            continue
        target = (page.parent / urllib.parse.unquote(url.path)).resolve() if url.path else page
        assert target.exists(), f"{page} leads to {link}, which is not there"
        if url.fragment and target.suffix in (".md", ".ipynb"):
            assert url.fragment in _anchors(target), f"{page} leads to {link}: no such heading"

"""What the manual shows is run, page by page, in a pool; what is not says why."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from pages import LANGUAGES, PAGES, READ, RUN, SOURCE, blocks
from running import Page


def _names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(SOURCE)) for page in pages]


def _is_run(page: Path) -> bool:
    return any(b.language in RUN + READ and "not run" not in b.notes for b in blocks(page))


RUNNING = [page for page in PAGES if _is_run(page)]


@pytest.mark.timeout(240)  # a page is dozens of commands and maps
@pytest.mark.parametrize("page", RUNNING, ids=_names(RUNNING))
def test_the_code_of_a_page_does_what_the_page_says(page, htmap_dir, tmp_path, monkeypatch):
    folder = tmp_path / "page"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("HTMAP_DIR", str(htmap_dir))
    # As in a script: what is defined here travels by value.
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    run = Page(module)
    for block in blocks(page):
        run.see_to(block)


@pytest.mark.parametrize("page", PAGES, ids=_names(PAGES))
def test_every_block_of_a_page_says_what_it_is_and_why_if_it_is_not_run(page):
    for block in blocks(page):
        place = f"{page}:{block.line}"
        assert block.language in LANGUAGES, f"{place}: {block.language!r} is none of {LANGUAGES}"
        assert block.notes.get("not run", "a reason") != "", f"{place}: why not?"
        if block.language == "dockerfile":
            assert "not run" in block.notes, f"{place}: say why it is not built"

"""What runs the manual's code notices what is wrong with it."""

from __future__ import annotations

import types

import pytest
from pages import blocks
from running import Page


@pytest.fixture
def see_to(tmp_path, monkeypatch):
    """Run a page that is given as text; its name and place are as they would be."""
    monkeypatch.chdir(tmp_path)

    def run(text):
        page = tmp_path / "page.md"
        page.write_text(text)
        run = Page(types.ModuleType("page"))
        for block in blocks(page):
            run.see_to(block)

    return run


@pytest.mark.parametrize("text", [
    "```python\n1 / 0\n```",
    "```python\nx = 1\nx + 1  # 3\n```",
    "```python\nprint([1, 2])     # [1, 3]\n```",
    "```python\nprint('a')\n```\n\nand that is\n\n```output\nb\n```",
    "```sh\nfalse\n```",
    "```sh\nfalse | cat\n```",
    "```console\n$ echo a b\na c\n```",
    "```toml\na = \n```",
    "<!-- before: 1 / 0 -->\n```python\n1\n```",
])  # fmt: skip
def test_a_page_that_is_wrong_is_found(see_to, text):
    with pytest.raises((AssertionError, ZeroDivisionError, ValueError)):
        see_to(text)


@pytest.mark.parametrize("text", [
    "```python\nx = 1\nx + 1  # 2\nx  # one and no more\n```",
    "```python\nprint([1,\n  2])     # [1, 2]\n```",
    "```python\nprint(3, 'ab')\n```\n\nand that is\n\n```output\n3 ...b\n```",
    "<!-- before:\na = 1\n\nb = 2\n-->\n```python\na + b  # 3\n```",
    "<!-- not run: no reason is good enough -->\n```python\n1 / 0\n```",
    "<!-- file: a.txt -->\n```text\nhello\n```\n\n```console\n$ cat a.txt\nhello\n$ echo b\nb\n```",
    "```text\nno code\n```\n\n```{directive}\nnor that\n```",
])  # fmt: skip
def test_a_page_that_is_right_is_not_in_the_way(see_to, text):
    see_to(text)


def test_a_note_belongs_to_the_block_right_behind_it(see_to):
    with pytest.raises(ZeroDivisionError):
        see_to("<!-- not run: here -->\n\nSome words.\n\n```python\n1 / 0\n```")

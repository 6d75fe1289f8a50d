"""A browser for the tests, and what people do with JupyterLab in it.

The fixtures are those of whichever ``conftest.py`` imports them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright


def run_in_new_notebook(page: Page, code: str) -> Locator:
    """Open a notebook by JupyterLab's launcher, run a cell in it, and return its outputs."""
    page.locator(".jp-LauncherCard[data-category=Notebook][title*='Python 3']").click()
    wait_for_kernel(page)
    page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")
    return outputs(page, 0)


def wait_for_kernel(page: Page) -> None:
    """Wait until a cell can be run: one that is run before there is a kernel is not run."""
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()


def outputs(page: Page, cell: int) -> Locator:
    """Return the outputs of a cell of the notebook that is open."""
    return page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea-output")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        # This container is its sandbox.
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory) -> Path:
    """Return where screenshots are kept: ``HTMAP_TEST_SCREENSHOTS``, else pytest's directory."""
    chosen = os.environ.get("HTMAP_TEST_SCREENSHOTS")
    return Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")


@pytest.fixture
def new_page(browser, screenshots, request) -> Iterator[Callable[..., Page]]:
    """Open pages, each in a browser of a person's own; what they show at the end is kept.

    What is given is Playwright's: ``new_page(color_scheme="dark")``.
    """
    pages: list[Page] = []

    def new(**context) -> Page:
        options = {"viewport": {"width": 1280, "height": 900}, **context}
        page = browser.new_context(**options).new_page()
        page.set_default_timeout(60_000)
        pages.append(page)
        return page

    yield new
    for number, page in enumerate(pages, 1):
        page.screenshot(path=screenshots / f"{request.node.name}-{number}.png")
        page.context.close()

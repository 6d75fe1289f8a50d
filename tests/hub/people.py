"""What people do with a Hub in their browser."""

from __future__ import annotations

from hubs import Hub
from playwright.sync_api import Page

#: What they run in a notebook.
MAP = """\
import htmap

def cube(x):
    return x ** 3

m = htmap.map(cube, range(6), tag="cubes")
list(m)"""


def log_in(page: Page, hub: Hub, name: str, password: str = "") -> None:
    """Come to the Hub and log in."""
    page.goto(hub.url)
    page.locator("#username_input").fill(name)
    page.locator("#password_input").fill(password or hub.password)
    page.locator("#login_submit").click()


def choose_pool(page: Page, pool: str) -> None:
    """Say in the form with which pool the server is to start."""
    page.locator(f"input[name=pool][value={pool}]").check()
    page.locator("#spawn_form input[type=submit], #spawn_form button[type=submit]").click()


def wait_for_lab(page: Page) -> None:
    """Wait until JupyterLab can be used."""
    page.wait_for_url("**/user/*/lab**", timeout=120_000)
    page.locator(".jp-Launcher").wait_for()

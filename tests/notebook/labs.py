"""A notebook container with JupyterLab, as a person has it in the browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

import requests
from browsers import wait_for_kernel
from containers import Running
from playwright.sync_api import Page

TOKEN = "known-to-the-tests"


class Lab:
    """JupyterLab in a container whose port is open on this machine's loopback.

    Attributes
    ----------
    running : Running
        Its container.
    url : str
        Without a slash at the end.
    """

    def __init__(self, running: Running) -> None:
        self.running = running
        running.wait_until(self._is_up, timeout=120)

    #: How a container is started for it.
    COMMAND = ("start-notebook.py", f"--IdentityProvider.token={TOKEN}")
    OPTIONS: ClassVar = {"ports": {"8888/tcp": ("127.0.0.1", None)}, "network": "bridge"}

    @property
    def url(self) -> str:
        self.running.container.reload()
        ports = self.running.container.attrs["NetworkSettings"]["Ports"]["8888/tcp"]
        return f"http://127.0.0.1:{ports[0]['HostPort']}"

    def _is_up(self) -> bool:
        try:
            return self.get("api/status").ok
        except (requests.ConnectionError, KeyError, TypeError):
            return False

    def get(self, path: str, **options) -> requests.Response:
        """Ask the server for something as who is logged in."""
        headers = {"Authorization": f"token {TOKEN}"}
        return requests.get(f"{self.url}/{path}", headers=headers, timeout=60, **options)

    def delete(self, path: str) -> None:
        """Delete something of the server's as who is logged in."""
        headers = {"Authorization": f"token {TOKEN}"}
        requests.delete(f"{self.url}/{path}", headers=headers, timeout=60).raise_for_status()

    def set(self, plugin: str, settings: dict) -> None:
        """Set a JupyterLab plugin's settings, for pages that are opened later."""
        headers = {"Authorization": f"token {TOKEN}"}
        raw = {"raw": json.dumps(settings)}
        where = f"{self.url}/lab/api/settings/{plugin}"
        requests.put(where, json=raw, headers=headers, timeout=60).raise_for_status()

    def write_notebook(self, name: str, cells: Sequence[str]) -> None:
        """Write a notebook of code cells into the home."""
        content = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "cells": [
                {"cell_type": "code", "id": f"cell-{n}", "metadata": {}, "source": source,
                 "outputs": [], "execution_count": None}
                for n, source in enumerate(cells)
            ],
        }  # fmt: skip
        said = requests.put(
            f"{self.url}/api/contents/{name}",
            json={"type": "notebook", "format": "json", "content": content},
            headers={"Authorization": f"token {TOKEN}"}, timeout=60,
        )  # fmt: skip
        assert said.ok, said.text

    def read_notebook(self, name: str) -> dict:
        """Return a notebook as it is saved."""
        return json.loads(self.running.output("cat", name))

    def open(self, page: Page, path: str = "") -> None:
        """Open JupyterLab at a notebook, or at its launcher, in a workspace of the page's own."""
        workspace = f"lab/workspaces/test-{id(page)}"
        where = f"/tree/{path}" if path else ""
        page.goto(f"{self.url}/{workspace}{where}?token={TOKEN}&reset")
        if path:
            wait_for_kernel(page)
        else:
            page.locator(".jp-Launcher").wait_for()

    def run(self, page: Page, cell: int) -> None:
        """Run a cell of the notebook that is open."""
        editor = page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".cm-content")
        editor.click()
        page.keyboard.press("Control+Enter")

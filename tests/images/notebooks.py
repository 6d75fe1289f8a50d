"""Notebooks that are made from the text of their cells, and run by their kernels in a container."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from containers import Running


def run(container: Running, kernel: str, *cells: str) -> list[list[dict]]:
    """Run a notebook as its user would; return each cell's outputs.

    A cell that fails fails the test, unless a line of it is ``# raises-exception``: the tag by
    which nbconvert lets it fail.
    """
    notebook = {
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": kernel, "display_name": kernel}},
        "cells": [
            {
                "cell_type": "code", "id": f"cell-{number}", "source": cell,
                "execution_count": None, "outputs": [],
                "metadata": {"tags": re.findall("^# (raises-exception)$", cell, re.M)},
            }
            for number, cell in enumerate(cells)
        ],
    }  # fmt: skip
    # Into files: some kernels print, too. And not watched by one connection to the engine, which
    # gives up on a command that is silent for as long as Java may take on a busy machine.
    folder = container.output("mktemp", "-d")
    script = (
        'cd "$1" && printf %s "$0" >in.ipynb'
        " && jupyter nbconvert --to notebook --execute in.ipynb --output out.ipynb >log 2>&1"
        "; echo $? >code"
    )
    command = ["sh", "-c", script, json.dumps(notebook), folder]
    container.container.exec_run(command, detach=True)
    container.wait_until(lambda: container.exec("cat", f"{folder}/code").stdout, timeout=280)
    log = container.output("cat", f"{folder}/log")
    assert container.output("cat", f"{folder}/code") == "0", log
    printed = container.output("cat", f"{folder}/out.ipynb")
    return [cell["outputs"] for cell in json.loads(printed)["cells"]]


def text(outputs: list[dict]) -> str:
    """Return what a cell printed, its value, and its error, as text."""
    found = []
    for output in outputs:
        shown = output.get("text") or output.get("data", {}).get("text/plain", "")
        found.append("".join(shown) + "\n".join(output.get("traceback", [])))
    return "".join(found)


def blocks(page: Path, language: str) -> list[str]:
    """Return a Markdown page's blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.M | re.S)

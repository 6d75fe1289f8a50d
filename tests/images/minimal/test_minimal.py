"""What images/minimal promises, on it and on what stands on it."""

import json

import pytest

COMMANDS = ("curl", "git", "less", "nano", "pandoc", "ssh", "unzip", "vi", "xelatex")
NO_POOL = {"HTC_POOL": "none"}
# One of each kind of cell and output that nbconvert's template has TeX for.
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": (
            "# Ümläute\n\n$\\int_0^1 x^2 \\, dx$ and `code`, ~~not~~ [this](http://example.org)\n\n"
            "| a | b |\n|---|---|\n| 1 | 2 |\n\n1. one\n\n> a quotation\n")},
        {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": (
            "import base64\n"
            "from IPython.display import Image, Latex, display\n"
            "print('höher')\n"
            "display(Latex(r'$\\mathscr{L} = \\frac{1}{2}$'))\n"
            "display(Image(base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUl"
            "EQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')))")},
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "nbformat": 4, "nbformat_minor": 4,
}  # fmt: skip


@pytest.mark.children
def test_every_promised_command_is_there(start, image):
    script = (
        "for name do command -v $name > /dev/null || echo no $name; done; TZ=Asia/Tokyo date +%z"
    )
    ended = start(image, "sh", "-c", script, "-", *COMMANDS, environment=NO_POOL).wait()
    assert ended.stdout.split() == ["+0900"], ended


@pytest.mark.parametrize("kind", ["html", "pdf"])
def test_a_notebook_is_executed_and_exported_as(start, image, kind):
    script = (
        f'printf %s "$0" > book.ipynb && jupyter nbconvert --log-level=ERROR --execute --to {kind}'
        f" book.ipynb && cat book.{kind}"
    )
    running = start(image, "sh", "-c", script, json.dumps(NOTEBOOK), environment=NO_POOL)
    running.container.wait(timeout=100)
    exported = running.container.logs(stdout=True, stderr=False)
    if kind == "pdf":
        assert exported.startswith(b"%PDF-"), running.logs().stderr
        # With the fonts that the text is set in.
        assert len(exported) > 10_000
    else:
        assert "höher" in exported.decode()


def test_a_component_uses_what_is_there(start, image):
    program = (
        "import htmap\n"
        "def record(name):\n"
        "    import subprocess\n"
        "    subprocess.run(['git', 'init', '--quiet', name], check=True)\n"
        "    answer = subprocess.check_output(['git', '-C', name, 'status'], text=True)\n"
        "    return answer.splitlines()[0]\n"
        "print(*htmap.map(record, ['one', 'two'], quiet=True))"
    )
    ended = start(image, "python", "-c", program).wait()
    assert ended.stdout == "On branch master On branch master\n", ended

"""Runs the blocks of a page one after another, as a reader would."""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import json
import os
import subprocess
import sys
import tokenize
import types
from collections.abc import Callable
from typing import Any

import tomllib
import yaml
from pages import READ, Block

_READERS: dict[str, Callable[[str], Any]] = {
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
    "json": json.loads,
}
assert set(_READERS) == set(READ)


class Page:
    """The run of one page, in the current directory.

    Parameters
    ----------
    module : module
        What names the page's Python defines.
    """

    def __init__(self, module: types.ModuleType) -> None:
        self._names = module.__dict__
        exec("import htmap", self._names)
        self._printed = ""

    def see_to(self, block: Block) -> None:
        """Run a block, write it to its file, compare it or read it: whatever it is for."""
        place = f"{block.page.name}:{block.line}"
        if "not run" in block.notes:
            return
        self._python(block.notes.get("before", ""), "", 1)
        if "file" in block.notes:
            with open(block.notes["file"], "w") as file:
                file.write(block.text)
        elif block.language == "python":
            self._printed = self._python(block.text, str(block.page), block.line)
        elif block.language == "sh":
            self._printed = _shell(block.text)
        elif block.language == "console":
            for command, output in _dialogue(block.text):
                _compare(output, _shell(command), f"{place}, $ {command}")
        elif block.language == "output":
            _compare(block.text, self._printed, place)
        elif block.language in _READERS:
            assert _READERS[block.language](block.text), place

    def _python(self, code: str, name: str, line: int) -> str:
        """Run code statement by statement; compare what each gives with the value beside it."""
        printed = io.StringIO()
        beside = _values_beside(code)
        # A traceback names the page and the line in it.
        tree = ast.parse("\n" * (line - 1) + code, name or "<before>")
        with contextlib.redirect_stdout(printed):
            for statement in tree.body:
                start = printed.tell()
                value = self._run(statement, name)
                if isinstance(statement, ast.Expr) and statement.end_lineno is not None:
                    expected = beside.get(statement.end_lineno - line + 1)
                    if expected is not None:
                        got = printed.getvalue()[start:].strip() if value is None else repr(value)
                        assert _same(got, expected), f"{name}:{statement.lineno} gives {got}"
        return printed.getvalue()

    def _run(self, statement: ast.stmt, name: str) -> Any:
        if isinstance(statement, ast.Expr):
            return eval(compile(ast.Expression(statement.value), name, "eval"), self._names)
        return exec(compile(ast.Module([statement], []), name, "exec"), self._names)


def _values_beside(code: str) -> dict[int, str]:
    """Return the comments that are values, such as `# [0, 2]`, by their lines."""
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            text = token.string.lstrip("# ")
            with contextlib.suppress(ValueError, SyntaxError):
                ast.literal_eval(text)
                found[token.start[0]] = text
    return found


def _same(got: str, expected: str) -> bool:
    with contextlib.suppress(ValueError, SyntaxError):
        return bool(ast.literal_eval(got) == ast.literal_eval(expected))
    return got == expected


def _shell(script: str) -> str:
    """Run it with this Python's programs; a failure shows what was said."""
    environment = os.environ | {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, timeout=100,
    )  # fmt: skip
    assert run.returncode == 0, f"{script}\n{run.stdout}{run.stderr}"
    return run.stdout


def _dialogue(text: str) -> list[tuple[str, str]]:
    """Divide `$ command` and what it prints."""
    said: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            said.append((line[2:].strip(), ""))
        else:
            said[-1] = said[-1][0], said[-1][1] + line
    return said


def _compare(expected: str, got: str, place: str) -> None:
    """Compare with `...` standing for anything, and spaces for spaces."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if not doctest.OutputChecker().check_output(expected, got, flags):
        raise AssertionError(f"{place}: the page says\n{expected}\nand it is\n{got}")

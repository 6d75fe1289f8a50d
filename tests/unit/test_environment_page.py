"""The manual's page of variables names all that the images' code reads, and no other."""

import ast
import re
from pathlib import Path

from htmap.settings import _ENVIRONMENT, IMAGE_VARIABLE

ROOT = Path(__file__).parents[2]
ENTRYPOINT = ROOT / "entrypoint"
PAGE = (ROOT / "docs" / "environment.md").read_text()

NAME = re.compile(r"_?[A-Z][A-Z0-9_]+")
# What every Unix program has, and what bash sets for its scripts; nobody sets them to steer us.
EVERYONES = {
    "HOME", "PATH", "PWD", "OLDPWD", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "HOSTNAME",
    "EUID", "UID", "PPID", "SECONDS", "RANDOM", "IFS", "PIPESTATUS", "BASH_SOURCE", "LD_PRELOAD",
    "PYTHONPATH", "PYTHONSAFEPATH",
}  # fmt: skip


def is_environment(node: ast.AST) -> bool:
    return "environ" in (getattr(node, "id", ""), getattr(node, "attr", ""))


def names_in(nodes) -> set[str]:
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and NAME.fullmatch(text)}


def read_by_python(text: str) -> set[str]:
    """Return the names that are looked up in, or handed on with, something named `environ`."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Subscript) and is_environment(node.value):
            # What is only assigned is not read; `environ["A"] = ...` is no question.
            if isinstance(node.ctx, ast.Load):
                found |= names_in([node.slice])
        elif isinstance(node, ast.Compare) and any(map(is_environment, node.comparators)):
            found |= names_in([node.left])
        elif isinstance(node, ast.Call):
            on = getattr(node.func, "value", None)
            if (on and is_environment(on)) or any(map(is_environment, node.args)):
                found |= names_in(node.args)
    return found


def read_by_shell(text: str) -> set[str]:
    """Return the variables in capitals; a script's own are in small letters, or begin with _."""
    code = re.sub(r"(?m)(^|\s)#.*$", "", text)
    used = re.findall(r"\$\{?[!#]?([A-Z][A-Z0-9_]+)|-v ([A-Z][A-Z0-9_]+)", code)
    return {name for pair in used for name in pair if name}


def read_by_configuration(text: str) -> set[str]:
    code = re.sub(r"(?m)^\s*[#;].*$", "", text)
    return {
        name.upper()
        for name in re.findall(r"\$ENV\((\w+)|%\(ENV_(\w+)\)", code)
        for name in name
        if name
    }


def read_in_images() -> set[str]:
    found = set()
    for path in ENTRYPOINT.rglob("*"):
        if not path.is_file() or path.suffix == ".pyc":
            continue
        text = path.read_text()
        first = text.partition("\n")[0]
        if path.suffix == ".py" or (first.startswith("#!") and "python" in first):
            found |= read_by_python(text)
        elif first.startswith("#!") or path.suffix == ".sh":
            found |= read_by_shell(text)
        else:
            found |= read_by_configuration(text)
    return found - EVERYONES


def on_page() -> set[str]:
    """Return the names in the first column of the page's tables."""
    cells = re.findall(r"(?m)^\| (`.*?) \|", PAGE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def known() -> set[str]:
    return read_in_images() | {*_ENVIRONMENT, IMAGE_VARIABLE}


def test_every_variable_that_is_read_is_on_the_page():
    assert known() - on_page() == set()


def test_the_page_names_no_variable_that_nothing_reads():
    assert on_page() - known() == set()


def test_each_variable_has_a_default_a_meaning_and_what_a_bad_value_does():
    rows = re.findall(r"(?m)^\| `.*$", PAGE)
    assert rows
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4, row
        assert all((cells[0], cells[2], cells[3])), row


def test_a_variable_is_found_however_it_is_read():
    python = (
        "import os\nA = os.environ['A_ONE']\nos.environ['NOT_THIS'] = 'NOR_THIS'\n"
        "def f(environ): return environ.get('A_TWO', 'x'), g(environ, 'A_THREE')\n"
        "B = 'A_4' in environ\n"
    )
    assert read_by_python(python) == {"A_ONE", "A_TWO", "A_THREE", "A_4"}
    shell = (
        '# $NOT_THIS\nif [[ -v B_ONE && ${B_TWO:-} == "$B_THREE" ]]; then own=1; fi; echo "$own"'
    )
    assert read_by_shell(shell) == {"B_ONE", "B_TWO", "B_THREE"}
    configuration = 'A = "$ENV(C_ONE:)"\nlogfile=%(ENV_C_TWO)s/x\n# $ENV(NOT_THIS)'
    assert read_by_configuration(configuration) == {"C_ONE", "C_TWO"}

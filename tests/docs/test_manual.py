"""The manual is made without a warning, and has an entry for all that is public."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import click
import pytest
from sphinx.util.inventory import InventoryFile

import htmap
from htmap.cli.main import cli

# Making it runs the notebooks.
pytestmark = pytest.mark.timeout(600)

#: Modules that users import from, beside htmap itself.
MODULES = ["htmap.exceptions", "htmap.testing"]


@pytest.fixture(scope="module")
def entries(manual):
    """Return the names that the manual has entries for, by kind."""
    inventory = InventoryFile.loads((manual / "objects.inv").read_bytes(), uri="")
    return {kind: set(names) for kind, names in inventory.data.items()}


@pytest.fixture(scope="module")
def python(entries):
    """Return the names of Python that the manual has entries for."""
    return {name for kind, names in entries.items() if kind.startswith("py:") for name in names}


def _public(cls: type) -> list[str]:
    return [
        f"{cls.__name__}.{name}"
        for name, value in inspect.getmembers(cls)
        if not name.startswith("_") and (callable(value) or isinstance(value, property))
    ]


def test_the_manual_has_an_entry_for_every_public_name(python):
    names = [f"htmap.{name}" for name in htmap.__all__]
    for module in MODULES:
        names += [f"{module}.{name}" for name in importlib.import_module(module).__all__]
    assert [name for name in names if name not in python] == []


@pytest.mark.parametrize(
    "name", [name for name in htmap.__all__ if inspect.isclass(getattr(htmap, name))]
)
def test_the_manual_has_an_entry_for_every_public_member_of_a_class(python, name):
    cls = getattr(htmap, name)
    of_python = {
        n for base in cls.__mro__ if not base.__module__.startswith("htmap") for n in vars(base)
    }
    wanted = [member for member in _public(cls) if member.split(".")[1] not in of_python]
    assert [member for member in wanted if f"htmap.{member}" not in python] == []


def _commands(command: click.Command, path: str):
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _commands(child, f"{path} {name}")


def test_the_manual_has_an_entry_for_every_command_and_option(manual, entries):
    page = re.sub(r"<[^>]+>", "", (manual / "docs/reference/commands.html").read_text())
    for path, command in _commands(cli, "htmap"):
        assert f"{path} [OPTIONS]" in page, path
        for option in command.params:
            if isinstance(option, click.Option):
                program = path.replace(" ", "-")
                wanted = {f"{program}.{name}" for name in option.opts + option.secondary_opts}
                assert wanted <= entries["std:cmdoption"], path


def test_the_manual_begins_at_its_start_page(manual):
    start = (manual / "index.html").read_text()
    assert "url=docs/index.html" in start
    assert (manual / "docs/index.html").exists()


def test_the_manuals_notebooks_show_what_they_gave(manual):
    pages = sorted(Path(manual, "docs/tutorials").glob("0*.html"))
    assert pages
    assert all("cell_output" in page.read_text() for page in pages)

"""Changing a map: its tag, and what its jobs ask for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from htmap.cli.completion import complete_tags
from htmap.cli.quantities import Number
from htmap.cli.selection import Selection, chooses_maps, do_to_each, existing_map

if TYPE_CHECKING:
    from htmap import Map

Function = TypeVar("Function", bound=Callable[..., None])


@click.command()
@click.argument("tag", shell_complete=complete_tags)
@click.argument("new")
def retag(tag: str, new: str) -> None:
    """Give a map another tag.

    A map that was made without a tag is one to keep from then on.
    """
    map_ = existing_map(tag)
    old = map_.tag
    map_.retag(new)
    click.echo(f"Retagged map {old} to {map_.tag}")


@click.group()
def edit() -> None:
    """Change what the jobs of a map ask for."""


# Kilobytes, as HTCondor counts.
_UNITS = {"KB": 1, "MB": 1024, "GB": 1024**2}
_AMOUNT = Number(min=0, min_open=True)


def _unit(*units: str, default: str) -> Callable[[Function], Function]:
    return click.option(
        "--unit",
        type=click.Choice(units, case_sensitive=False),
        metavar="|".join(units),
        default=default,
        show_default=True,
        help="The unit of AMOUNT.",
    )


@edit.command()
@chooses_maps()
@click.argument("amount", type=_AMOUNT)
@_unit("MB", "GB", default="MB")
def memory(selection: Selection, amount: float, unit: str) -> None:
    """Set the memory that the jobs of maps ask for.

    What runs already keeps what it has.
    """
    megabytes = math.ceil(amount * _UNITS[unit] / _UNITS["MB"])
    _edit(selection, lambda map_: map_.set_memory(megabytes), "memory", f"{amount:g} {unit}")


@edit.command()
@chooses_maps()
@click.argument("amount", type=_AMOUNT)
@_unit("KB", "MB", "GB", default="GB")
def disk(selection: Selection, amount: float, unit: str) -> None:
    """Set the disk space that the jobs of maps ask for.

    What runs already keeps what it has.
    """
    kilobytes = math.ceil(amount * _UNITS[unit])
    _edit(selection, lambda map_: map_.set_disk(kilobytes), "disk", f"{amount:g} {unit}")


def _edit(selection: Selection, change: Callable[[Map], None], what: str, amount: str) -> None:
    def edit_one(map_: Map) -> None:
        change(map_)
        click.echo(f"Set {what} request for map {map_.tag} to {amount}")

    do_to_each(selection, edit_one)

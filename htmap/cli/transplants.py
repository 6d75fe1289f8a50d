"""The packed environments that the delivery method `transplant` keeps."""

from __future__ import annotations

import click

import htmap
from htmap.exceptions import HTMapException


@click.group()
def transplants() -> None:
    """List and remove packed environments.

    The delivery method transplant keeps them for the next map that needs the same.
    """


@transplants.command()
def info() -> None:
    """List the packed environments, each with the INDEX by which it can be removed."""
    if htmap.transplants():
        click.echo(htmap.transplant_info())
    else:
        click.echo("There are no transplants", err=True)


@transplants.command()
@click.argument("index", type=click.IntRange(min=0))
def remove(index: int) -> None:
    """Remove a packed environment; the next map that needs it packs it again."""
    known = htmap.transplants()
    if index >= len(known):
        raise HTMapException(
            f"there is no transplant {index}: there are {len(known)}, numbered from 0, which "
            "`htmap transplants info` lists"
        )
    known[index].remove()
    click.echo(f"Removed transplant {index} ({known[index].hash})")

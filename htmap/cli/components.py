"""What the components of maps are doing, and what keeps them from running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from htmap.cli.selection import Selection, chooses_maps, do_to_each
from htmap.statuses import ComponentStatus

if TYPE_CHECKING:
    from htmap import Map

#: A status as an option's value, in upper or lower case.
STATUS = click.Choice(ComponentStatus, case_sensitive=False)


@click.command()
@chooses_maps()
@click.option(
    "--status",
    type=STATUS,
    metavar="STATUS",
    help="Only the numbers of those that have it.",
)
@click.option(
    "--color/--no-color", default=None, help="Colour the statuses (the default at a terminal)."
)
@click.pass_context
def components(
    context: click.Context,
    selection: Selection,
    status: ComponentStatus | None,
    color: bool | None,
) -> None:
    """Print the number and status of each component.

    There is one a line. With --status, the numbers are on one line. Of several maps, each line
    begins with the tag.
    """
    from htmap.display.palette import LOOKS

    if color is not None:
        context.color = color
    several = len(selection.tags()) > 1

    def show(map_: Map) -> None:
        tag = f"{map_.tag} " if several else ""
        if status is None:
            words = {each: click.style(each, fg=LOOKS[each].terminal) for each in ComponentStatus}
            lines = (f"{tag}{i} {words[s]}\n" for i, s in enumerate(map_.component_statuses))
            click.echo("".join(lines), nl=False)
        else:
            click.echo(f"{tag}{' '.join(map(str, map_.components_by_status()[status]))}")

    do_to_each(selection, show)


@click.command()
@chooses_maps()
def reasons(selection: Selection) -> None:
    """Print why components are held.

    Maps without any are left out.
    """

    def show(map_: Map) -> None:
        if holds := len(map_.holds):
            title = f"Map {map_.tag} ({holds} hold{'s' if holds > 1 else ''})"
            click.echo(f"{click.style(title, bold=True)}\n{map_.hold_report()}\n")

    do_to_each(selection, show)


@click.command()
@chooses_maps()
def analyze(selection: Selection) -> None:
    """Say why components do not run: what the pool offers them."""
    do_to_each(selection, lambda map_: click.echo(str(map_.analyze())))

"""Which maps there are, and how they are doing."""

from __future__ import annotations

import sys

import click

from htmap.cli.selection import Selection, chooses_maps, maps_of, tell
from htmap.exceptions import HTMapException


@click.command()
@click.option(
    "-p",
    "--pattern",
    "patterns",
    multiple=True,
    metavar="GLOB",
    help="Only the tags that match this pattern (such as 'run-*'); may be repeated.",
)
def tags(patterns: tuple[str, ...]) -> None:
    """Print the tags of all maps, one a line."""
    found = Selection(patterns=patterns, everything=not patterns).tags()
    if found:
        click.echo("\n".join(found))


@click.command()
@chooses_maps(otherwise_all=True)
@click.option(
    "--state/--no-state", default=True, help="Count the components by status (the default)."
)
@click.option(
    "--meta/--no-meta",
    default=True,
    help="Tell the disk space, memory and CPU time of each map (the default).",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "json_compact", "csv"]),
    default="text",
    show_default=True,
    help="A table to read, or data for another program.",
)
@click.option("--live/--no-live", default=False, help="Keep the table up to date until Ctrl-C.")
@click.option(
    "--color/--no-color", default=None, help="Colour the rows (the default at a terminal)."
)
@click.pass_context
def status(
    context: click.Context,
    selection: Selection,
    state: bool,
    meta: bool,
    form: str,
    live: bool,
    color: bool | None,
) -> None:
    """Show what the components of each map are doing.

    Without any TAG, it shows all maps. A map that was made without a tag has a * before its name;
    TAG may be - for tags in standard input.
    """
    if color is not None:
        context.color = color
    if live:
        _check_live(form)
        from htmap.cli.live import live_status

        live_status(selection, state, meta, context.color)
        return
    from htmap.display.records import status_csv, status_json
    from htmap.display.tables import status_lines
    from htmap.management import summaries

    rows = summaries(maps_of(selection), meta, tell)
    if form == "csv":
        click.echo(status_csv(rows, state), nl=False)
    elif form == "text":
        for line in status_lines(rows, state):
            click.echo(click.style(line.text, fg=line.colour, bold=line.is_header or None))
    else:
        click.echo(status_json(rows, state, compact=form == "json_compact"))


def _check_live(form: str) -> None:
    if form != "text":
        raise HTMapException(f"--live shows a table: it does not go with --format {form}")
    if not sys.stdout.isatty():
        raise HTMapException(
            "--live draws on a terminal, and standard output is none: leave it out, or see "
            "`htmap wait`"
        )

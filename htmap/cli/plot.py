"""Pictures of a map, as files."""

from __future__ import annotations

import io
from pathlib import Path

import click

from htmap.cli.completion import complete_tags
from htmap.cli.selection import existing_map
from htmap.plots import PARTS, Part


@click.command()
@click.argument("tag", shell_complete=complete_tags)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file; its ending (.png, .svg, .pdf) says what it becomes. TAG.png by default.",
)
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice(PARTS),
    help="Draw only this; may be repeated. All of them by default.",
)
def plot(tag: str, output: Path | None, parts: tuple[Part, ...]) -> None:
    """Draw when and where the components of a map ran.

    The file's name is printed.
    """
    from htmap.plots import with_matplotlib

    map_ = existing_map(tag)
    path = Path(f"{map_.tag}.png") if output is None else output
    chosen = tuple(dict.fromkeys(parts)) or PARTS
    figure = with_matplotlib.figure(len(chosen))
    kinds = figure.canvas.get_supported_filetypes()
    kind = path.suffix[1:].lower()
    if kind not in kinds:
        raise click.UsageError(
            f"{path} does not end with a kind of picture that can be drawn: "
            f"{', '.join(f'.{each}' for each in sorted(kinds))}"
        )
    map_.plot(chosen, figure=figure)
    drawn = io.BytesIO()
    figure.savefig(drawn, format=kind, bbox_inches="tight")
    # Only now: a file that is there stays if drawing fails.
    path.write_bytes(drawn.getvalue())
    click.echo(path)

"""What has been done in the HTMap directory."""

from __future__ import annotations

import click


@click.command()
@click.option("--view/--no-view", default=False, help="Show the text in a pager, not the path.")
def logs(view: bool) -> None:
    """Print where the log is of what was done to maps.

    It is about all that was done from this HTMap directory, and has the traceback of each error of
    this command that should not have been.
    """
    from htmap.store import history

    if view:
        click.echo_via_pager(history.read())
    else:
        click.echo(history.path())

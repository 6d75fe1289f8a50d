"""Which versions are in use."""

import click

from htmap.version import version as htmap_version


@click.command()
def version() -> None:
    """Print the versions of htmap and of HTCondor's bindings."""
    # Here, because HTCondor's bindings take longer to import than all of htmap.
    from htmap.pool.bindings import condor_version

    click.echo(htmap_version())
    click.echo(condor_version())

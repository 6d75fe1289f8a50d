"""The command itself, with the options that come before any subcommand."""

from __future__ import annotations

import logging
import os
import sys

import click

from htmap.cli.acting import hold, pause, release, resume, vacate
from htmap.cli.autocompletion import autocompletion
from htmap.cli.components import analyze, components, reasons
from htmap.cli.configuration import set_, settings
from htmap.cli.editing import edit, retag
from htmap.cli.group import Commands
from htmap.cli.logs import logs
from htmap.cli.output import errors, stderr, stdout
from htmap.cli.paths import path
from htmap.cli.removal import clean, remove
from htmap.cli.rerunning import rerun
from htmap.cli.status import status, tags
from htmap.cli.transplants import transplants
from htmap.cli.version import version
from htmap.cli.wait import wait
from htmap.version import __version__


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="HTMap version %(version)s")
@click.option(
    "-v", "--verbose", is_flag=True, help="Say what is done; show the traceback of an error."
)
@click.pass_context
def cli(context: click.Context, verbose: bool) -> None:
    """Look at HTMap maps, act on them and remove them.

    Exit statuses: 0 all is well, 1 there was an error (each is told on standard error), 2 the
    command line is not understood, 130 Ctrl-C.
    """
    if os.environ.get("NO_COLOR"):
        context.color = False
    _log_to_standard_error(context, logging.DEBUG if verbose else logging.WARNING)


class _StandardError(logging.Handler):
    """Writes to what is standard error now: a live display puts itself in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), file=sys.stderr)


def _log_to_standard_error(context: click.Context, level: int) -> None:
    logger, handler = logging.getLogger("htmap"), _StandardError()
    before = logger.level
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(level)
    # A program that calls this command as a function gets its logger back as it was.
    context.call_on_close(lambda: logger.setLevel(before))
    context.call_on_close(lambda: logger.removeHandler(handler))


for command in (
    *(status, tags, components, wait, errors, reasons, stdout, stderr, analyze),
    *(hold, release, pause, resume, vacate, remove, clean, rerun, retag, edit),
    *(path, logs, settings, set_, transplants, autocompletion, version),
):
    cli.add_command(command)

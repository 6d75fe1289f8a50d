"""The command itself, with the options that come before any subcommand."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping

import click

from htmap.cli import messages
from htmap.cli.group import Commands
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
    _show_warnings(context)


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


def _show_warnings(context: click.Context) -> None:
    """Show what the library warns of as this command's own warnings, without a place in code."""
    context.with_resource(warnings.catch_warnings())
    warnings.showwarning = lambda message, *_, **__: messages.warning(str(message))


# In which module each command is.
_HOMES = {
    name: (module, name)
    for module, names in {
        "acting": "hold pause release resume vacate",
        "autocompletion": "autocompletion",
        "components": "analyze components reasons",
        "configuration": "settings",
        "editing": "edit retag",
        "logs": "logs",
        "output": "errors stderr stdout",
        "paths": "path",
        "plot": "plot",
        "removal": "clean remove",
        "rerunning": "rerun",
        "status": "status tags",
        "transplants": "transplants",
        "version": "version",
        "wait": "wait",
    }.items()
    for name in names.split()
}
_HOMES["set"] = ("configuration", "set_")


class _Homes(Mapping[str, click.Command]):
    """The commands by name, each imported when it is asked for: most runs need one of them."""

    def __getitem__(self, name: str) -> click.Command:
        module, its_name = _HOMES[name]
        command = getattr(importlib.import_module(f"htmap.cli.{module}"), its_name)
        assert isinstance(command, click.Command)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


# Nothing adds to them.
cli.commands = _Homes()  # type: ignore[assignment]

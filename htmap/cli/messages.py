"""What is said on standard error, and the exit status that follows from it."""

from __future__ import annotations

import sys

import click

_SAID = "htmap.cli.messages"


def warning(message: str) -> None:
    """Say that something is not as expected; the exit status stays what it is."""
    click.echo(f"{click.style('WARNING:', fg='yellow')} {message}", file=sys.stderr)


def error(message: str) -> None:
    """Say what went wrong, once; work goes on, and the command's exit status will be 1."""
    said: dict[str, None] = click.get_current_context().meta.setdefault(_SAID, {})
    if message not in said:
        said[message] = None
        click.echo(f"{click.style('ERROR:', fg='red')} {message}", file=sys.stderr)


def exit_status(context: click.Context) -> int:
    """Return 1 if any error was told, else 0."""
    return 1 if context.meta.get(_SAID) else 0

"""How every command ends: exit statuses, and errors as sentences instead of tracebacks."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import click

from htmap.cli import messages
from htmap.exceptions import HTMapException

#: 128 + SIGINT, as a shell has it.
_INTERRUPTED = 130
# Set by a shell that wants a command line completed.
_COMPLETION = "_HTMAP_COMPLETE"


class Commands(click.Group):
    """A group of commands that never shows a traceback unless it is asked to."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line and exit."""
        for stream in (sys.stdout, sys.stderr):
            # A tag or a report in a script that the terminal's encoding lacks is shown escaped.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        if _COMPLETION in os.environ:
            from htmap.cli import completion

            completion.register()
        return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; turn what it raises into a message and an exit status."""
        try:
            super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise  # click knows what to do, quietly
        except (KeyboardInterrupt, click.Abort):
            if sys.stderr.isatty():
                click.echo(err=True)  # after the ^C that the terminal shows
            ctx.exit(_INTERRUPTED)
        except Exception as error:
            if ctx.params["verbose"]:
                raise
            messages.error(_sentence(error))
            _forget_unwritten()
            if not isinstance(error, (HTMapException, OSError)):
                _log_traceback()
        ctx.exit(messages.exit_status(ctx))


def _forget_unwritten() -> None:
    """Keep what standard output does not take (a full disk) from being tried again at the end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _log_traceback() -> None:
    import traceback

    from htmap.store import history

    history.write(f"{' '.join(sys.argv)}: {traceback.format_exc()}")


def _sentence(error: Exception) -> str:
    if isinstance(error, (HTMapException, OSError)):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        missing = (error.name or "").partition(".")[0]
        if missing in ("rich", "tomlkit"):
            return f"this command needs {missing}: run `pip install 'htmap[cli]'`"
    # Not one that is raised on purpose.
    return f"unexpected {type(error).__name__}: {error} (`htmap -v ...` shows where)"

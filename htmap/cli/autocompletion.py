"""Turning completion on in a shell."""

from __future__ import annotations

import os
from pathlib import Path

import click

_SHELLS = ("bash", "zsh", "fish")

# Each does nothing where there is no htmap, as when another environment is active.
_LINES = {
    "bash": 'command -v htmap > /dev/null && eval "$(_HTMAP_COMPLETE=bash_source htmap)"',
    # Its completion system has to be there first.
    "zsh": (
        "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }; "
        '(( $+commands[htmap] )) && eval "$(_HTMAP_COMPLETE=zsh_source htmap)"'
    ),
    "fish": "command -q htmap; and env _HTMAP_COMPLETE=fish_source htmap | source",
}


@click.command()
@click.option(
    "--shell",
    type=click.Choice(_SHELLS),
    help="Which shell (by default the one that $SHELL names).",
)
@click.option("--force", is_flag=True, help="Write the line also if the file has it already.")
@click.option(
    "--destination",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of the shell's own.",
)
def autocompletion(shell: str | None, force: bool, destination: Path | None) -> None:
    """Let a shell complete commands, options and tags.

    It does so from its next start on. What turns it on is a line in ~/.bashrc, ~/.zshrc or
    ~/.config/fish/completions/htmap.fish.
    """
    shell = shell or _shell_in_use()
    path = (destination or _startup_file(shell)).expanduser()
    text = path.read_text(errors="surrogateescape") if path.exists() else ""
    if _LINES[shell] in text and not force:
        click.echo(f"{path} turns completion on already")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    start = "" if not text or text.endswith("\n") else "\n"
    with path.open("a") as file:
        file.write(f"{start}# Completion of htmap's commands\n{_LINES[shell]}\n")
    click.echo(f"Turned completion on in {path}: it works in the next {shell} that you start")


def _shell_in_use() -> str:
    name = os.path.basename(os.environ.get("SHELL", ""))  # noqa: PTH119 - no path to make
    if name not in _SHELLS:
        raise click.UsageError(
            f"Completion works in {', '.join(_SHELLS)}; $SHELL names none of them. Say which by "
            "--shell."
        )
    return name


def _startup_file(shell: str) -> Path:
    home = Path("~")
    if shell == "bash":
        return home / ".bashrc"
    if shell == "zsh":
        return Path(os.environ.get("ZDOTDIR") or home) / ".zshrc"
    return Path(
        os.environ.get("XDG_CONFIG_HOME") or home / ".config", "fish/completions/htmap.fish"
    )

"""Completion, in the shells themselves: a person types the beginning of a word, and Tab (B18)."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Terminal, run
from hand_made import HandMade

# What each is started with, so that it reads no file but the one that completion is turned on in.
SHELLS = {
    "bash": ["bash", "--rcfile", ".bashrc", "-i"],
    "zsh": ["zsh", "-i"],
    "fish": ["fish", "--interactive"],
}
STARTUP = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/completions/htmap.fish"}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A shell in which completion has been turned on."""
    monkeypatch.chdir(tmp_path)
    for variable in ("ZDOTDIR", "XDG_CONFIG_HOME", "ENV", "BASH_ENV"):
        monkeypatch.delenv(variable, raising=False)
    result = run("autocompletion", "--shell", request.param)
    assert result.exit_code == 0, result.output
    assert str(tmp_path / STARTUP[request.param]) in result.stdout
    return str(request.param)


@pytest.fixture
def terminal(shell: str) -> Iterator[Terminal]:
    with Terminal(program=SHELLS[shell]) as terminal:
        terminal.type("echo re''ady\r")
        terminal.wait_for("ready")
        yield terminal


def printed(terminal: Terminal, typed: str, folder: Path) -> str:
    """Return what a line prints that was typed with Tabs in it."""
    output = folder / "printed"
    terminal.type(f"{typed}> {output}; touch {output}.whole\r")
    deadline = time.monotonic() + 30
    while not (folder / "printed.whole").exists():
        assert time.monotonic() < deadline, terminal.shown
        time.sleep(0.01)
    (folder / "printed.whole").unlink()
    return output.read_text()


def test_commands_tags_and_values_are_completed(terminal, tmp_path):
    HandMade("lr=0.1,a", "COMPLETED", "HELD")
    HandMade("lr=0.2", "RUNNING")
    HandMade("f(x)&{y}", "IDLE")
    one = printed(terminal, "htmap compo\tlr=0.1\t--status he\t", tmp_path)
    assert one == "1\n"
    assert printed(terminal, "htmap components l\t2\t", tmp_path) == "0 RUNNING\n"
    assert printed(terminal, "htmap components f\t", tmp_path) == "0 IDLE\n"
    # A tag that was given is not offered again.
    assert printed(
        terminal, "htmap status --no-state --no-m\tf\t lr=0.2 lr\t", tmp_path
    ).split() == [
        "Tag",
        "f(x)&{y}",
        "lr=0.1,a",
        "lr=0.2",
    ]
    events = printed(terminal, "htmap path lr=0.2:ev\t", tmp_path)
    assert events.endswith("/events\n")
    assert printed(terminal, "htmap path lr=0.2:ma\t", tmp_path) == f"{os.path.dirname(events)}\n"


def test_what_can_follow_is_listed(terminal):
    terminal.type("htmap st\t\t")
    for command in ("status", "stderr", "stdout"):
        # fish underlines what was typed.
        terminal.wait_for(command.removeprefix("st"))


def test_an_unusable_directory_does_not_spoil_the_line(terminal, shell, tmp_path, htmap_dir):
    htmap_dir.mkdir(mode=0o777)
    htmap_dir.chmod(0o777)
    assert printed(terminal, "htmap status bo\t || echo as typed", tmp_path).strip() == "as typed"
    assert "Traceback" not in terminal.shown


def test_turning_completion_on_again_changes_nothing_unless_forced(shell, tmp_path):
    startup = tmp_path / STARTUP[shell]
    before = startup.read_text()
    again = run("autocompletion", "--shell", shell)
    assert again.exit_code == 0
    assert again.stdout == f"{startup} turns completion on already\n"
    assert startup.read_text() == before
    assert run("autocompletion", "--shell", shell, "--force").exit_code == 0
    assert startup.read_text() == before + before


def test_completion_is_added_to_a_file_of_ones_own_behind_what_is_there(tmp_path):
    file = tmp_path / "mine"
    file.write_text("alias ll='ls -l'")
    assert run("autocompletion", "--shell", "zsh", "--destination", str(file)).exit_code == 0
    first, *added = file.read_text().splitlines()
    assert first == "alias ll='ls -l'"
    assert "zsh_source" in added[-1]


def test_the_shell_in_use_is_taken_unless_one_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run("autocompletion").exit_code == 0
    assert (tmp_path / STARTUP["fish"]).exists()
    monkeypatch.setenv("SHELL", "/bin/dash")
    result = run("autocompletion")
    assert result.exit_code == 2
    assert "Completion works in bash, zsh, fish" in result.stderr

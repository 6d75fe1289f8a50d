"""The manual's page on the command line says what the command line says."""

import re
import shlex
from pathlib import Path

import click
import pytest

from htmap.cli import cli

PAGE = (Path(__file__).parents[3] / "docs" / "command-line.md").read_text()
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def sections() -> dict[str, str]:
    """Return the page's sections by title; what comes before the first has none."""
    start, *others = re.split(r"^## (.*)$", PAGE, flags=re.MULTILINE)
    return {"": start, **dict(zip(others[::2], others[1::2], strict=True))}


def named_options(text: str) -> set[str]:
    """Return the options in a text's code, without comments."""
    code = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    prose = re.sub(r"```sh\n.*?```", "", text, flags=re.DOTALL)
    code += re.findall(r"`([^`]*)`", prose)
    lines = "\n".join(code).splitlines()
    return {name for line in lines for name in OPTION.findall(line.partition("#")[0])}


def commands_in(command: click.Command) -> list[click.Command]:
    """Return those of a group, or the command itself."""
    return list(command.commands.values()) if isinstance(command, click.Group) else [command]


def options_of(*commands: click.Command) -> set[str]:
    params = [param for command in commands for param in command.params]
    options = [param for param in params if isinstance(param, click.Option)]
    return {name for option in options for name in [*option.opts, *option.secondary_opts]}


COMMANDS = {name: commands_in(command) for name, command in cli.commands.items()}


def examples() -> list[str]:
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)).splitlines()
    commands = (part for line in lines for part in re.split(r"&&|\|", line.partition("#")[0]))
    return [command.strip() for command in commands if command.strip()]


def test_each_command_has_a_section_and_each_section_a_command():
    titles = {title for title in sections() if title.startswith("htmap ")}
    assert titles == {f"htmap {name}" for name in cli.commands}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_options_of_a_command_are_those_of_its_section(name):
    choosing = named_options(sections()["Choosing maps"]) - {"-"}
    in_section = named_options(sections()[f"htmap {name}"])
    there = options_of(*COMMANDS[name])
    assert in_section <= there
    assert there - in_section <= choosing


def test_the_options_before_the_command_are_on_the_page():
    help_options = set(cli.context_settings["help_option_names"])
    assert named_options(sections()[""]) - {"-m"} == options_of(cli) | help_options


@pytest.mark.parametrize("example", examples())
def test_an_example_is_understood(example):
    program, name, *arguments = shlex.split(example)
    assert program == "htmap"
    command = cli.commands[name]
    if isinstance(command, click.Group):
        name, *arguments = arguments
        command = command.commands[name]
    # Parses them, which fails on what it does not know, and runs nothing.
    assert command.make_context(name, arguments)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_of_a_command_says_what_it_and_each_option_does(name):
    assert cli.commands[name].help
    for command in COMMANDS[name]:
        assert command.help
        for param in command.params:
            assert not isinstance(param, click.Option) or param.help, param.name


def test_the_first_sentence_of_each_command_fits_into_the_list_of_commands():
    context = cli.make_context("htmap", ["tags"], resilient_parsing=True)
    assert "..." not in cli.get_help(context).partition("Commands:")[2]

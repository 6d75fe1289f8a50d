"""The commands of HTMap 0.6, with the arguments and options that shell habits made for it use."""

import click
import pytest

from htmap.cli import cli

TAGS = "TAGS -p --pattern --all"

COMMANDS = {
    "status": ("--state --no-state --meta --no-meta --format --live --no-live --color --no-color"),
    "tags": "-p --pattern",
    "components": "TAG --status --color --no-color",
    "wait": TAGS,
    "errors": f"{TAGS} --limit",
    "reasons": TAGS,
    "stdout": "TAG COMPONENT --timeout",
    "stderr": "TAG COMPONENT --timeout",
    "hold": TAGS,
    "release": TAGS,
    "pause": TAGS,
    "resume": TAGS,
    "vacate": TAGS,
    "remove": f"{TAGS} --force",
    "clean": "--all",
    "rerun components": "TAG COMPONENTS",
    "rerun map": TAGS,
    "retag": "TAG NEW",
    "edit memory": "TAG MEMORY --unit",
    "edit disk": "TAG DISK --unit",
    "path": "TAG",
    "logs": "--view --no-view",
    "settings": "--user",
    "set": "SETTING VALUE",
    "transplants info": "",
    "transplants remove": "INDEX",
    "autocompletion": "--shell --force --destination",
    "version": "",
}

CHOICES = {
    "status --format": ["text", "json", "json_compact", "csv"],
    "edit memory --unit": ["MB", "GB"],
    "edit disk --unit": ["KB", "MB", "GB"],
    "autocompletion --shell": ["bash", "zsh", "fish"],
}


def command_of(words):
    command = cli
    for word in words.split():
        assert isinstance(command, click.Group)
        command = command.commands[word]
    return command


def spellings(command):
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield from [*parameter.opts, *parameter.secondary_opts]


@pytest.mark.parametrize(("words", "usage"), COMMANDS.items(), ids=list(COMMANDS))
def test_the_command_takes_what_it_took(words, usage):
    command = command_of(words)
    arguments = [word for word in usage.split() if not word.startswith("-")]
    taken = [p for p in command.params if isinstance(p, click.Argument)]

    assert {word for word in usage.split() if word.startswith("-")} <= set(spellings(command))
    assert len(taken) >= len(arguments)
    assert not any(argument.required for argument in taken[len(arguments) :])
    assert command.help


@pytest.mark.parametrize(("words", "values"), CHOICES.items(), ids=list(CHOICES))
def test_the_option_has_the_choices_that_it_had(words, values):
    words, _, option = words.rpartition(" ")
    (parameter,) = [p for p in command_of(words).params if option in p.opts]
    assert set(values) <= set(parameter.type.choices)


def test_the_options_before_any_command_are_there():
    assert {"-v", "--verbose", "--version"} <= set(spellings(cli))
    assert cli.context_settings["help_option_names"] == ["-h", "--help"]

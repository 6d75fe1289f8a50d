"""Looking at settings, and changing them in the file ~/.htmaprc."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

import htmap
from htmap import toml
from htmap.cli import messages
from htmap.exceptions import HTMapException, InvalidSettings, MissingSetting
from htmap.settings import user_path, variable_of

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

# Any option of HTCondor's can be added to it, so its settings need no default.
_OPEN_TABLE = "MAP_OPTIONS"


@click.command()
@click.option("--user", is_flag=True, help="Only what is in ~/.htmaprc, as it is there.")
@click.option("--origin", is_flag=True, help="With each, where it comes from.")
def settings(user: bool, origin: bool) -> None:
    """Print the settings in use, as TOML."""
    if user and origin:
        raise click.UsageError("--user and --origin do not go together: one file has one origin")
    if origin:
        for key, line in toml.flat(htmap.settings.to_dict()):
            click.echo(f"{line}  # {htmap.settings.origin(key)}")
    elif user:
        try:
            click.echo(user_path().read_bytes(), nl=False)
        except FileNotFoundError as error:
            raise HTMapException(
                f"there is no {user_path()}; `htmap set` makes it", path=user_path()
            ) from error
    else:
        click.echo(str(htmap.settings), nl=False)


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [setting for setting in _known() if setting.startswith(incomplete)]


@click.command("set")
@click.argument("setting", shell_complete=_complete)
@click.argument("value")
def set_(setting: str, value: str) -> None:
    """Change a setting in ~/.htmaprc.

    It counts from the next start of Python on. A dot in SETTING leads into a table, as in
    MAP_OPTIONS.request_memory. VALUE becomes what the setting has to be, a text or a number. A map
    option that has no default becomes a number, true, false or a list where it looks like one in
    TOML, and a text otherwise.
    """
    import tomlkit
    import tomlkit.exceptions

    from htmap.store.files import write_whole

    typed = _typed(setting, value, _known())
    path = user_path()
    try:
        document = tomlkit.parse(path.read_bytes()) if path.exists() else tomlkit.document()
        _put(document, setting, typed)
    except (tomlkit.exceptions.TOMLKitError, ValueError) as error:
        raise InvalidSettings(
            f"the setting {setting} cannot be written to {path}: {error}. Correct the file",
            path=path,
        ) from error
    # Through a link, so that a file kept elsewhere stays there.
    write_whole(path.resolve(), tomlkit.dumps(document).encode())
    click.echo(f"Set {setting} to {tomlkit.item(typed).as_string()} in {path}")
    variable = variable_of(setting)
    if variable:
        messages.warning(f"the environment variable {variable} is set too, and counts before it")


def _typed(setting: str, value: str, known: Mapping[str, Any]) -> Any:
    """Return a value as its setting's type.

    Raises
    ------
    MissingSetting
        If there is no such setting.
    InvalidSettings
        If the value is none for it.
    """
    if setting not in known:
        table, _, name = setting.partition(".")
        if table == _OPEN_TABLE and name:
            return _literal(value)
        raise _unknown(setting, known)
    default = known[setting]
    if not isinstance(default, (bool, int, float)):
        return value
    literal = _literal(value)
    if isinstance(default, bool) and not isinstance(literal, bool):
        raise InvalidSettings(f"the setting {setting} is true or false, not {value}")
    if not isinstance(default, bool) and (isinstance(literal, (bool, str, list))):
        raise InvalidSettings(f"the setting {setting} is a number, not {value}")
    return literal


def _put(document: TOMLDocument, setting: str, value: Any) -> None:
    import tomlkit

    *tables, name = setting.split(".")
    table: Any = document
    for each in tables:
        table = table.setdefault(each, tomlkit.table())
        if not isinstance(table, dict):
            raise ValueError(f"{each} in it is no table")
    table[name] = value


def _literal(text: str) -> Any:
    """Return what a text stands for in TOML: a number, a bool or a list, else the text as it is.

    A text in quotes keeps them: it is a string of HTCondor's language.
    """
    import tomlkit

    try:
        literal = tomlkit.value(text).unwrap()
    except ValueError:  # no TOML
        return text
    return literal if isinstance(literal, (int, float, list)) else text


def _unknown(setting: str, known: Mapping[str, Any]) -> MissingSetting:
    import difflib

    by_upper = {name.upper(): name for name in known}
    near = difflib.get_close_matches(setting.upper(), by_upper, n=3)
    inside = [name for name in known if name.startswith(f"{setting}.")]
    close = inside or [by_upper[name] for name in near]
    meant = f"Did you mean {' or '.join(close)}? " if close else ""
    return MissingSetting(
        f"there is no setting {setting} that could be set. {meant}`htmap settings` lists those "
        f"that there are; to {_OPEN_TABLE} any option of HTCondor's can be added"
    )


def _known() -> dict[str, Any]:
    """Return all settings that have a default, by their dotted names."""
    return dict(_flat(htmap.BASE_SETTINGS.to_dict()))


def _flat(table: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{within}{name}.")
        else:
            yield within + name, value

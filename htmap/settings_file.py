"""Files of settings: read, with the types that settings have."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from htmap.exceptions import InvalidSettings


def read(path: Path, defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the settings in a TOML file, with the types of their defaults.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidSettings
        If it cannot be read, is not TOML, or has a value of the wrong type.
    """
    tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        with path.open("rb") as file:
            values: dict[str, Any] = tomllib.load(file)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InvalidSettings(
            f"the settings in {path} cannot be read: {error.strerror}. Make the file readable, or "
            "move it away",
            path=path,
        ) from error
    except ValueError as error:  # also UnicodeDecodeError; the text names line and column
        raise InvalidSettings(
            f"the settings in {path} are not valid TOML: {error}. Text needs quotes, such as "
            'HTMAP_DIR = "/data/maps"',
            path=path,
        ) from error
    return _checked(values, defaults, path)


def read_if_there(path: Path, defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the settings in a TOML file, none if there is none; warn of those nobody knows.

    Raises
    ------
    InvalidSettings
        As of :func:`read`.
    """
    # os.path, because a folder that may not even be looked into cannot hold settings of ours.
    if not os.path.exists(path):  # noqa: PTH110
        return {}
    values, known = read(path, defaults), set(keys(defaults))
    for key in keys(values):
        # MAP_OPTIONS may hold any option of HTCondor's; MapOptions looks at them. Of a table that
        # nobody knows, its name is enough.
        table = key.rpartition(".")[0]
        if (
            key in known
            or table.partition(".")[0] == "MAP_OPTIONS"
            or (table and table not in known)
        ):
            continue
        # Not logged: whoever mistyped a setting would never see it.
        warnings.warn(
            f"the setting {key} in {path} is not known to htmap, which does nothing with it."
            f"{meant(key, known)}",
            stacklevel=3,
        )
    return values


def keys(values: Mapping[str, Any], within: str = "") -> Iterator[str]:
    """Yield the dotted names of all settings, tables too."""
    for name, value in values.items():
        yield f"{within}{name}"
        if isinstance(value, dict):
            yield from keys(value, f"{within}{name}.")


def meant(key: str, known: Iterable[str]) -> str:
    """Return a question that names the setting that somebody may have meant, or nothing."""
    import difflib

    by_upper = {name.upper(): name for name in known}
    near = difflib.get_close_matches(key.upper(), by_upper, n=1, cutoff=0.7)
    return f" Did you mean {by_upper[near[0]]!r}?" if near else ""


def _checked(
    values: dict[str, Any], defaults: dict[str, Any], path: Path, within: str = ""
) -> dict[str, Any]:
    """Return settings with the types of their defaults."""
    checked = {}
    for name, value in values.items():
        key = within + name
        if name not in defaults or (name == "MAP_OPTIONS" and isinstance(value, dict)):
            checked[name] = value
        elif isinstance(defaults[name], dict) and isinstance(value, dict):
            checked[name] = _checked(value, defaults[name], path, within=f"{key}.")
        else:
            checked[name] = _typed(value, defaults[name], key, path)
    return checked


def _typed(value: Any, default: Any, key: str, path: Path) -> Any:
    """Return a value as its default's type; None stands for text that may be missing."""
    if isinstance(default, dict):
        expected = f"a table ([{key}])"
    elif isinstance(default, bool):
        expected = "true or false, without quotes"
        if isinstance(value, bool):
            return value
        # HTMap 0.6's `htmap set` wrote everything as text.
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
    elif isinstance(default, (str, type(None))):
        expected = "text in quotes"
        if isinstance(value, str):
            return value
    else:
        expected = "a number"
        try:
            if not isinstance(value, bool) and isinstance(value, (int, float, str)):
                return float(value) if isinstance(value, str) else value
        except ValueError:
            pass
    raise InvalidSettings(
        f"the setting {key} in {path} is {value!r}, but has to be {expected}. Correct it in the "
        "file",
        path=path,
    )

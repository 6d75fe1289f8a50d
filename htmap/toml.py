"""Writing settings as TOML, which Python's standard library only reads."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, time
from typing import Any

from htmap.exceptions import InvalidSettings

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def dumps(values: dict[str, Any], within: str = "") -> str:
    """Return a table as TOML; values come before tables, as they must, and None is left out.

    Raises
    ------
    InvalidSettings
        If a value cannot be written in TOML.
    """
    lines = [
        f"{_key(key)} = {_value(value, key)}"
        for key, value in values.items()
        if value is not None and not isinstance(value, dict)
    ]
    text = "".join(f"{line}\n" for line in lines)
    for key, table in values.items():
        if isinstance(table, dict):
            name = f"{within}{_key(key)}"
            text += f"\n[{name}]\n{dumps(table, within=f'{name}.')}"
    return text


def flat(values: dict[str, Any], within: str = "", written: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted name of each value, and the line of TOML that says it; None is left out.

    Examples
    --------
    >>> list(flat({"a": {"+b": 1}}))
    [('a.+b', 'a."+b" = 1')]
    """
    for key, value in values.items():
        name = f"{written}{_key(key)}"
        if isinstance(value, dict):
            yield from flat(value, f"{within}{key}.", f"{name}.")
        elif value is not None:
            yield f"{within}{key}", f"{name} = {_value(value, key)}"


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def _value(value: Any, key: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (str, os.PathLike)):
        return _text(os.fspath(value))
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(item, key) for item in value)}]"
    if isinstance(value, (date, time)):
        return value.isoformat()
    raise InvalidSettings(
        f"the setting {key} cannot be written to a file: {value!r} is of type "
        f"{type(value).__name__}. Text, numbers, true, false, lists and tables of these can be"
    )


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'

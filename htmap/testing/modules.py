"""Modules that no execute node can import: what they define travels by value.

A pickle names a module's functions and classes instead of holding them, unless cloudpickle was told
that the module goes by value. A test's own module is importable nowhere but in its pytest; neither
is the project under test where it is not installed but found because pytest put it on the path.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

#: Given names of modules, prints where a Python that was just started finds each of them.
_FRESH_PYTHON = """
import importlib.util, json, sys
found = {}
for name in json.load(sys.stdin):
    try:
        spec = importlib.util.find_spec(name)
    except Exception:
        continue
    if spec is not None:
        found[name] = [spec.origin, *(spec.submodule_search_locations or ())]
json.dump(found, sys.stdout)
"""


def send_by_value(below: Path, tests: Iterable[ModuleType]) -> None:
    """Let tests, and the modules below a folder, travel by value, but for what is installed.

    It looks at what is imported now, and takes in what is imported later from a package of these.

    Parameters
    ----------
    below : Path
        The root directory of the tests.
    tests : iterable of module
        The modules of tests, wherever they are.
    """
    import cloudpickle

    folders = tuple(f"{path}{os.sep}" for path in (below, below.resolve()))
    loaded: dict[str, object] = dict(sys.modules)  # mostly modules
    found = {
        name: module
        for name, module in loaded.items()
        if isinstance(module, ModuleType)
        and (vars(module).get("__file__") or "").startswith(folders)
    }
    found.update((module.__name__, module) for module in tests)
    # htmap itself is with every job that needs it, by its delivery.
    stay = {"htmap", "__main__", *_importable({_top(name) for name in found})}
    for name, module in found.items():
        if _top(name) not in stay and sys.modules.get(module.__name__) is module:
            cloudpickle.register_pickle_by_value(module)


def _top(name: str) -> str:
    return name.partition(".")[0]


def _importable(names: Iterable[str]) -> set[str]:
    """Return those of some modules of ours that a job would find where they are found here."""
    # As a job has it: without the PYTHON... variables of this process, and in another folder.
    done = subprocess.run(
        [sys.executable, "-E", "-c", _FRESH_PYTHON],
        input=json.dumps(sorted(names)),
        cwd=os.sep,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    found = json.loads(done.stdout)
    return {name for name in names if found.get(name) == _places(sys.modules.get(name))}


def _places(module: ModuleType | None) -> list[str | None]:
    return [getattr(module, "__file__", None), *getattr(module, "__path__", ())]

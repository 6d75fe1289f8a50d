"""What every test against a live pool gets: a directory of its own, an empty queue at the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import htcondor2
import pytest
from live import jobs_in_queue, schedd, until

import htmap
from htmap.settings import Settings

HOW_TO_GET_A_POOL = (
    "these tests need a live HTCondor pool, and no schedd answers here: run them by `make "
    "test/pool`, or inside a container of the test image"
)


@pytest.fixture(scope="session", autouse=True)
def pool() -> Any:
    """A schedd that answers."""
    try:
        found = schedd()
        found.query("false", ["ClusterId"])
    except (htcondor2.HTCondorException, OSError) as error:
        pytest.exit(f"{HOW_TO_GET_A_POOL} ({error})", returncode=1)
    return found


def pytest_sessionfinish(session: pytest.Session) -> None:
    """See that no job of any map is left in the queue, whichever worker made it."""
    if hasattr(session.config, "workerinput"):
        return  # the others may not be done
    with contextlib.suppress(htcondor2.HTCondorException, OSError):
        try:
            until(lambda: not jobs_in_queue(), "the queue is empty of maps")
        except pytest.fail.Exception as error:
            print(f"\n{error}: {jobs_in_queue()}")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # A job cannot import the module of a test, so its functions travel by value.
    registered = cloudpickle.list_registry_pickle_by_value()
    for module in {item.module for item in items if isinstance(item, pytest.Function)}:
        if module.__name__ not in registered:
            cloudpickle.register_pickle_by_value(module)
            registered.add(module.__name__)


def _directory(folder: Path) -> Iterator[Path]:
    """Make ``folder`` the HTMap directory for a while; its maps' jobs leave the queue after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTMAP_DIR", str(folder))
        patch.setenv("HOME", str(folder.parent))  # without anybody's ~/.htmaprc
        yield folder
        # One request for all of them, and no waiting: what a failed test left goes the same way.
        maps = folder / "maps"
        ids = os.listdir(maps) if maps.is_dir() else []
        if ids:
            either = " || ".join(f'HTMapID == "{name}"' for name in ids)
            schedd().act(htcondor2.JobAction.Remove, either)


@pytest.fixture(autouse=True)
def htmap_dir(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Each test has an HTMap directory of its own; tests of shared maps have their module's."""
    if "module_dir" in request.fixturenames:
        yield request.getfixturevalue("module_dir")
    else:
        yield from _directory(request.getfixturevalue("tmp_path") / "htmap")


@pytest.fixture(scope="module")
def module_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One HTMap directory for the tests of a module that look at maps they share."""
    yield from _directory(tmp_path_factory.mktemp("module") / "htmap")


@pytest.fixture
def settings() -> Iterator[Settings]:
    """The settings, to be changed for one test."""
    original = Settings.from_settings(htmap.settings)
    htmap.settings.prepend({})
    yield htmap.settings
    htmap.settings.replace(original)

"""What every test against a live pool gets: a directory of its own, an empty queue at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import htcondor2
import pytest
from live import jobs_in_queue, until

import htmap
from htmap.settings import Settings
from htmap.testing import directory
from htmap.testing.pools import Pool


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


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where files travel to the schedd, leave out what is about those that it sees."""
    if htmap.settings["SCHEDD.FILE_SYSTEM"] == "remote" and item.get_closest_marker("shared"):
        pytest.skip("about a schedd that sees the files of maps, and here they travel to it")


@contextlib.contextmanager
def _directory(folder: Path) -> Iterator[Path]:
    """As `htmap.testing.directory`, and without anybody's ~/.htmaprc."""
    with pytest.MonkeyPatch.context() as patch, directory(folder):
        patch.setenv("HOME", str(folder.parent))
        yield folder


@pytest.fixture(autouse=True)
def htmap_dir(request: pytest.FixtureRequest, htmap_pool: Pool) -> Iterator[Path]:
    """Each test has an HTMap directory of its own; tests of shared maps have their module's."""
    if "module_dir" in request.fixturenames:
        yield request.getfixturevalue("module_dir")
    else:
        with _directory(request.getfixturevalue("tmp_path") / "htmap") as folder:
            yield folder


@pytest.fixture(scope="module")
def module_dir(htmap_pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One HTMap directory for the tests of a module that look at maps they share."""
    with _directory(tmp_path_factory.mktemp("module") / "htmap") as folder:
        yield folder


@pytest.fixture
def settings() -> Iterator[Settings]:
    """The settings, to be changed for one test."""
    original = Settings.from_settings(htmap.settings)
    htmap.settings.prepend({})
    yield htmap.settings
    htmap.settings.replace(original)

"""A pytest plugin: tests of maps get a live pool, and an HTMap directory of their own.

It is there wherever htmap and pytest are installed, and does nothing until a test asks for one of
its fixtures::

    def double(x):
        return 2 * x

    def test_doubles(htmap_dir):
        assert list(htmap.map(double, range(3))) == [0, 2, 4]

``htmap_pool``
    For the whole session, the pool that maps use, a :class:`~htmap.testing.pools.Pool`: found, or,
    in a container of the images, started; ready to take jobs.
``htmap_dir``
    For each test, an empty HTMap directory, a :class:`pathlib.Path`, in the pool's presence. The
    jobs of its maps are removed from the queue after the test, however it ended.

How long a pool may take is the ini option ``htmap_pool_wait``, in seconds, 30 by default.
"""

# Of the rest of htmap, nothing is imported before a fixture needs it: every run of pytest on a
# machine with htmap imports this module.

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from htmap.testing.pools import Pool

__all__ = ["directory", "htmap_dir", "htmap_pool"]

_WAIT = "htmap_pool_wait"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's option to those of pytest's configuration file."""
    parser.addini(_WAIT, "seconds to wait until a pool for maps is ready", default="30")


@pytest.fixture(scope="session")
def htmap_pool(request: pytest.FixtureRequest) -> Pool:
    """Give the pool that maps use, ready to take jobs.

    In a container of the images that has no pool yet, `htc-pool start` starts it; it stays for
    what else is run there. Functions and classes of test modules, and of modules below pytest's
    root directory that are not installed, travel to it by value.

    Without a pool the tests that asked for it are errors, with a text that says what is missing and
    what to do.
    """
    from htmap.exceptions import HTMapException
    from htmap.testing import modules, pools

    tests = {item.module for item in request.session.items if isinstance(item, pytest.Function)}
    modules.send_by_value(request.config.rootpath, tests)
    try:
        return pools.find(_seconds(request.config))
    except HTMapException as error:
        why = str(error)
    # For every test that wants a pool: without the way there, through htmap and the bindings.
    pytest.fail(why, pytrace=False)


@pytest.fixture
def htmap_dir(htmap_pool: Pool, tmp_path: Path) -> Iterator[Path]:
    """Give one test an empty HTMap directory, see :func:`directory`."""
    with directory(tmp_path / "htmap") as folder:
        yield folder


@contextlib.contextmanager
def directory(folder: Path) -> Iterator[Path]:
    """Make a folder the HTMap directory for a while, here and for processes that are started.

    At the end the jobs of its maps are removed from the queue, and the settings are again what
    they were. The folder stays, so that pytest keeps that of a test that failed.

    Parameters
    ----------
    folder : Path
        It is made with its first map.

    Raises
    ------
    NoScheduler, SchedulerRefused
        At the end, if there are maps and their jobs cannot be removed.

    Examples
    --------
    One HTMap directory for all tests of a module::

        @pytest.fixture(scope="module")
        def module_dir(htmap_pool, tmp_path_factory):
            with htmap.testing.directory(tmp_path_factory.mktemp("maps") / "htmap") as folder:
                yield folder
    """
    from htmap.pool import queue
    from htmap.settings import Settings, settings
    from htmap.store.directory import map_ids, root

    before = Settings.from_settings(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTMAP_DIR", str(folder))
        settings.prepend({})
        if root() != folder.absolute():  # set in the program, which wins over the environment
            settings["HTMAP_DIR"] = str(folder)
        try:
            yield folder
        finally:
            settings.replace(before)
            queue.remove_all(map_ids(folder), "the test that made its map is over")


def _seconds(config: pytest.Config) -> float:
    text = config.getini(_WAIT)
    with contextlib.suppress(ValueError):
        if 0 <= (seconds := float(text)) < math.inf:
            return seconds
    raise pytest.UsageError(f"{_WAIT} = {text!r} is no number of seconds")

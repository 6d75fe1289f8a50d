"""What the tests of people in a notebook have: JupyterLab in a container, and a browser."""

from __future__ import annotations

import pytest
from browsers import browser, new_page, screenshots
from containers import default_image, engine, start_session
from labs import Lab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give them longer to end: a browser and JupyterLab start in the first one."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def lab(start_session, default_image) -> Lab:
    """Return JupyterLab of the default image, with its pool, which all tests share."""
    # The end of a page or a kernel is told of in the log.
    return Lab(start_session(default_image, *Lab.COMMAND, may_say=".", **Lab.OPTIONS))

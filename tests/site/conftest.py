"""What the tests of a site have: the site, and the containers beside it."""

from __future__ import annotations

import pytest
from containers import engine, start
from sites import site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give them longer to end: the first one starts the site."""
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(240))

"""The manual, made once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pages import SOURCE


@pytest.fixture(scope="session")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the manual; a warning fails every test that looks at it."""
    folder = tmp_path_factory.mktemp("manual") / "html"
    made = subprocess.run(
        [SOURCE / "machine" / "manual", folder], capture_output=True, text=True, timeout=570
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return folder

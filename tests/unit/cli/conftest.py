"""What every test of the htmap command gets: a directory and a home of its own."""

from pathlib import Path

import pytest

from htmap.exceptions import NoScheduler


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))
    monkeypatch.setenv("HOME", str(tmp_path))  # without anybody's ~/.htmaprc
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path / "htmap"


@pytest.fixture
def no_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no schedd here; say that it has removed the jobs."""
    monkeypatch.setattr("htmap.pool.queue.act", lambda *_: 0)


@pytest.fixture
def no_schedd(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise NoScheduler("no HTCondor schedd answered")

    monkeypatch.setattr("htmap.pool.queue.act", refuse)

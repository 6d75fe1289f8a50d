"""How often the launcher starts supervisord again."""

import pytest
from htc_pool import keeper

KILLED = -9


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Return a started keeper of a pool in which nothing runs, what it says, and its clock."""
    ids = iter(range(100, 200))
    monkeypatch.setattr(keeper.supervisor, "start", lambda directory, environ: next(ids))
    monkeypatch.setattr(keeper.supervisor, "wake_when_up", lambda directory: True)
    clock = {"now": 1000.0}
    monkeypatch.setattr(keeper.time, "monotonic", lambda: clock["now"])
    said = []
    kept = keeper.Keeper(str(tmp_path), {}, said.append)
    kept.start()
    return kept, said, clock


def test_a_supervisord_that_was_killed_is_started_later_each_time_and_then_no_more(kept):
    kept, said, clock = kept
    waited = []
    while not kept.ended(kept.pid, KILLED):
        waited.append(kept.due - clock["now"])
        kept.start()
    assert waited == [0, 1, 2, 4]
    assert kept.due is None
    assert "killed 5 times in a row" in said[-1]
    assert f"{kept.directory}/log/MasterLog" in said[-1]


def test_one_that_lived_for_a_while_is_started_at_once_again(kept):
    kept, _, clock = kept
    for _ in range(20):
        clock["now"] += keeper.WELL + 1
        assert not kept.ended(kept.pid, KILLED)
        assert kept.due == clock["now"]
        kept.start()


def test_one_that_ended_by_itself_is_not_started_again_and_its_reason_told(kept):
    kept, said, _ = kept
    with open(f"{kept.directory}/gave-up", "w") as file:
        file.write("the pool's master is tired\n")
    assert kept.ended(kept.pid, 0)
    assert kept.due is None
    assert said[0].startswith("the pool's master is tired; `htc-pool start` tries again")


def test_one_that_cannot_start_is_told_with_its_status(kept):
    kept, said, _ = kept
    assert kept.ended(kept.pid, 2)
    assert "supervisord ended (status 2)" in said[0]


def test_the_end_of_another_child_is_none_of_its_business(kept):
    kept, said, _ = kept
    assert not kept.ended(kept.pid + 1, KILLED)
    assert kept.due is None
    assert said == []


def test_after_a_stop_nothing_is_started_again(kept, monkeypatch):
    kept, said, _ = kept
    asked = []
    monkeypatch.setattr(keeper.os, "kill", lambda pid, number: asked.append((pid, number)))
    pid = kept.pid
    kept.stop()
    kept.stop()
    assert asked == [(pid, 15)]
    assert not kept.ended(pid, KILLED)
    assert kept.due is None
    assert kept.stopped()
    assert said == []

"""A map whose files are damaged while its jobs run: results arrive, and the rest is told."""

import os

import pytest
from live import LARGE, damaged, run, until

import htmap
from htmap import ComponentStatus, MapOptions, exceptions


def waits_for(gate):
    import os
    import time

    while gate and not os.path.exists(gate):
        time.sleep(0.02)
    return gate


DAMAGE = {
    "deleted": os.unlink,
    "emptied": lambda log: os.truncate(log, 0),
    "cut off": lambda log: os.truncate(log, log.stat().st_size // 2),
    "replaced by garbage": lambda log: (os.unlink(log), log.write_bytes(b"\0?\n...\n" * 100)),
    "replaced by another map's": None,
}


@pytest.mark.parametrize("how", DAMAGE)
def test_an_event_log_that_is_ruined_while_the_map_runs_costs_no_result(how, tmp_path):
    gate = str(tmp_path / "gate")
    m = htmap.map(waits_for, ["", gate], tag="ruined")
    until(lambda: m.component_statuses == ["COMPLETED", "RUNNING"], "one ended, and one runs")
    log = m._folder.events
    if DAMAGE[how] is None:
        other = htmap.map(abs, [-1])
        assert other.get(0, timeout=60) == 1
        log.write_bytes(other._folder.events.read_bytes())
    else:
        DAMAGE[how](log)

    look = "m = htmap.load('ruined'); print(*m.component_statuses, m[0] == '')"
    fresh = run(look)
    assert fresh.stdout == "COMPLETED RUNNING True\n", fresh.stderr
    assert m.component_statuses == ["COMPLETED", "RUNNING"]
    open(gate, "w").close()
    assert list(m.iter(timeout=60)) == ["", gate]
    assert run("print(htmap.load('ruined').is_done)").stdout == "True\n"
    assert not m.is_active
    m.rerun([0])
    assert m.get(0, timeout=60) == ""
    m.remove()


def test_a_hold_of_which_the_log_has_lost_the_word_ends_a_wait():
    m = htmap.map(abs, [-1], MapOptions(hold="true"), tag="held")
    until(lambda: len(m.holds) == 1, "it is held")
    m._folder.events.unlink()

    other = run("""
    try:
        htmap.load("held").get(0, timeout=30)
    except htmap.exceptions.MapComponentHeld as error:
        print(error.hold.code)
    """)

    assert other.stdout == "15\n", other.stderr
    m.release()
    assert m.get(0, timeout=60) == 1


def test_without_the_file_of_the_cluster_the_log_tells_which_it_was_b22(tmp_path):
    """The file is all that a client which cannot save the cluster's number lacks."""
    gate = str(tmp_path / "gate")
    m = htmap.map(waits_for, ["", gate], tag="a")
    path = m._folder.runs()[0].folder / "cluster"
    path.write_bytes(b"\xff")
    with pytest.raises(exceptions.CorruptPack, match="Delete it"):
        htmap.maps.Map(m.tag, m._folder.map_id)
    path.unlink()

    look = "m = htmap.load('a'); open(sys.argv[-1], 'w').close(); print(list(m.iter(timeout=60)))"
    other = run(look.replace("sys.argv[-1]", repr(gate)))

    assert other.stdout == f"{['', gate]}\n", other.stderr


def test_a_cluster_that_cannot_be_recorded_is_an_error_and_leaves_no_job_b22(monkeypatch):
    from live import nothing_is_left

    from htmap.store.run import Run

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Run, "record_cluster", full)

    with pytest.raises(exceptions.UnusableDirectory, match="No space left"):
        htmap.map(abs, [-1], MapOptions(requirements="false"), tag="a")
    nothing_is_left()


@pytest.mark.parametrize("name", ["function.pack", "runs/0/inputs/1"])
def test_a_rerun_from_a_damaged_file_is_refused_and_results_stay(name):
    m = htmap.map(len, LARGE[:2], tag="a")
    m.wait(timeout=60)
    path = m._folder.path / name
    for content in (damaged(path), path.read_bytes()[:9], b"", None):
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        with pytest.raises(exceptions.CorruptPack, match="Results that are there stay") as caught:
            m.rerun()
        assert (caught.value.tag, caught.value.path) == ("a", path)
        assert str(path) in str(caught.value)
    assert list(m) == list(map(len, LARGE[:2]))
    assert len(m._folder.runs()) == 1
    if name != "function.pack":
        assert caught.value.component == 1
        m.rerun([0])
        assert m.get(0, timeout=60) == len(LARGE[0])


@pytest.mark.shared
def test_a_function_that_is_damaged_before_the_job_starts_is_reported_by_its_name():
    m = htmap.map(abs, [-1], MapOptions(hold="true"))
    until(lambda: len(m.holds) == 1, "it waits")
    path = m._folder.function
    path.write_bytes(damaged(path))
    m.release()
    m.wait(timeout=60, errors_ok=True)

    assert m.component_statuses == [ComponentStatus.ERRORED]
    assert "function.pack" in m.errors[0].report()
    assert "DamagedPack" in m.errors[0].report()

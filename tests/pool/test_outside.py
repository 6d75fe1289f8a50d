"""What other processes and HTCondor's own commands do to a map while this process looks at it."""

import subprocess
import threading
import time

import pytest
from live import nothing_is_left, schedd, start, until

import htmap
from htmap import ComponentStatus, MapOptions, exceptions

NEVER = MapOptions(requirements="false")
WAITS = {
    "get": lambda m: m.get(0),
    "wait": lambda m: m.wait(),
    "iter": lambda m: list(m),
    "iter_as_available": lambda m: list(m.iter_as_available()),
    "stdout": lambda m: m.stdout.get(0),
}


def cluster_of(map_):
    return map_._folder.runs()[0].cluster


def while_waiting(map_, how, act):
    """Act once a thread waits for a map; return what the wait raised, or returned."""
    ended = []

    def wait():
        try:
            ended.append(WAITS[how](map_))
        except BaseException as error:
            ended.append(error)

    until(lambda: map_.component_statuses[0] is ComponentStatus.IDLE, "it is idle")
    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    act()
    thread.join(timeout=20)
    assert ended, f"{how} did not end"
    return ended[0]


@pytest.mark.parametrize("how", WAITS)
def test_condor_rm_from_outside_ends_every_wait(how):
    m = htmap.map(abs, [-1], NEVER)

    ended = while_waiting(
        m, how, lambda: subprocess.run(["condor_rm", str(cluster_of(m))], check=True)
    )

    if how == "stdout":
        assert ended == ""
        return
    assert isinstance(ended, exceptions.MapComponentRemoved)
    assert "removed" in ended.report
    assert "condor_rm" in ended.report
    assert m.component_statuses == [ComponentStatus.REMOVED]
    assert not m.is_active


def test_a_removed_component_has_a_report_and_can_be_rerun():
    def wait_for_it(gate):
        import os
        import time

        while not os.path.exists(gate):
            time.sleep(0.05)
        return "seen"

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        m = htmap.map(wait_for_it, [f"{folder}/gate"])
        until(lambda: m.component_statuses[0] is ComponentStatus.RUNNING, "it runs")
        schedd().act(htcondor_remove(), f"ClusterId == {cluster_of(m)}")
        m.wait(timeout=30, errors_ok=True)
        assert list(m.errors) == [0]
        assert "was removed from the queue" in next(m.error_reports())

        open(f"{folder}/gate", "w").close()
        m.rerun([0])
        assert m.get(0, timeout=60) == "seen"


def htcondor_remove():
    import htcondor2

    return htcondor2.JobAction.Remove


@pytest.mark.parametrize("how", WAITS)
def test_a_hold_from_outside_is_raised_at_once(how):
    m = htmap.map(abs, [-1], NEVER)

    # A job whose inputs are still on their way cannot be held.
    hold = ["condor_hold", str(cluster_of(m))]
    ended = while_waiting(
        m, how, lambda: until(lambda: subprocess.run(hold).returncode == 0, "it can be held")
    )

    if how == "stdout":
        assert ended == ""
        return
    assert isinstance(ended, exceptions.MapComponentHeld)
    assert ended.hold.code == 1
    assert "condor_hold" in ended.hold.reason
    assert "condor_hold" in str(ended)


@pytest.mark.parametrize("how", WAITS)
def test_a_map_that_another_process_removes_ends_every_wait(how):
    m = htmap.map(abs, [-1], NEVER, tag="shared")
    times = []

    def remove():
        process = start("htmap.remove('shared')")
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        times.append(time.monotonic())

    ended = while_waiting(m, how, remove)

    assert time.monotonic() - times[0] < 5
    removed = (exceptions.MapWasRemoved, exceptions.MapComponentRemoved)
    # Its jobs are removed a moment before the map itself is.
    assert isinstance(ended, removed) or (how == "stdout" and ended == "")
    with pytest.raises(exceptions.MapWasRemoved, match="shared"):
        m.wait()
    with pytest.raises(exceptions.TagNotFound):
        htmap.load("shared")
    nothing_is_left()


def test_a_map_can_be_removed_by_several_processes_at_once():
    htmap.map(abs, range(5), NEVER, tag="shared")
    code = """
    m = htmap.load("shared")
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        m.remove()
    except htmap.exceptions.MapWasRemoved:
        pass
    """
    processes = [start(code) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], answers
    nothing_is_left()


def test_several_processes_can_wait_for_one_map():
    def wait_for_it(gate):
        import os
        import time

        while not os.path.exists(gate):
            time.sleep(0.05)
        return 5

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        htmap.map(wait_for_it, [f"{folder}/gate"], tag="watched")
        code = "print('ready', flush=True); print(list(htmap.load('watched')))"
        processes = [start(code) for _ in range(3)]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        open(f"{folder}/gate", "w").close()

        assert [p.communicate(timeout=60)[0] for p in processes] == ["[5]\n"] * 3


def wait_for_gate(gate):
    import os
    import time

    while gate and not os.path.exists(gate):
        time.sleep(0.02)
    if gate:
        with open(f"{gate}.calls", "a") as calls:
            calls.write("x")
    return gate


def in_another_process(code):
    process = start(code)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


@pytest.mark.parametrize("how", ["get", "wait", "iter", "iter_as_available"])
def test_a_hold_and_a_release_by_another_process_are_seen_by_one_that_waits(how):
    m = htmap.map(abs, [-1], NEVER, tag="shared")

    ended = while_waiting(m, how, lambda: in_another_process("htmap.load('shared').hold()"))

    assert isinstance(ended, exceptions.MapComponentHeld)
    assert in_another_process("print(*htmap.load('shared').holds)") == "0\n"
    in_another_process("htmap.load('shared').release()")
    assert until(lambda: m.component_statuses == ["IDLE"], "it is released")
    assert m.holds == {}


def test_a_rerun_by_another_process_is_waited_for_by_one_that_iterates(tmp_path):
    gate = str(tmp_path / "gate")
    m = htmap.map(wait_for_gate, ["", gate], tag="shared")
    results = m.iter_as_available(timeout=60)
    assert next(results) == ""

    in_another_process("htmap.load('shared').rerun([0])")
    until(lambda: m.component_statuses[0] is ComponentStatus.COMPLETED, "it ran again")
    (tmp_path / "gate").touch()
    assert list(results) == [gate]
    (tmp_path / "gate").unlink()
    in_another_process("htmap.load('shared').rerun([1])")
    assert not m.is_done
    thread = threading.Timer(0.2, (tmp_path / "gate").touch)
    thread.start()
    m.wait(timeout=60)
    assert (
        in_another_process("m = htmap.load('shared'); print(m.is_done, m[1])") == f"True {gate}\n"
    )
    assert (tmp_path / "gate.calls").read_text() == "xx"
    assert [run.number for run in m._folder.runs()] == [0, 1, 2]


def test_a_map_that_another_process_retags_goes_on_for_one_that_waits(tmp_path):
    m = htmap.map(wait_for_gate, [str(tmp_path / "gate")], tag="old")
    ended = while_running(m, lambda: in_another_process("htmap.load('old').retag('new')"), tmp_path)

    assert ended == [str(tmp_path / "gate")]
    assert htmap.get_tags() == ("new",)
    assert htmap.load("new") is m
    assert m.tag == "new"
    with pytest.raises(exceptions.TagNotFound):
        htmap.load("old")


def while_running(map_, act, folder):
    """Act while a thread waits for a running map, then let it end; return what it got."""
    ended = []
    thread = threading.Thread(target=lambda: ended.extend(map_), daemon=True)
    until(lambda: map_.component_statuses[0] is ComponentStatus.RUNNING, "it runs")
    thread.start()
    act()
    (folder / "gate").touch()
    thread.join(timeout=20)
    return ended

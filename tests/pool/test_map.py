"""The handle on a map: results, waiting, states, and acting on jobs."""

import pickle
import sys
import time
from datetime import timedelta

import pytest
from live import jobs_here, nothing_is_left, run, start, until

import htmap
from htmap import ComponentStatus, MapOptions, exceptions

# A job that no slot can take stays idle for as long as a test wants it to.
NEVER = MapOptions(requirements="false")


def double(x):
    return 2 * x


def show(x):
    print("out", x)
    print("err", x, file=sys.stderr)
    return x


def fail_on_odd(x):
    if x % 2:
        raise ValueError(f"{x} is odd")
    return x


@pytest.fixture(scope="module")
def done(module_dir):
    """A map of five components that have all returned."""
    m = htmap.map(show, range(10, 15), tag="done")
    m.wait(timeout=60)
    return m


@pytest.fixture(scope="module")
def mixed(module_dir):
    """A map of four components of which two have failed."""
    m = htmap.map(fail_on_odd, range(4), tag="mixed")
    m.wait(timeout=60, errors_ok=True)
    return m


@pytest.fixture(scope="module")
def idle(module_dir):
    """A map of three components that never start."""
    return htmap.map(double, range(3), NEVER, tag="idle")


# ---- what there is to know of a map that is done --------------------------------------------


def test_a_map_has_a_length_components_and_a_name(done):
    assert len(done) == 5
    assert done.components == (0, 1, 2, 3, 4)
    assert repr(done) == "Map(tag = done)"
    assert 0 in done
    assert -1 not in done
    assert 5 not in done
    assert "0" not in done


def test_maps_compare_by_tag_and_equal_only_themselves(done, mixed):
    assert sorted([mixed, done]) == [done, mixed]
    assert done <= done
    assert done != mixed
    assert len({done, mixed}) == 2


def test_results_are_read_by_index_from_both_ends_and_by_slice(done):
    assert done[0] == 10
    assert done[-1] == 14
    assert done.get(-5) == 10
    assert done[1:4] == [11, 12, 13]
    assert done[::-2] == [14, 12, 10]
    assert done[7:] == []
    assert list(reversed(done)) == [14, 13, 12, 11, 10]
    assert done.index(12) == 2


@pytest.mark.parametrize("component", [5, -6, 10**20])
def test_a_component_that_does_not_exist_is_an_index_error(done, component):
    for read in (done.get, done.__getitem__, done.stdout.get, done.stderr.__getitem__):
        with pytest.raises(IndexError) as caught:
            read(component)
        assert caught.value.component == component


def test_iterating_gives_results_in_order_again_and_again(done):
    assert list(done) == list(done.iter(timeout=1)) == [10, 11, 12, 13, 14]
    assert sorted(done.iter_as_available(timeout=1)) == [10, 11, 12, 13, 14]


def test_what_a_component_printed_can_be_read(done):
    assert list(done.stdout) == [f"out {x}\n" for x in range(10, 15)]
    assert done.stderr[-1] == "err 14\n"
    assert done.stdout[1:3] == ["out 11\n", "out 12\n"]
    assert done.stdout.get(0, timeout=1) == "out 10\n"
    assert len(done.stderr) == 5
    assert 4 in done.stdout
    assert 5 not in done.stdout


def test_a_done_map_says_so(done):
    assert done.is_done
    assert not done.is_active
    assert done.holds == {}
    assert done.errors == {}
    assert list(done.error_reports()) == []
    assert done.status() == (
        "Map done (5 components): HELD = 0 | ERRORED = 0 | IDLE = 0 | RUNNING = 0 | COMPLETED = 5"
    )


def test_the_list_of_statuses_is_the_caller_s_own(done):
    statuses = done.component_statuses
    statuses[:] = []

    assert done.component_statuses == [ComponentStatus.COMPLETED] * 5


def test_components_by_status_has_every_status(done):
    by_status = done.components_by_status()

    assert set(by_status) == set(ComponentStatus)
    assert by_status[ComponentStatus.COMPLETED] == (0, 1, 2, 3, 4)
    assert by_status[ComponentStatus.HELD] == ()


def test_holding_and_releasing_a_done_map_does_nothing(done):
    done.hold()
    done.release()

    assert done.is_done


def test_a_progress_bar_is_drawn_on_a_terminal_and_only_when_asked_for(done, capsys, monkeypatch):
    done.wait(show_progress_bar=True)  # standard error is a file
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    done.wait()
    assert capsys.readouterr() == ("", "")

    done.wait(show_progress_bar=True)

    out, err = capsys.readouterr()
    assert out == ""
    assert "done" in err
    assert "5/5" in err


# ---- failures -------------------------------------------------------------------------------


def test_a_failed_component_raises_with_its_report_and_the_exception_itself(mixed):
    with pytest.raises(exceptions.MapComponentError, match="3 is odd") as caught:
        mixed.get(3)

    assert (caught.value.tag, caught.value.component) == ("mixed", 3)
    assert "x = 3" in caught.value.report
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert isinstance(error.__cause__, ValueError)
        assert str(error.__cause__) == "3 is odd"


def test_waiting_raises_for_the_first_failure_unless_failures_are_all_right(mixed):
    with pytest.raises(exceptions.MapComponentError) as caught:
        mixed.wait(timeout=1)
    assert caught.value.component == 1

    mixed.wait(timeout=1, errors_ok=True)
    assert not mixed.is_done
    assert not mixed.is_active


def test_iterating_raises_where_a_component_failed(mixed):
    results = mixed.iter()
    assert next(results) == 0
    with pytest.raises(exceptions.MapComponentError):
        next(results)
    with pytest.raises(exceptions.MapComponentError):
        list(mixed.iter_as_available())


def test_errors_are_of_the_failed_components_and_say_what_happened(mixed):
    assert list(mixed.errors) == [1, 3]
    error = mixed.errors[1]

    assert error.map is mixed
    assert type(error.component) is int  # B6: it was a str
    assert error.component == 1
    assert error.exception_msg == "ValueError: 1 is odd"
    assert error.stack_summary[-1].function == "fail_on_odd"
    assert error.python_info["version"].startswith("3.")
    assert any("cloudpickle==" in package for package in error.python_info["packages"])
    assert any(path.name == "function.pack" for path in error.scratch_dir_contents)
    assert list(mixed.error_reports()) == [mixed.errors[i].report() for i in (1, 3)]


def test_a_report_shows_the_line_of_code_that_failed(mixed):
    assert 'raise ValueError(f"{x} is odd")' in mixed.errors[1].report()


# ---- waiting --------------------------------------------------------------------------------


@pytest.mark.parametrize("timeout", [0, 0.0, -1, timedelta(0)])
def test_not_waiting_for_an_output_that_is_not_there_raises_at_once(idle, timeout):
    with pytest.raises(exceptions.OutputNotFound) as caught:
        idle.get(1, timeout=timeout)
    assert isinstance(caught.value, KeyError)
    for read in (idle.__getitem__, idle.stdout.__getitem__):
        with pytest.raises(exceptions.OutputNotFound, match="component 1"):
            read(1)
    with pytest.raises(exceptions.OutputNotFound):
        idle[:2]


@pytest.mark.parametrize("timeout", [0.2, timedelta(seconds=0.2)])
def test_a_wait_that_runs_out_of_time_says_what_it_waited_for(idle, timeout):
    waits = [
        lambda: idle.get(0, timeout=timeout),
        lambda: idle.wait(timeout=timeout),
        lambda: next(idle.iter(timeout=timeout)),
        lambda: next(idle.iter_as_available(timeout=timeout)),
        lambda: idle.stderr.get(0, timeout=timeout),
    ]
    for wait in waits:
        before = time.monotonic()
        with pytest.raises(TimeoutError, match=r"idle.*within 0\.2 s.*IDLE = 3") as caught:
            wait()
        assert isinstance(caught.value, exceptions.HTMapException)
        assert 0.2 <= time.monotonic() - before < 10


def test_looking_at_the_errors_of_a_map_that_goes_on_does_not_wait(idle):
    before = time.monotonic()

    assert idle.errors == {}
    assert list(idle.error_reports()) == []
    assert time.monotonic() - before < 10


def test_an_idle_map_is_active_and_cannot_be_rerun(idle):
    until(lambda: idle.component_statuses == [ComponentStatus.IDLE] * 3, "all are idle")
    assert idle.is_active
    assert not idle.is_done
    with pytest.raises(exceptions.CannotRerunComponents):
        idle.rerun()


def test_results_come_as_they_are_available_before_the_last_is_there():
    def wait_for(path):
        import os
        import time

        while path and not os.path.exists(path):
            time.sleep(0.02)
        return path

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        gate = f"{folder}/gate"
        m = htmap.map(wait_for, [gate, "", ""])
        results = m.iter_as_available(timeout=60)
        assert [next(results), next(results)] == ["", ""]
        until(lambda: m.component_statuses[0] is ComponentStatus.RUNNING, "it runs")
        with pytest.raises(exceptions.OutputNotFound):
            m[0]
        open(gate, "w").close()
        assert list(results) == [gate]


# ---- hold and release -----------------------------------------------------------------------


def test_held_components_stop_waits_at_once_and_go_on_when_released():
    m = htmap.map(double, range(2), MapOptions(hold="true"))
    until(lambda: len(m.holds) == 2, "both are held")

    assert m.component_statuses == [ComponentStatus.HELD] * 2
    with pytest.raises(exceptions.MapComponentHeld) as caught:
        m.get(0)
    assert caught.value.component == 0
    assert caught.value.hold == m.holds[0]
    for wait in (m.wait, lambda: list(m), lambda: list(m.iter_as_available())):
        with pytest.raises(exceptions.MapComponentHeld):
            wait()
    m.wait(timeout=5, holds_ok=True)
    assert m.is_active

    m.release()
    assert list(m.iter(timeout=60)) == [0, 2]
    assert m.holds == {}


def test_holding_a_map_holds_its_jobs_and_says_why():
    m = htmap.map(double, range(2), NEVER)
    m.hold()

    until(lambda: len(m.holds) == 2, "both are held")
    assert "HELD = 2" in m.status()
    assert [job["JobStatus"] for job in jobs_here() if "ProcId" in job] == [5, 5]
    m.release()
    until(lambda: m.component_statuses == [ComponentStatus.IDLE] * 2, "both are idle again")
    assert m.holds == {}


# ---- rerun ----------------------------------------------------------------------------------


def count_calls(path, fail):
    """Append a line to a file; fail on the first call if asked to."""
    with open(path, "a+") as file:
        file.write("called\n")
        file.seek(0)
        calls = len(file.readlines())
    if fail and calls == 1:
        raise RuntimeError("the first call")
    return calls


def test_a_map_can_be_rerun_whole_in_part_and_where_it_failed(tmp_path):
    m = htmap.starmap(count_calls, [(tmp_path / str(i), i == 1) for i in range(3)])
    m.wait(timeout=60, errors_ok=True)
    assert m.component_statuses == ["COMPLETED", "ERRORED", "COMPLETED"]

    m.rerun([1])
    assert list(m.iter(timeout=60)) == [1, 2, 1]
    assert m.errors == {}
    m.rerun()
    assert list(m.iter(timeout=60)) == [2, 3, 2]
    m.rerun(i for i in (2, 0, 2))
    assert list(m.iter_as_available(timeout=60)) in ([3, 3, 3], [3, 3, 3])
    assert list(m) == [3, 3, 3]
    m.rerun([])
    assert m.is_done


def test_a_rerun_is_seen_by_another_process(tmp_path):
    m = htmap.starmap(count_calls, [(tmp_path / "0", False)], tag="again")
    m.wait(timeout=60)
    m.rerun()

    other = run("m = htmap.load('again'); print(m.get(0, timeout=60), m.is_done)")

    assert other.stdout == "2 True\n", other.stderr


def test_a_rerun_that_another_process_asked_for_is_seen_here(tmp_path):
    m = htmap.starmap(count_calls, [(tmp_path / "0", False)], tag="again")
    assert m.get(0, timeout=60) == 1

    other = run("htmap.load('again').rerun()")

    assert other.returncode == 0, other.stderr
    assert until(lambda: m.is_done and m.get(0) == 2, "the new result is seen")


@pytest.mark.parametrize("components", [[0, 4], [-1], [0, 10**9], ["0"], [0.5]])
def test_a_rerun_of_components_that_do_not_exist_changes_nothing(mixed, components):
    before = [run.number for run in mixed._folder.runs()]

    with pytest.raises(exceptions.CannotRerunComponents) as caught:
        mixed.rerun(components)

    assert caught.value.tag == "mixed"
    assert [run.number for run in mixed._folder.runs()] == before
    assert mixed.component_statuses == ["COMPLETED", "ERRORED", "COMPLETED", "ERRORED"]
    assert mixed[0] == 0


def test_two_processes_that_rerun_a_map_at_once_leave_a_whole_map(tmp_path):
    m = htmap.map(double, range(6), tag="both")
    m.wait(timeout=60)
    code = """
    m = htmap.load("both")
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        m.rerun()
        print("ran")
    except htmap.exceptions.HTMapException as error:
        print(type(error).__name__)
    """
    processes = [start(code) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]

    assert all(process.returncode == 0 for process in processes), answers
    assert "ran\n" in [out for out, _ in answers], answers
    assert list(m.iter(timeout=60)) == [2 * x for x in range(6)]
    assert list(htmap.load("both").iter(timeout=60)) == [2 * x for x in range(6)]


# ---- remove ---------------------------------------------------------------------------------


def test_a_removed_map_is_gone_and_every_use_of_its_handle_says_so():
    m = htmap.map(double, range(2), NEVER, tag="gone")
    m.remove()

    assert not m.exists
    nothing_is_left()
    uses = [
        m.wait, m.get, m.remove, m.rerun, m.hold, m.release, m.status, m.components_by_status,
        lambda: m[0], lambda: list(m), lambda: m.is_done, lambda: m.errors, lambda: m.holds,
        lambda: m.component_statuses, lambda: m.retag("new"), lambda: m.stdout[0],
        lambda: list(m.iter_as_available()), lambda: list(m.error_reports()), lambda: m.is_active,
        lambda: m.is_transient, m.pause, m.resume, m.vacate, m.hold_report, m.get_err,
        lambda: m.set_memory(1), lambda: m.set_disk(1), lambda: list(m.iter_inputs()),
        lambda: list(m.iter_with_inputs()), lambda: list(m.iter_as_available_with_inputs()),
        lambda: list(m.as_completed()), lambda: list(m.iter(errors="skip")),
        lambda: m.memory_usage, lambda: m.runtime, lambda: m.local_data,
    ]  # fmt: skip
    for use in uses:
        with pytest.raises(exceptions.MapWasRemoved, match="gone"):
            use(0) if use in (m.get, m.get_err) else use()
    assert not m.exists
    assert "gone" not in htmap.status([m])


def test_a_tag_is_free_once_its_map_was_removed():
    htmap.map(double, [1], tag="again")
    htmap.remove("again")

    assert htmap.map(double, [2], tag="again").get(0, timeout=60) == 4


def test_a_map_that_another_process_has_retagged_can_be_removed_and_frees_its_tag():
    m = htmap.map(double, [1], tag="old")
    assert m.get(0, timeout=60) == 2
    other = run("htmap.load('old').retag('new')")
    assert other.returncode == 0, other.stderr

    m.remove()

    nothing_is_left()

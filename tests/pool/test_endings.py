"""Every way a component can end: each has a status, a report that can be read, and can be rerun.

Among them what HTMap 0.6 had no report for: sys.exit(), a result that cannot be pickled, and a
local variable whose repr raises (B29; missing cloudpickle and a node without DNS: test_runner.py).
"""

import os
import signal
import threading

import pytest
from live import LARGE, damaged, run, until

import htmap
from htmap import ComponentStatus, MapOptions, exceptions


class Unreadable:
    """An object that fails whenever it is turned into text."""

    def __repr__(self):
        raise ZeroDivisionError("repr")

    __str__ = __repr__


class NeedsTwo(Exception):
    """An exception that pickles, but cannot be unpickled: Python keeps only one argument."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class Unspeakable(Exception):
    def __str__(self):
        raise ZeroDivisionError("str")

    __repr__ = __str__


def returns():
    return "as it should be"


def raises():
    secret = "a local variable"  # noqa: F841 - the report shows it
    raise ValueError("plain")


def raises_from():
    try:
        raises()
    except ValueError as error:
        raise KeyError("outer") from error


def raises_group():
    raise RuntimeError("with a\nsecond line")


def exits_zero():
    raise SystemExit(0)


def exits_three():
    raise SystemExit(3)


def leaves_with_zero():
    os._exit(0)


def leaves_with_seven():
    os.write(2, b"a last word\n")
    os._exit(7)


def is_killed():
    os.kill(os.getpid(), signal.SIGKILL)


def crashes():
    os.kill(os.getpid(), signal.SIGSEGV)


def interrupts_itself():
    raise KeyboardInterrupt


def returns_what_cannot_be_pickled():
    return (x for x in range(3))


def returns_what_cannot_be_pickled_or_shown():
    return [Unreadable(), threading.Lock()]


def raises_with_unreadable_local():
    thing = Unreadable()  # noqa: F841
    raise ValueError("beside an unreadable local")


def raises_what_cannot_be_shown():
    raise Unspeakable


def raises_what_needs_two():
    raise NeedsTwo("this", "that")


def raises_what_cannot_be_pickled():
    error = ValueError("with a lock")
    error.lock = threading.Lock()
    raise error


def recurses():
    return recurses()


def removes_its_output():
    os.remove("_htmap/_htmap_output")
    return "in spite of it"


def removes_all_it_finds():
    import shutil

    for name in os.listdir("."):
        shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
    return "in spite of it"


def walks_away():
    os.chdir("/")
    return "from /"


def walks_away_and_raises():
    os.chdir("/")
    raise ValueError("from /")


def prints_a_megabyte():
    print("x" * 2**20)
    return "and returns"


def leaves_a_thread():
    threading.Thread(target=threading.Event().wait).start()
    return "and leaves a thread that never ends"


def closes_its_streams():
    import sys

    sys.stdout.close()
    sys.stderr.close()
    os.close(1)
    os.close(2)
    return "without streams"


def stops_in_a_thread():
    thread = threading.Thread(target=leaves_with_seven)
    thread.start()
    thread.join()


def raises_none_at_all():
    raise None  # noqa: B016


RETURNED = {
    returns: "as it should be",
    walks_away: "from /",
    prints_a_megabyte: "and returns",
    leaves_a_thread: "and leaves a thread that never ends",
    removes_its_output: "in spite of it",
    removes_all_it_finds: "in spite of it",
    closes_its_streams: "without streams",
}
FAILED = {
    raises: ["ValueError: plain", "raise ValueError", "secret = 'a local variable'"],
    raises_from: ["ValueError: plain", "direct cause", "KeyError: 'outer'"],
    raises_group: ["RuntimeError: with a", "second line"],
    exits_zero: ["SystemExit: 0", "sys.exit()"],
    exits_three: ["SystemExit: 3", "sys.exit()"],
    leaves_with_zero: ["exit status 0", "os._exit"],
    leaves_with_seven: ["exit status 7", "a last word"],
    is_killed: ["signal 9 (SIGKILL)"],
    crashes: ["signal 11 (SIGSEGV)"],
    interrupts_itself: ["KeyboardInterrupt"],
    returns_what_cannot_be_pickled: ["cannot be pickled", "generator"],
    returns_what_cannot_be_pickled_or_shown: ["cannot be pickled", "list"],
    raises_with_unreadable_local: ["beside an unreadable local", "repr of Unreadable raised"],
    raises_what_cannot_be_shown: ["Unspeakable", "str of Unspeakable raised"],
    raises_what_needs_two: ["this and that"],
    raises_what_cannot_be_pickled: ["ValueError: with a lock"],
    recurses: ["RecursionError", "more times"],
    walks_away_and_raises: ["ValueError: from /"],
    stops_in_a_thread: ["exit status 7"],
    raises_none_at_all: ["TypeError: exceptions must derive from BaseException"],
}
FUNCTIONS = [*RETURNED, *FAILED]


@pytest.fixture(scope="module")
def ended(module_dir):
    """A map in which each component ends in its own way."""
    m = htmap.map(lambda function: function(), FUNCTIONS, tag="ended")
    m.wait(timeout=100, errors_ok=True)
    return m


@pytest.mark.parametrize("function", RETURNED, ids=lambda function: function.__name__)
def test_a_function_that_returns_completes_its_component_whatever_else_it_does(ended, function):
    component = FUNCTIONS.index(function)

    assert ended.component_statuses[component] is ComponentStatus.COMPLETED
    assert ended[component] == RETURNED[function]


@pytest.mark.parametrize("function", FAILED, ids=lambda function: function.__name__)
def test_a_component_that_ends_without_a_result_has_a_report_that_says_how(ended, function):
    component = FUNCTIONS.index(function)

    assert ended.component_statuses[component] is ComponentStatus.ERRORED
    report = ended.errors[component].report()
    for words in [f"component {component} of map ended", *FAILED[function]]:
        assert words in report
    with pytest.raises(exceptions.MapComponentError) as caught:
        ended.get(component)
    assert caught.value.report == report


def test_the_reports_are_of_all_failed_components_in_order(ended):
    reports = list(ended.error_reports())

    assert len(reports) == len(FAILED)
    assert reports == [ended.errors[FUNCTIONS.index(function)].report() for function in FAILED]


def test_everything_that_was_printed_is_there(ended):
    assert ended.stdout[FUNCTIONS.index(prints_a_megabyte)] == "x" * 2**20 + "\n"
    assert ended.stderr[FUNCTIONS.index(leaves_with_seven)] == "a last word\n"


def test_the_exception_itself_is_the_cause_where_it_can_be_had(ended):
    causes = {}
    for function in (raises_from, raises_what_needs_two, raises_what_cannot_be_pickled, is_killed):
        with pytest.raises(exceptions.MapComponentError) as caught:
            ended.get(FUNCTIONS.index(function))
        causes[function] = caught.value.__cause__

    assert isinstance(causes[raises_from], KeyError)
    assert causes[raises_what_needs_two] is None
    assert causes[raises_what_cannot_be_pickled] is None
    assert causes[is_killed] is None


def test_another_process_reads_the_same_reports(ended):
    other = run("m = htmap.load('ended'); print('\\0'.join(m.error_reports()), end='')")

    theirs, ours = other.stdout.split("\0"), list(ended.error_reports())
    assert len(theirs) == len(ours), other.stderr
    assert [len(text.splitlines()) for text in theirs] == [len(text.splitlines()) for text in ours]


def first_fails_then_returns(path, function):
    """Fail in the given way the first time, and return the second time."""
    if not os.path.exists(path):
        open(path, "w").close()
        function()
    return function.__name__


def test_whatever_ended_a_component_it_can_be_rerun(tmp_path):
    functions = list(FAILED)
    m = htmap.starmap(
        first_fails_then_returns, [(f"{tmp_path}/{f.__name__}", f) for f in functions]
    )
    m.wait(timeout=100, errors_ok=True)
    # Those that merely return something unfit do not fail here.
    failed = m.components_by_status()[ComponentStatus.ERRORED]
    assert len(failed) == len(functions) - 2

    m.rerun(failed)

    assert list(m.iter(timeout=100)) == [function.__name__ for function in functions]
    assert m.errors == {}


def test_a_result_that_cannot_be_loaded_here_is_explained_and_can_be_rerun():
    def returns_what_lives_only_there():
        import sys
        import types

        module = types.ModuleType("only_there")
        sys.modules["only_there"] = module
        exec("class Thing: pass", module.__dict__)
        return module.Thing()

    m = htmap.starmap(returns_what_lives_only_there, [()], tag="there")
    m.wait(timeout=60)

    with pytest.raises(exceptions.OutputCannotBeLoaded, match="only_there") as caught:
        m.get(0)
    assert caught.value.component == 0
    assert "Install" in str(caught.value)
    m.rerun()
    m.wait(timeout=60)


def test_a_result_whose_file_is_damaged_on_disk_is_said_to_be():
    m = htmap.map(abs, [-1], tag="damaged")
    assert m.get(0, timeout=60) == 1
    run_, job = m._tracker.run_and_job(0)
    path = run_.output(job)
    path.write_bytes(damaged(path))

    with pytest.raises(exceptions.CorruptPack, match="rerun") as caught:
        m.get(0)
    assert caught.value.path == path
    path.unlink()
    with pytest.raises(exceptions.CorruptPack):
        m.get(0)
    m.rerun([0])
    assert m.get(0, timeout=60) == 1


@pytest.mark.shared
def test_an_input_that_is_gone_before_the_job_starts_ends_every_wait():
    m = htmap.map(len, LARGE[:2], MapOptions(hold="true"))
    until(lambda: len(m.holds) == 2, "both wait")
    run_, job = m._tracker.run_and_job(0)
    run_.input(job).unlink()
    m.release()

    assert m.get(1, timeout=60) == len(LARGE[1])
    with pytest.raises(exceptions.MapComponentHeld, match="inputs/0"):
        m.get(0, timeout=60)
    with pytest.raises(exceptions.MapComponentHeld):
        list(m)
    assert "inputs" in m.holds[0].reason


@pytest.mark.shared
def test_an_input_that_is_damaged_before_the_job_starts_is_reported():
    m = htmap.map(len, LARGE, MapOptions(hold="true"))
    until(lambda: len(m.holds) == 3, "all wait")
    for component, damage in ((0, lambda path: path.read_bytes()[:20]), (1, damaged)):
        run_, job = m._tracker.run_and_job(component)
        path = run_.input(job)
        path.write_bytes(damage(path))
    m.release()
    m.wait(timeout=60, errors_ok=True)

    assert m.component_statuses == ["ERRORED", "ERRORED", "COMPLETED"]
    assert "DamagedPack" in m.errors[0].report()
    assert "DamagedPack" in m.errors[1].report()


def test_a_function_that_the_node_cannot_load_is_a_report_of_every_component():
    class Explodes:
        def __reduce__(self):
            return (eval, ("1/0",))

        def __call__(self, x):
            return x

    m = htmap.map(Explodes(), [1, 2])
    m.wait(timeout=60, errors_ok=True)

    assert list(m.errors) == [0, 1]
    for report in m.error_reports():
        assert "could not be loaded on the node" in report
        assert "ZeroDivisionError" in report


def test_an_input_that_the_node_cannot_load_is_a_report_of_its_component_alone():
    class Explodes:
        def __reduce__(self):
            return (eval, ("1/0",))

    m = htmap.map(lambda x: "read", [1, Explodes()])
    m.wait(timeout=60, errors_ok=True)

    assert m[0] == "read"
    assert list(m.errors) == [1]
    assert "input could not be read" in m.errors[1].report()


@pytest.mark.slow
def test_a_result_of_200_megabytes_arrives_whole():
    m = htmap.map(lambda size: bytes(range(256)) * (size // 256), [200 * 2**20])

    result = m.get(0, timeout=100)

    assert len(result) == 200 * 2**20
    assert result[:256] == result[-256:] == bytes(range(256))

"""Results, inputs and errors of maps that lie on disk as a pool leaves them."""

import pickle

import pytest
from hand_made import HELD, RELEASED, REMOVED, TERMINATED, HandMade

import htmap
from htmap import exceptions
from htmap.exceptions import MapComponentError, MapComponentHeld
from htmap.execute import packs


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


@pytest.fixture
def mixed():
    """A map of which two components have results, one failed, one is held, one was removed."""
    HandMade("mixed", "COMPLETED", "ERRORED", "COMPLETED", "HELD", "REMOVED")
    return htmap.load("mixed")


def kinds(values):
    """The values, with exceptions as (type, component)."""
    return [
        (type(value).__name__, value.component) if isinstance(value, Exception) else value
        for value in values
    ]


IN_ORDER = [
    0,
    ("MapComponentError", 1),
    20,
    ("MapComponentHeld", 3),
    ("MapComponentRemoved", 4),
]


def test_an_iteration_in_order_can_return_or_skip_what_has_no_result(mixed):
    assert kinds(mixed.iter(errors="return")) == IN_ORDER
    assert kinds(mixed.iter(errors="skip")) == [0, 20]


def test_an_iteration_as_they_end_can_too_and_what_is_held_comes_last(mixed):
    held_last = [*IN_ORDER[:3], IN_ORDER[4], IN_ORDER[3]]

    assert kinds(mixed.iter_as_available(errors="return")) == held_last
    assert kinds(mixed.iter_as_available(errors="skip")) == [0, 20]


def test_a_timeout_that_is_no_time_is_refused(mixed):
    for waits in (
        lambda: mixed.get(0, timeout="soon"),
        lambda: mixed.wait(timeout=[]),
        lambda: list(mixed.iter(timeout="soon")),
        lambda: list(mixed.stdout.follow(0, timeout="soon")),
    ):
        with pytest.raises(exceptions.InvalidArgument, match=r"the timeout is .*seconds"):
            waits()


def test_an_iteration_raises_otherwise_with_everything_that_is_known(mixed):
    for results in (
        mixed.iter(),
        mixed.iter_as_available(),
        mixed.iter_as_available(errors="raise"),
    ):
        assert next(results) == 0
        with pytest.raises(MapComponentError, match="bad 1") as caught:
            next(results)
        assert caught.value.component == 1
        assert "Start error report for component 1 of map mixed" in caught.value.report


def test_outcomes_say_which_component_it_is(mixed):
    outcomes = {outcome.component: outcome for outcome in mixed.as_completed()}

    assert list(outcomes) == [0, 1, 2, 4, 3]
    assert outcomes[2] == (2, 20, None)
    assert (outcomes[2].result, outcomes[2].error) == (20, None)
    assert outcomes[1].result is None
    assert "bad 1" in outcomes[1].error.report
    assert outcomes[3].error.hold.code == 13
    assert type(outcomes[3].component) is int


def test_what_is_released_while_others_are_waited_for_comes_with_its_result():
    made = HandMade("released", "HELD", "COMPLETED", "RUNNING")
    outcomes = htmap.load("released").as_completed(timeout=30)
    assert next(outcomes) == (1, 10, None)

    made.log(RELEASED, 0)
    made.complete(0)
    made.complete(2)

    assert list(outcomes) == [(0, 0, None), (2, 20, None)]


def test_what_is_held_does_not_end_the_wait_for_the_others():
    made = HandMade("held", "HELD", "RUNNING")
    m = htmap.load("held")
    for errors in ("return", "skip"):
        with pytest.raises(TimeoutError):
            next(m.iter_as_available(timeout=0.05, errors=errors))
    with pytest.raises(MapComponentHeld):
        next(m.iter_as_available(timeout=0.05))

    made.complete(1)
    assert kinds(m.iter_as_available(errors="return")) == [10, ("MapComponentHeld", 0)]


def test_a_result_whose_file_is_gone_is_an_outcome_too():
    made = HandMade("gone", "COMPLETED", "COMPLETED")
    made.run.output(1).unlink()
    made.folder.events.touch()
    m = htmap.load("gone")
    assert m.component_statuses == ["COMPLETED", "ERRORED"]

    made = HandMade("damaged", "COMPLETED", "COMPLETED")
    m = htmap.load("damaged")
    assert m.is_done
    made.run.output(0).write_bytes(b"")
    assert kinds(m.iter(errors="return")) == [("CorruptPack", 0), 10]
    assert list(m.iter(errors="skip")) == [10]


def test_an_iteration_ends_when_the_map_is_removed_whatever_is_done_about_errors(mixed):
    for errors in ("raise", "return", "skip"):
        HandMade(errors, "COMPLETED", "COMPLETED")
        m = htmap.load(errors)
        results, inputs = m.iter(errors=errors), m.iter_inputs()
        assert (next(results), next(inputs)) == (0, ((0,), {}))
        m._folder.remove()
        for iteration in (results, inputs):
            with pytest.raises(exceptions.MapWasRemoved):
                next(iteration)


@pytest.mark.parametrize("errors", ["ignore", "", None, True, "RAISE"])
def test_another_way_with_errors_is_refused_at_once(mixed, errors):
    for iterate in (mixed.iter, mixed.iter_as_available, mixed.iter_with_inputs,
                    mixed.iter_as_available_with_inputs):  # fmt: skip
        with pytest.raises(exceptions.InvalidArgument, match="'raise', 'return', 'skip'"):
            iterate(errors=errors)


# ---- inputs ---------------------------------------------------------------------------------


def test_inputs_are_there_before_any_output_and_after_a_rerun():
    HandMade("inputs", "UNMATERIALIZED", "IDLE")
    assert list(htmap.load("inputs").iter_inputs()) == [((0,), {}), ((1,), {})]


def test_results_come_with_their_inputs(mixed):
    assert list(mixed.iter_with_inputs(errors="skip")) == [(((0,), {}), 0), (((2,), {}), 20)]
    assert list(mixed.iter_as_available_with_inputs(errors="skip")) == [
        (((0,), {}), 0),
        (((2,), {}), 20),
    ]
    pairs = list(mixed.iter_as_available_with_inputs(errors="return"))
    assert [pair[0] for pair in pairs] == [((i,), {}) for i in (0, 1, 2, 4, 3)]
    for iterate in (mixed.iter_with_inputs, mixed.iter_as_available_with_inputs):
        with pytest.raises(MapComponentError):
            list(iterate())


def test_an_input_that_cannot_be_loaded_or_read_here_is_explained():
    made = HandMade("inputs", "IDLE", "IDLE")
    m = htmap.load("inputs")
    with packs.PackWriter(made.run.input(0), packs.versions(kind="input")) as pack:
        pack.add(0, packs.INPUT, b"cno_such_module\nThing\n.")
        pack.finish()

    with pytest.raises(exceptions.InputCannotBeLoaded, match="no_such_module") as caught:
        next(m.iter_inputs())
    about = caught.value
    assert (about.tag, about.component, about.path) == ("inputs", 0, made.run.input(0))
    assert isinstance(about.__cause__, ModuleNotFoundError)

    made.run.input(0).unlink()
    with pytest.raises(exceptions.CorruptPack, match="component 0"):
        next(m.iter_inputs())


# ---- errors ---------------------------------------------------------------------------------


def test_the_error_of_a_component_can_be_had(mixed):
    error = mixed.get_err(1)

    assert error.exception_msg == "ValueError: bad 1"
    assert error.component == 1
    assert type(error.component) is int
    assert mixed.get_err(-1, timeout=0).component == 4
    assert "via condor_rm" in mixed.get_err(4).report()


def test_asking_for_an_error_that_there_is_not_says_why(mixed):
    HandMade("idle", "IDLE")

    with pytest.raises(exceptions.ExpectedError, match=r"component 2 .* succeeded") as caught:
        mixed.get_err(2)
    assert (caught.value.tag, caught.value.component) == ("mixed", 2)
    with pytest.raises(MapComponentHeld):
        mixed.get_err(3)
    for component in (5, -6):
        with pytest.raises(IndexError):
            mixed.get_err(component)
    with pytest.raises(exceptions.OutputNotFound):
        htmap.load("idle").get_err(0, timeout=0)
    with pytest.raises(TimeoutError):
        htmap.load("idle").get_err(0, timeout=0.05)


@pytest.mark.parametrize("component", ["0", 0.0, None, [0]])
def test_what_is_no_number_is_no_component(mixed, component):
    with pytest.raises(exceptions.NoSuchComponent, match="no component"):
        mixed.get(component)


def test_a_failure_that_is_pickled_keeps_what_it_knows(mixed):
    failed, held = (
        outcome.error for outcome in mixed.as_completed() if outcome.component in (1, 3)
    )
    failed.__cause__ = ValueError("bad 1")

    again = pickle.loads(pickle.dumps(failed))
    assert (again.tag, again.component, again.report) == ("mixed", 1, failed.report)
    assert type(again.__cause__) is ValueError
    assert again.__cause__.args == ("bad 1",)
    again = pickle.loads(pickle.dumps(held))
    assert again.hold == mixed.holds[3]
    assert (again.hold.code, again.hold.subcode, again.hold.reason) == (13, 2, "no such file")


def test_a_cause_that_cannot_be_pickled_is_left_out():
    error = MapComponentError("it broke", tag="a", component=1, report="all of it")
    error.__cause__ = ValueError(lambda: None)

    again = pickle.loads(pickle.dumps(error))

    assert (str(again), again.report, again.__cause__) == ("it broke", "all of it", None)


# ---- the protocol of sequences --------------------------------------------------------------


def test_a_map_is_a_sequence_of_its_results():
    HandMade("done", "COMPLETED", "COMPLETED", "COMPLETED")
    m = htmap.load("done")

    assert m.index(20) == 2
    assert m.index(20, -2) == 2
    with pytest.raises(ValueError, match=r"^$"):
        m.index(30)
    assert (m.count(10), m.count(30)) == (1, 0)
    assert list(reversed(m)) == [20, 10, 0]
    assert (m[-1], m[:2], m[::-1]) == (20, [0, 10], [20, 10, 0])


# ---- holds ----------------------------------------------------------------------------------


def test_holds_have_code_subcode_and_reason(mixed):
    hold = mixed.holds[3]

    assert (hold.code, hold.subcode, hold.reason) == (13, 2, "no such file")
    assert str(hold) == f"{hold}" == "[13] no such file"
    assert isinstance(hold, htmap.ComponentHold)


def test_the_report_of_holds_is_a_table_with_one_line_each():
    made = HandMade("held", "HELD", "COMPLETED", "IDLE")
    made.log(HELD.replace("no such file", "first\n\tsecond"), 2)
    m = htmap.load("held")

    assert m.hold_report() == (
        "Component  Code  Subcode  Hold Reason\n"
        "    0       13      2     no such file\n"
        "    2       13      2     first second"
    )
    made.log(REMOVED, 0)
    made.log(RELEASED, 2)
    assert m.hold_report() == "Component  Code  Subcode  Hold Reason"


# ---- components that are gone ---------------------------------------------------------------


def test_a_component_that_was_removed_has_come_to_an_end():
    """B3: it counted as active, and every wait for it hung."""
    HandMade("gone", "REMOVED", "COMPLETED")
    m = htmap.load("gone")

    assert not m.is_active
    assert not m.is_done
    m.wait(timeout=0, errors_ok=True)
    with pytest.raises(exceptions.MapComponentRemoved):
        m.wait()
    assert kinds(m.iter_as_available(errors="return")) == [("MapComponentRemoved", 0), 10]


def test_a_component_that_left_no_output_has_a_report():
    """B4: everything that was asked of it raised a bare FileNotFoundError."""
    made = HandMade("silent", "RUNNING", "COMPLETED")
    made.log(TERMINATED, 0)
    m = htmap.load("silent")

    assert m.component_statuses == ["ERRORED", "COMPLETED"]
    assert "left no result" in m.get_err(0).report()
    assert list(m.errors) == [0]
    assert len(list(m.error_reports())) == 1


def test_errors_are_those_so_far_and_nothing_waits_for_the_rest():
    """B2: it waited until every component had ended."""
    HandMade("going", "ERRORED", "RUNNING", "IDLE")
    assert list(htmap.load("going").errors) == [0]


def test_every_status_can_be_asked_for(mixed):
    """B8: one that no component had was a KeyError."""
    by_status = mixed.components_by_status()
    assert by_status["SUSPENDED"] == by_status[htmap.ComponentStatus.LOST] == ()
    assert by_status["HELD"] == (3,)

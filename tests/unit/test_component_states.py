"""What is known of each component: set by job, and counted."""

import random

import pytest

from htmap.statuses import ComponentStatus
from htmap.store.division import Division
from htmap.store.run import Run
from htmap.store.state import State
from htmap.store.told import ComponentHold, Ending

ALL = list(ComponentStatus)
HOLD = ComponentHold(13, 2, "no such file")


def run_of(tmp_path, number, components, *groups):
    chunks = Division(groups)
    return Run(tmp_path, number, components, chunks, Division.alone(len(chunks)))


@pytest.fixture
def chunked(tmp_path):
    """A state of ten components in jobs of 4, 4 and 2."""
    state = State(10)
    state.add(run_of(tmp_path, 0, range(10), (4, 2), (2, 1)))
    return state, state.runs[0]


def counted(state):
    return {status: state.count(status) for status in ALL if state.count(status)}


@pytest.mark.parametrize("seed", range(20))
def test_jobs_of_any_size_count_like_component_by_component(tmp_path, seed):
    """The same done to a state of jobs, and to a list that is looped over."""
    chance = random.Random(seed)
    size = 24
    state, plain, owner, ended = State(size), ["UNMATERIALIZED"] * size, [0] * size, []
    runs = [run_of(tmp_path, 0, range(size), *chance.choice([[(1, 24)], [(5, 4), (2, 2)]]))]
    state.add(runs[0])
    for _ in range(60):
        if chance.random() < 0.1:
            again = sorted(chance.sample(range(size), chance.choice([1, 4, 6])))
            run = run_of(tmp_path, len(runs), again, *([(2, len(again) // 2)] * (len(again) > 1)),
                         *([(1, 1)] * (len(again) == 1)))  # fmt: skip
            runs.append(run)
            state.add(run)
            for component in again:
                plain[component], owner[component] = "UNMATERIALIZED", run.number
        run = chance.choice(runs)
        job = chance.randrange(run.jobs)
        own = [c for c in run.components_of(job) if owner[c] == run.number]
        if chance.random() < 0.5:
            status = chance.choice(ALL)
            state.set(run, job, status)
            new = {c: status for c in own if plain[c] != "COMPLETED" or status.is_final}
        else:
            finals = [chance.choice(["COMPLETED", "ERRORED"]) for _ in run.components_of(job)]
            codes = bytes(ComponentStatus(status).code for status in finals)
            state.close(run, job, codes, None)
            given = dict(zip(run.components_of(job), finals, strict=True))
            new = {c: given[c] for c in own}
        for component, status in new.items():
            if ComponentStatus(status).is_final and plain[component] != status:
                ended.append(component)
            plain[component] = str(status)
        assert list(state) == plain
        assert list(state.ended) == ended
        assert [state.run_and_job(c)[0].number for c in range(size)] == owner
    assert counted(state) == {s: plain.count(s) for s in ALL if plain.count(s)}
    for status in ALL:
        assert state.with_status(status) == tuple(c for c in range(size) if plain[c] == status)
    unfinished = [c for c in range(size) if not ComponentStatus(plain[c]).is_final]
    assert state.unfinished == len(unfinished)
    assert set(state.unfinished_jobs({})) == set(map(state.job, unfinished))


def test_a_hold_is_that_of_each_component_of_the_job(chunked):
    state, run = chunked
    state.hold(run, 2, HOLD)

    assert state.holds == {8: HOLD, 9: HOLD}
    assert state.hold_of(9) == HOLD
    with pytest.raises(KeyError):
        state.hold_of(3)
    state.set(run, 2, ComponentStatus.IDLE)
    assert state.holds == {}
    assert not state.held


def test_a_completed_component_is_not_held_by_what_comes_late(chunked):
    state, run = chunked
    state.close(run, 2, bytes([ComponentStatus.COMPLETED.code] * 2), None)
    state.hold(run, 2, HOLD)

    assert state.holds == {}
    assert counted(state) == {"UNMATERIALIZED": 8, "COMPLETED": 2}


def test_jobs_that_were_never_made_are_removed_with_their_reason(chunked, tmp_path):
    state, run = chunked
    state.close(run, 0, bytes([ComponentStatus.COMPLETED.code] * 4), None)
    state.remove(run, 1, Ending(reason="via condor_rm"))
    again = run_of(tmp_path, 1, [3], (1, 1))
    state.add(again)
    state.close_unmade(run, "its cluster is gone")

    expected = ["COMPLETED"] * 3 + ["UNMATERIALIZED"] + ["REMOVED"] * 6
    assert list(state) == expected
    assert state.ending(5).reason == "via condor_rm"
    assert state.ending(9).reason == "its cluster is gone"
    assert state.ending(0) == state.ending(3) == Ending()
    state.close_unmade(again, "and this one")
    assert state.ending(3).reason == "and this one"


def test_a_rerun_forgets_how_the_component_ended_before(chunked, tmp_path):
    state, run = chunked
    state.close(run, 2, bytes([ComponentStatus.ERRORED.code] * 2), Ending(signal=9))
    assert state.ending(8).signal == state.ending(9).signal == 9
    state.add(run_of(tmp_path, 1, [9], (1, 1)))

    assert state.ending(8).signal == 9
    assert state.ending(9) == Ending()


def test_jobs_that_are_not_made_yet_are_not_among_the_unfinished(chunked):
    state, run = chunked
    state.close(run, 0, bytes([ComponentStatus.COMPLETED.code] * 4), None)

    assert state.unfinished_jobs({}) == {(0, 1): 4, (0, 2): 8}
    assert state.unfinished_jobs({0: 2}) == {(0, 1): 4}
    assert state.unfinished_jobs({0: 3, 7: 0}) == {(0, 1): 4, (0, 2): 8}
    assert state.jobs_with(ComponentStatus.COMPLETED) == {(0, 0): 0}


def test_a_job_that_a_run_does_not_have_changes_nothing(chunked):
    state, run = chunked
    for job in (-1, 3, 10**6):
        assert not state.set(run, job, ComponentStatus.RUNNING)
        state.measure(run, job, 5)
        state.hold(run, job, HOLD)
    assert counted(state) == {"UNMATERIALIZED": 10}
    assert state.holds == {}
    assert not any(state.memory)

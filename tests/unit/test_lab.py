"""What JupyterLab's status bar says of the pool, and what it costs to say it."""

import asyncio
import itertools
import threading

import pytest
from htc_lab import first_tutorial, pool_state

from htmap.exceptions import NoScheduler, SchedulerRefused
from htmap.pool.glance import Cores, Jobs

SITE = {"_CONDOR_SCHEDD_HOST": "ap.example.org"}
BUSY = Jobs("jovyan@htc-notebook", "127.0.0.1:9618", 3, 12, 0)
CORES = Cores(4, 3)


def asked(look, times=1):
    """What a window is told each time that it asks."""

    async def ask():
        return [await look.latest() for _ in range(times)]

    return asyncio.run(ask())


@pytest.fixture
def pool(monkeypatch):
    """Have the pool answer, or fail; how often it was asked is counted."""

    def answering(jobs=BUSY, cores=CORES):
        count = []

        def give(what):
            if isinstance(what, Exception):
                raise what
            return what() if callable(what) else what

        monkeypatch.setattr("htmap.pool.glance.jobs", lambda: (count.append(1), give(jobs))[1])
        monkeypatch.setattr("htmap.pool.glance.cores", lambda: give(cores))
        return count

    return answering


@pytest.mark.parametrize(
    ("jobs", "text"),
    [
        ((0, 0, 0), "Pool: no jobs"),
        ((1, 0, 0), "Pool: 1 job running, 0 waiting"),
        ((3, 12, 0), "Pool: 3 jobs running, 12 waiting"),
        ((0, 2, 1), "Pool: 0 jobs running, 2 waiting, 1 held"),
        ((0, 0, 2), "Pool: 2 jobs held"),
    ],
)
def test_the_status_bar_counts_jobs_in_words(pool, jobs, text):
    pool(Jobs("me", "127.0.0.1:1", *jobs))

    (state,) = asked(pool_state.Look({}))

    assert (state["text"], state["ok"]) == (text, True)
    assert state["more"][0] == "3 of 4 cores of the pool in this container are busy."
    assert any("htmap holds" in line for line in state["more"]) == bool(jobs[2])


def test_an_attached_container_says_whose_queue_it_is(pool):
    pool(cores=None)

    (state,) = asked(pool_state.Look(SITE))

    assert state["text"] == "ap.example.org: 3 jobs running, 12 waiting"
    assert state["more"] == [
        "Attached to the access point ap.example.org: no pool in this container.",
        "3 jobs running, 12 waiting, 0 held, in the queue of the schedd jovyan@htc-notebook at "
        "127.0.0.1:9618.",
    ]


@pytest.mark.parametrize("kind", [NoScheduler, SchedulerRefused])
def test_an_access_point_that_cannot_be_had_is_said_with_its_reason(pool, kind):
    pool(kind("no HTCondor schedd answered: the name cannot be resolved"))

    (state,) = asked(pool_state.Look(SITE))

    assert (state["text"], state["ok"]) == ("ap.example.org: cannot be had", False)
    assert state["more"] == ["no HTCondor schedd answered: the name cannot be resolved"]


@pytest.mark.parametrize(
    ("why", "text", "more"),
    [
        ("", "Pool: starting", "The pool does not answer yet."),
        ("the pool is stopped: `htc-pool start` starts it", "Pool: stopped",
         "The pool is stopped: `htc-pool start` starts it."),
        ("the schedd died five times", "Pool: down", "The schedd died five times."),
    ],
)  # fmt: skip
def test_a_pool_of_ones_own_that_does_not_answer_is_starting_stopped_or_down(
    pool, monkeypatch, why, text, more
):
    pool(NoScheduler("nobody answered"))
    monkeypatch.setattr("htc_pool.readiness.not_coming", lambda directory: why)

    (state,) = asked(pool_state.Look({}))

    assert state == {"text": text, "more": [more], "ok": False}


def test_a_pool_without_slots_is_starting(pool):
    pool(cores=Cores(0, 0))
    assert asked(pool_state.Look({}))[0]["text"] == "Pool: starting"


def test_whatever_goes_wrong_the_page_is_told_something(pool):
    pool(MemoryError("no room"))
    (state,) = asked(pool_state.Look({}))
    assert (state["text"], state["more"]) == ("Pool: unknown", ["MemoryError: no room"])


def test_many_windows_cost_one_look(pool):
    count = pool()
    states = asked(pool_state.Look({}), times=50)
    assert (len(count), len(states)) == (1, 50)


def test_a_look_that_takes_long_is_waited_for_once_and_told_when_it_is_there(pool, monkeypatch):
    answer = threading.Event()
    count = pool(lambda: answer.wait(20) and BUSY)
    monkeypatch.setattr(pool_state, "_PATIENCE", 0.05)
    look = pool_state.Look(SITE)

    async def ask():
        early = [await look.latest(), await look.latest()]
        answer.set()
        late = await look.latest()
        while not late["ok"]:
            late = await look.latest()
        return [*early, late]

    *early, late = asyncio.run(ask())

    assert [state["text"] for state in early] == ["ap.example.org: no answer yet"] * 2
    assert late["text"] == "ap.example.org: 3 jobs running, 12 waiting"
    assert len(count) == 1


def test_a_pool_that_is_down_is_asked_less_and_less_often(pool, monkeypatch):
    """To explain a failure costs more than an answer."""
    now = [1000.0]
    monkeypatch.setattr(pool_state, "monotonic", lambda: now[0])
    count = pool(NoScheduler("nobody answered"))
    look = pool_state.Look(SITE)

    async def ask():
        pauses = []
        for _ in range(3600):
            before = len(count)
            await look.latest()
            if len(count) > before:
                pauses.append(now[0])
            now[0] += 1
        return [round(b - a) for a, b in itertools.pairwise(pauses)]

    pauses = asyncio.run(ask())

    assert pauses[:4] == [30, 60, 120, 240]
    assert set(pauses[4:]) == {300}


def test_without_a_pool_nothing_is_asked(pool):
    count = pool()
    look = pool_state.Look({"HTC_POOL": "none"})
    assert (look.mode, asked(look)[0]["text"], count) == ("none", "No pool here", [])


def test_a_site_is_asked_less_often_than_ones_own_pool():
    assert pool_state.Look({}).seconds == 5
    assert pool_state.Look(SITE).seconds == 30


def test_the_first_tutorial_is_named_as_jupyterlab_does(tmp_path):
    folder = tmp_path / "tutorials"
    assert first_tutorial(str(folder), str(tmp_path)) == ""
    folder.mkdir()
    assert first_tutorial(str(folder), str(tmp_path)) == ""
    for name in ("02-more.ipynb", "01-first.ipynb", "00-data.csv"):
        (folder / name).touch()
    assert first_tutorial(str(folder), str(tmp_path)) == "tutorials/01-first.ipynb"
    assert first_tutorial(str(folder), str(folder)) == "01-first.ipynb"
    # JupyterLab shows nothing that is outside of its own directory.
    assert first_tutorial(str(folder), str(tmp_path / "elsewhere")) == ""

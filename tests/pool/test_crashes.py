"""kill -9 at every point of making, rerunning and removing a map.

A process kills itself where a function of htmap is about to be called, or has returned. Whoever
looks next must see nothing at all, or a whole map that finishes with the right results.
"""

import os

import pytest
from live import die, jobs_here, nothing_is_left, run, start, until

import htmap
from htmap import MapOptions, exceptions
from htmap.store.directory import root

SPOOLED = htmap.settings["SCHEDD.FILE_SYSTEM"] == "remote"

# The steps of a submission, in order; `pool.submit:_submit` is the conversation with the schedd.
CREATION = [
    ("htmap.store.journal:Intent:begin", "before", 1, "nothing"),
    ("htmap.store.journal:Intent:begin", "after", 1, "nothing"),
    ("htmap.store.folder:MapFolder:create", "after", 1, "nothing"),
    ("htmap.store.input_packs:InputWriter:add", "after", 3, "nothing"),
    ("htmap.mapping:write_run", "after", 1, "nothing"),
    ("htmap.store.folder:MapFolder:write_about", "after", 1, "nothing"),
    ("htmap.store.claims:claim", "before", 1, "nothing"),
    ("htmap.store.claims:claim", "after", 1, "nothing"),
    ("htmap.pool.submit:_submit", "before", 1, "nothing"),
    # The jobs of a schedd that is sent the inputs afterwards are of no use without these.
    ("htmap.pool.submit:_submit", "after", 1, "nothing" if SPOOLED else "whole"),
    *([("htmap.pool.spool:send_inputs", "after", 1, "whole")] if SPOOLED else []),
    ("htmap.store.run:Run:record_cluster", "before", 1, "whole"),
    ("htmap.store.run:Run:record_cluster", "after", 1, "whole"),
    ("htmap.store.journal:Intent:end", "before", 1, "whole"),
    ("htmap.store.journal:Intent:end", "after", 1, "whole"),
]


def ids(steps):
    return [f"{when} {where.rpartition(':')[2]} {calls}" for where, when, calls, *_ in steps]


@pytest.mark.parametrize(("where", "when", "calls", "left"), CREATION, ids=ids(CREATION))
def test_a_client_that_is_killed_while_making_a_map_leaves_nothing_or_a_whole_map(
    where, when, calls, left
):
    die("htmap.map(abs, [-1, -2, -3, -4], tag='crash')", where, when, calls)

    if left == "whole":
        assert htmap.get_tags() == ("crash",)
        m = htmap.load("crash")
        assert list(m.iter(timeout=60)) == [1, 2, 3, 4]
        m.rerun([2])
        assert list(m.iter(timeout=60)) == [1, 2, 3, 4]
        assert os.listdir(root() / "journal") == []
    else:
        nothing_is_left("crash")
        assert os.listdir(root() / "tags") == []
        assert htmap.map(abs, [-5], tag="crash").get(0, timeout=60) == 5


def test_what_a_killed_client_left_is_settled_by_whichever_look_comes_next():
    for look in (
        htmap.get_tags,
        htmap.load_maps,
        htmap.status,
        htmap.clean,
        lambda: htmap.remove("crash"),
        lambda: htmap.map(abs, [-1], tag="crash").remove(),
    ):
        die("htmap.map(abs, [-1], tag='crash')", "htmap.pool.submit:_submit", "before", 1)
        assert len(os.listdir(root() / "maps")) == 1
        look()
        nothing_is_left()


def test_what_is_half_made_by_a_process_that_lives_is_left_alone():
    process = start("""
        import itertools
        def inputs():
            yield -1
            print("begun", flush=True)
            sys.stdin.readline()
            yield -2
        print(list(htmap.map(abs, inputs(), tag="slow", quiet=True)))
    """)
    assert process.stdout.readline() == "begun\n"
    assert htmap.get_tags() == ()
    assert len(os.listdir(root() / "maps")) == 1

    out, err = process.communicate("go on\n", timeout=60)

    assert out == "[1, 2]\n", err


@pytest.mark.shared
def test_a_client_that_is_killed_before_it_can_start_held_jobs_leaves_the_user_s_hold_alone():
    die(
        "htmap.map(abs, [-1], htmap.MapOptions(hold='true'), tag='crash')",
        "htmap.pool.submit:_submit",
        "after",
        1,
    )

    m = htmap.load("crash")

    until(lambda: len(m.holds) == 1, "it is held")
    assert [job["JobStatus"] for job in jobs_here() if "ProcId" in job] == [5]
    m.release()
    assert m.get(0, timeout=60) == 1


RERUN = [
    ("htmap.store.folder:MapFolder:create_run", "after", 1),
    ("htmap.store.journal:Intent:begin", "after", 1),
    ("htmap.store.input_packs:InputWriter:add", "after", 1),
    ("htmap.submission:write_run", "after", 1),
    ("htmap.pool.submit:_submit", "before", 1),
    ("htmap.pool.submit:_submit", "after", 1),
    ("htmap.store.run:Run:record_cluster", "after", 1),
    ("htmap.store.journal:Intent:end", "after", 1),
]


def count_calls(path):
    with open(path, "a+") as file:
        file.write("x")
        return file.tell()


@pytest.mark.parametrize(("where", "when", "calls"), RERUN, ids=ids(RERUN))
def test_a_client_that_is_killed_while_it_reruns_leaves_the_old_results_or_the_new_run(
    where, when, calls, tmp_path
):
    watched = htmap.map(count_calls, [str(tmp_path / str(i)) for i in range(3)], tag="crash")
    assert list(watched.iter(timeout=60)) == [1, 1, 1]

    die("htmap.load('crash').rerun([0, 2])", where, when, calls)

    watched.component_statuses  # noqa: B018 - it has seen the run that may be undone

    last_step_before = "after _submit 1" if SPOOLED else "before _submit 1"
    submitted = RERUN.index((where, when, calls)) > ids(RERUN).index(last_step_before)
    expected = [2, 1, 2] if submitted else [1, 1, 1]
    other = run("print(list(htmap.load('crash').iter(timeout=60)))")
    assert other.stdout == f"{expected}\n", other.stderr
    assert os.listdir(root() / "journal") == []
    # The handle of a process that has looked on all the time tells the same.
    assert list(htmap.load("crash").iter(timeout=10)) == expected
    watched.rerun()
    assert list(watched.iter(timeout=60)) == [number + 1 for number in expected]


REMOVAL = [
    ("htmap.store.journal:Intent:begin", "after", 1),
    ("htmap.pool.queue:act", "before", 1),
    ("htmap.pool.queue:act", "after", 1),
    ("htmap.store.claims:release", "after", 1),
    ("htmap.store.folder:MapFolder:remove", "before", 1),
    ("htmap.store.folder:MapFolder:remove", "after", 1),
]


@pytest.mark.parametrize(("where", "when", "calls"), REMOVAL, ids=ids(REMOVAL))
def test_a_removal_that_was_killed_is_finished_by_the_next_look_and_forgotten_b27(
    where, when, calls
):
    m = htmap.map(abs, [-1, -2], MapOptions(requirements="false"), tag="crash")

    die("htmap.load('crash').remove()", where, when, calls)

    nothing_is_left("crash")
    assert not m.exists
    with pytest.raises(exceptions.TagNotFound):
        htmap.load("crash")
    assert htmap.map(abs, [-5], tag="crash").get(0, timeout=60) == 5


RETAG = [
    ("htmap.store.claims:claim", "before", 1),
    ("htmap.store.claims:claim", "after", 1),
    ("htmap.store.claims:release", "after", 1),
]


@pytest.mark.parametrize(("where", "when", "calls"), RETAG, ids=ids(RETAG))
def test_a_retagging_that_was_killed_leaves_the_map_with_one_tag(where, when, calls):
    htmap.map(abs, [-1], tag="old").wait(timeout=60)

    die("htmap.load('old').retag('new')", where, when, calls)

    tags = htmap.get_tags()
    assert tags in [("old",), ("new",)]
    m = htmap.load(tags[0])
    assert m.get(0, timeout=60) == 1
    m.remove()
    nothing_is_left()

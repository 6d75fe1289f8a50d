"""A schedd that does not see the files of maps: what travels, when, and what may break on the way.

The tests of all else that maps do are run by such a schedd too: `make test/pool-spooled`.
"""

import os
import threading
import time
from pathlib import Path

import htcondor2
import pytest
from live import die, jobs_here, nothing_is_left, run, schedd, start, until

import htmap
from htmap import MapOptions, exceptions
from htmap.pool import bringing_home, file_system, spool
from htmap.pool import schedd as schedd_module

DOUBLES = "htmap.map(lambda x: 2 * x, range(3), tag='far')"


@pytest.fixture(autouse=True)
def spooled(monkeypatch):
    """Let files travel to the pool, here and in other processes."""
    monkeypatch.setenv("HTMAP_SCHEDD_FILE_SYSTEM", "remote")


def in_spool(map_):
    """The jobs of a map that are in the queue, those whose output has been fetched too."""
    return schedd().query(
        f'HTMapID == "{map_._folder.map_id}"', ["ProcId", "JobStatus", spool.AT_HOME]
    )


def all_have_completed(map_):
    return all(job["JobStatus"] == 4 for job in in_spool(map_))


def ends(map_):
    """How many ends of jobs the log of a map tells of."""
    return map_._folder.events.read_bytes().count(b"Job terminated.")


def test_what_is_fetched_is_fetched_once_and_may_leave_the_queue():
    m = htmap.map(lambda x: print(x) or 2 * x, range(3))

    assert list(m.iter(timeout=60)) == [0, 2, 4]
    assert list(m.stdout) == ["0\n", "1\n", "2\n"]
    assert ends(m) == 3
    until(lambda: all(job[spool.AT_HOME] for job in in_spool(m)), "all may leave")
    assert jobs_here() == []
    run_ = m._folder.runs()[0]
    assert os.listdir(run_.job_log(0).parent) == []
    # Those that have ended cost the schedd nothing any more.
    assert bringing_home.due_in([m._tracker]) is None


def test_what_completed_while_nobody_looked_is_fetched_at_the_next_look():
    assert run(f"{DOUBLES}; print('made')").stdout.endswith("made\n")
    far = htmap.load("far")
    until(lambda: all_have_completed(far), "all have completed")
    assert ends(far) == 0
    assert list(far.iter(timeout=10)) == [0, 2, 4]


@pytest.mark.parametrize(
    ("where", "when", "calls"),
    [
        ("htmap.pool.fetching:fetch", "before", 1),
        ("htmap.pool.fetching:sync_tree", "before", 1),
        ("htmap.store.folder:MapFolder:write_events", "before", 1),
        ("htmap.store.folder:MapFolder:write_events", "after", 1),
        ("htmap.pool.fetching:let_go", "after", 2),
    ],
    ids=lambda value: str(value).rpartition(":")[2],
)
def test_whoever_is_killed_while_fetching_loses_nothing_and_the_next_goes_on(where, when, calls):
    run(DOUBLES)
    far = htmap.load("far")
    until(lambda: all_have_completed(far), "all have completed")

    die("print(list(htmap.load('far')))", where, when, calls)

    assert list(far.iter(timeout=20)) == [0, 2, 4]
    assert ends(far) == 3
    until(lambda: all(job[spool.AT_HOME] for job in in_spool(far)), "all may leave")
    far.remove()
    nothing_is_left()


def test_of_processes_that_wait_at_once_one_fetches_and_all_get_the_results():
    m = htmap.map(lambda x: 2 * x, range(20), tag="far")
    others = [start("print(sum(htmap.load('far').iter(timeout=60)))") for _ in range(3)]
    threads = []
    for _ in range(3):
        threads.append(threading.Thread(target=m.wait, kwargs={"timeout": 60}))
        threads[-1].start()

    assert sum(m.iter(timeout=60)) == 380
    for other in others:
        out, err = other.communicate(timeout=60)
        assert out == "380\n", err
    for thread in threads:
        thread.join()
    assert ends(m) == 20


def test_one_question_tells_of_all_maps(monkeypatch):
    maps = [htmap.map(abs, [-i]) for i in range(4)]
    asked = []
    call = schedd_module.Schedd.call

    def counted(self, method, doing, **options):
        if doing.startswith("looking for"):
            asked.append(doing)
        return call(self, method, doing, **options)

    monkeypatch.setattr(schedd_module.Schedd, "call", counted)
    for map_ in maps:
        bringing_home.Looks(map_._folder.looks).expect()
    htmap.status()
    assert asked == ["looking for the jobs of 4 maps"]
    # And nobody asks again right away.
    htmap.status()
    assert [map_.is_done for map_ in maps] == [False] * 4
    assert len(asked) == 1


def test_a_connection_that_breaks_is_told_and_costs_nothing(monkeypatch):
    m = htmap.map(lambda x: 2 * x, range(3), tag="far")
    until(lambda: all_have_completed(m), "all have completed")

    def broken(target, constraint):
        raise htcondor2.HTCondorException("Failed to connect to <127.0.0.1:9>")

    with monkeypatch.context() as patch:
        patch.setattr(htcondor2.Schedd, "retrieve", broken)
        bringing_home.Looks(m._folder.looks).expect()
        with pytest.warns(UserWarning, match="not the latest") as told:
            assert not m.is_done
        assert "127.0.0.1:9" in str(told[0].message)
    bringing_home.Looks(m._folder.looks).expect()
    assert list(m.iter(timeout=20)) == [0, 2, 4]


def test_an_output_that_cannot_be_fetched_is_told_and_the_others_arrive():
    m = htmap.map(lambda x: 2 * x, range(3))
    until(lambda: all_have_completed(m), "all have completed")
    (ad,) = schedd().query(f'HTMapID == "{m._folder.map_id}" && ProcId == 1', ["Iwd"])
    lost = os.path.join(ad["Iwd"], "_htmap_output")
    os.rename(lost, f"{lost}-away")

    with pytest.warns(UserWarning, match="component 1 cannot be fetched now") as told:
        assert (m.get(0, timeout=20), m.get(2, timeout=20)) == (0, 4)

    assert "_htmap_output" in str(told[0].message)
    os.rename(f"{lost}-away", lost)
    bringing_home.Looks(m._folder.looks).expect()
    assert m.get(1, timeout=20) == 2


def test_a_schedd_that_is_not_there_leaves_what_was_known(settings):
    m = htmap.map(lambda x: 2 * x, range(2))
    assert m.get(0, timeout=60) == 0
    m.wait(timeout=60)
    waiting = htmap.map(abs, [-1], MapOptions(hold="true"))
    assert waiting.component_statuses == ["HELD"]
    settings["HTCONDOR.COLLECTOR"] = "127.0.0.1:9"
    bringing_home.Looks(waiting._folder.looks).expect()

    with pytest.warns(UserWarning, match=r"not the latest.*127\.0\.0\.1"):
        assert waiting.component_statuses == ["HELD"]
    assert list(m) == [0, 2]
    # It is not asked again and again.
    assert bringing_home.due_in([waiting._tracker]) > 3
    settings["HTCONDOR.COLLECTOR"] = None
    waiting.remove()


def returns_once_there_is(path):
    while not Path(path).exists():
        time.sleep(0.01)
    return path


def test_a_job_that_somebody_removes_is_told_with_the_reason(tmp_path):
    there, missing = str(tmp_path), str(tmp_path / "missing")
    m = htmap.map(returns_once_there_is, [there, missing])
    assert m.get(0, timeout=60) == there
    which = f'HTMapID == "{m._folder.map_id}" && ProcId == 1'
    schedd().act(htcondor2.JobAction.Remove, which, reason=("the site is closed today", "1"))
    until(lambda: not schedd().query(which, ["ProcId"]), "it has left the queue")
    bringing_home.Looks(m._folder.looks).expect()
    with pytest.raises(exceptions.MapComponentRemoved) as caught:
        m.get(1, timeout=20)
    assert "the site is closed today" in caught.value.report
    assert m.component_statuses == ["COMPLETED", "REMOVED"]
    Path(missing).touch()
    m.rerun([1])
    assert m.get(1, timeout=60) == missing


def test_a_log_that_is_gone_is_written_anew_from_what_the_schedd_remembers():
    m = htmap.map(lambda x: 2 * x, range(3), tag="far")
    assert list(m.iter(timeout=60)) == [0, 2, 4]
    schedd().act(htcondor2.JobAction.Remove, f'HTMapID == "{m._folder.map_id}"')
    until(lambda: not in_spool(m), "all have left the queue")
    m._folder.events.unlink()
    m._folder.state.unlink(missing_ok=True)
    assert run("print(list(htmap.load('far').iter(timeout=20)))").stdout == "[0, 2, 4]\n"


def test_a_file_that_is_not_there_is_told_when_the_map_is_made(tmp_path):
    with pytest.raises(exceptions.InvalidMapOption, match="no file does not exist") as caught:
        htmap.map(abs, [-1], MapOptions(fixed_input_files=tmp_path / "no file"), tag="far")
    assert "has to be there when the map is made" in str(caught.value)
    nothing_is_left()


def test_a_schedd_of_another_name_that_sees_the_files_is_found_to_see_them(settings, monkeypatch):
    monkeypatch.setenv("HTMAP_SCHEDD_FILE_SYSTEM", "auto")
    assert not file_system.is_apart()
    settings["HTCONDOR.SCHEDULER"] = schedd_module.locate().name
    schedd_module.forget()
    assert not schedd_module.is_local()
    assert not file_system.is_apart()
    m = htmap.map(abs, [-1])
    assert not m._folder.runs()[0].spooled
    assert m.get(0, timeout=60) == 1
    assert not schedd().query("HTMapProbe isnt undefined", ["ProcId"])


def test_a_file_system_of_another_kind_is_refused_before_anything_is_made(settings):
    for wrong in ("nfs", 3, None, ["shared"]):
        settings["SCHEDD.FILE_SYSTEM"] = wrong
        with pytest.raises(exceptions.InvalidSettings, match="'auto', 'shared', 'remote'"):
            htmap.map(abs, [-1])
    nothing_is_left()

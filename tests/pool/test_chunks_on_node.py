"""Jobs of several components: what one does to its job is no harm to the others."""

import contextlib
import os
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import htcondor2
import pytest
from live import schedd, until
from one_job import made_runner, outputs, prepare, start

import htmap
from htmap import MapOptions, exceptions
from htmap.execute import packs
from htmap.execute.packs import ERROR, EXCEPTION, RESULT


def vacate(m):
    schedd().act(htcondor2.JobAction.Vacate, f'HTMapID == "{m._folder.map_id}"')


def executions(path):
    """How often each component was called."""
    return Counter(path.read_text().split())


def waits_in_the_middle(folder, number, middle):
    """Write down that it was called, and wait in the middle, the first time."""
    import htmap

    with open(f"{folder}/called", "a") as called:
        print(number, file=called)
    print("said by", number)
    if number == 1:
        Path("sent").write_text("sent")
        htmap.transfer_output_files("sent")
    if number == middle:
        state = Path("state")
        if Path(f"{folder}/waits").exists():
            return state.read_text() if state.exists() else "anew"
        state.write_text("checkpoint")
        htmap.checkpoint("state")
        Path(f"{folder}/waits").touch()
        time.sleep(60)
    if number == 2:
        raise ValueError("bad")
    return 10 * number


def interrupted(folder, how, middle=3, size=6, **options):
    """Make a map of one job, and interrupt that when it waits in the middle."""
    arguments = [(str(folder), i, middle) for i in range(size)]
    m = htmap.starmap(
        waits_in_the_middle, arguments, map_options=MapOptions(**options), chunksize=size
    )
    until((folder / "waits").exists, "it has come to the middle")
    how(m)
    return m


def hold_and_release(m):
    m.hold()
    m.release()


@pytest.mark.parametrize("how", [vacate, hold_and_release])
def test_a_job_that_is_sent_away_goes_on_after_what_it_had_finished(tmp_path, how):
    m = interrupted(tmp_path, how)

    assert m.get(5, timeout=60) == 50
    assert executions(tmp_path / "called") == {str(i): 1 + (i == 3) for i in range(6)}
    # What was kept of those before: results, a failure, files; and a checkpoint is found.
    assert [m[i] for i in (0, 1, 3, 4)] == [0, 10, "checkpoint", 40]
    with pytest.raises(exceptions.MapComponentError, match="bad"):
        m[2]
    assert (m.output_files[1] / "sent").read_text() == "sent"


def test_a_job_whose_node_is_lost_goes_on_after_the_last_time_that_it_was_kept(tmp_path):
    def lose(m):
        """Kill what looks after the job on its node, and what runs there."""
        wanted = f'HTMapID = "{m._folder.map_id}"'
        execute = Path(htcondor2.param["EXECUTE"])
        ads = [*execute.glob("dir_*/.job.ad"), *execute.glob("dir_*/scratch/.job.ad")]
        (found,) = [each for each in ads if wanted in each.read_text()]
        sandbox = next(each for each in found.parents if each.name.startswith("dir_"))
        os.kill(int(sandbox.name.removeprefix("dir_")), signal.SIGKILL)

    m = interrupted(tmp_path, lose, environment="HTMAP_CHECKPOINT_SECONDS=0")

    assert m.get(5, timeout=60) == 50
    called = executions(tmp_path / "called")
    assert called == {str(i): 1 + (i == 3) for i in range(6)}
    assert m[3] == "anew"
    # That it was kept is no news of its components, and left the files where they were.
    assert (m.output_files[1] / "sent").read_text() == "sent"
    with packs.PackReader(m._folder.runs()[0].output(0)) as pack:
        assert pack.payload(pack.find(0, packs.STDOUT)) == b"said by 0\n"


def fills_the_disk(x):
    left = os.open("left", os.O_WRONLY | os.O_CREAT)
    if x % 2:
        with contextlib.suppress(OSError):
            while True:
                os.write(left, b"x" * 1024)
    os.close(left)
    if x == 3:
        raise ValueError("bad")
    return b"y" * (512 * 1024 if x == 5 else 1024)


@pytest.mark.skipif("HTMAP_TEST_TINY" not in os.environ, reason="needs a tiny file system")
def test_one_that_fills_the_disk_leaves_room_for_the_others(tmp_path):
    tiny = Path(os.environ["HTMAP_TEST_TINY"]) / f"job-{os.getpid()}"
    tiny.mkdir()
    try:
        prepare(tiny, fills_the_disk, [(i, i) for i in range(8)])
        process = start(tiny, made_runner(tmp_path), 8)
        assert process.communicate(timeout=60) == ("", "")
        found = {c: (kind, content) for c, kind, content in outputs(tiny) if kind != EXCEPTION}
        size = (tiny / "output.pack").stat().st_size
    finally:
        shutil.rmtree(tiny)

    assert [found[i][0] for i in range(8)] == [RESULT] * 3 + [ERROR, RESULT, ERROR, RESULT, RESULT]
    assert found[3][1]["exception"]["message"] == "bad"
    assert "could not be kept" in found[5][1]["summary"]
    assert "No space left" in found[5][1]["exception"]["message"]
    assert size < 256 * 1024


def test_what_a_component_prints_may_be_larger_than_what_the_node_has_memory_for(tmp_path):
    size = 50 * 2**20

    def print_much(x):
        import sys

        for _ in range(size // 2**16 if x == 1 else 1):
            sys.stdout.write("x" * 2**16)
        return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])

    m = htmap.map(print_much, range(3), chunksize=3)

    peaks = [1024 * peak for peak in m.iter(timeout=60)]
    # The last tells of how much was needed to keep what the one before it had printed.
    assert peaks[2] - peaks[0] < size / 4
    (run,) = m._folder.runs()
    with packs.PackReader(run.output(0)) as pack:
        lengths = {i: pack.find(i, packs.STDOUT).length for i in range(3)}
    assert lengths == {0: 2**16, 1: size, 2: 2**16}
    assert os.path.getsize(run.stdout(0)) == 0


def test_a_killed_component_is_named_and_its_neighbours_have_results():
    def die(x):
        import os
        import signal

        print("said by", x, flush=True)
        if x == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if x == 2:
            os._exit(0)
        return x

    m = htmap.map(die, range(5), chunksize=5)
    m.wait(timeout=60, errors_ok=True)

    assert {i: m[i] for i in (0, 3, 4)} == {0: 0, 3: 3, 4: 4}
    assert set(m.errors) == {1, 2}
    assert "SIGKILL" in m.errors[1].report()
    assert "os._exit(0)" in m.errors[2].report()
    m.rerun([2])
    m.wait(timeout=60, errors_ok=True)
    assert set(m.errors) == {1, 2}


def says_when_asked(folder, number):
    """Say two lines, each after it was asked for; but the first component says nothing."""
    for step in range(2 * (number > 0)):
        while not Path(f"{folder}/{number}-{step}").exists():
            time.sleep(0.01)
        print(f"{number} says {step}")
    if number == 3:
        print("no newline", end="")


def test_a_component_is_followed_apart_from_those_that_share_its_job(tmp_path):
    m = htmap.starmap(says_when_asked, [(str(tmp_path), i) for i in range(4)], chunksize=4)
    first, second, third = (m.stdout.follow(i, timeout=60) for i in (1, 2, 3))

    for number, pieces in ((1, first), (2, second)):
        for step in range(2):
            (tmp_path / f"{number}-{step}").touch()
            assert next(pieces) == f"{number} says {step}\n"
    # The first has ended, though its job goes on.
    assert list(first) == []
    assert m.component_statuses == [htmap.ComponentStatus.RUNNING] * 4
    for step in range(2):
        (tmp_path / f"3-{step}").touch()
    assert "".join(third) == "3 says 0\n3 says 1\nno newline"
    m.wait(timeout=60)
    assert "".join(m.stdout.follow(2, timeout=60)) == "2 says 0\n2 says 1\n"
    assert list(m.stdout.follow(0)) == []


@pytest.mark.shared
def test_components_whose_output_is_sent_while_they_write_it_have_a_job_each():
    options = MapOptions(stream_output=True, stream_error="false")
    m = htmap.map(print, range(3), options, chunksize=3)

    assert list(m.iter(timeout=60)) == [None] * 3
    assert m._folder.runs()[0].jobs == 3

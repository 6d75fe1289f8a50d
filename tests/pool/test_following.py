"""Reading what a component writes while it runs."""

import os
import subprocess
import sys
import threading

import pytest
from live import start, until

import htmap
from htmap import ComponentStatus, MapOptions, exceptions
from htmap.notebook.details import describe
from htmap.notebook.own import OwnHandle

NEVER = MapOptions(requirements="false")


def says_step_by_step(folder, steps, stream="stdout"):
    """Say a line, and wait until somebody asks for the next by making a file."""
    import os
    import sys
    import time

    with open(f"{folder}/attempts", "a+") as attempts:
        attempts.write("x")
        attempt = attempts.tell()
    for step in range(steps):
        while step and not os.path.exists(f"{folder}/{step}"):
            time.sleep(0.01)
        print(f"attempt {attempt} step {step} é東", file=getattr(sys, stream))
    return steps


def ask(folder, step):
    (folder / str(step)).touch()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_text_is_given_while_the_component_runs_line_by_line(tmp_path, stream):
    m = htmap.starmap(says_step_by_step, [(str(tmp_path), 4, stream)])
    pieces = getattr(m, stream).follow(-1, timeout=60)

    for step in range(4):
        ask(tmp_path, step)
        assert next(pieces) == f"attempt 1 step {step} é東\n"
        if step < 3:
            assert m.component_statuses == [ComponentStatus.RUNNING]
    assert list(pieces) == []
    assert m.is_done


def test_of_a_component_that_has_ended_the_whole_text_is_given():
    m = htmap.map(lambda x: print("é" * 2**17), [1])
    m.wait(timeout=60)

    assert "".join(m.stdout.follow(0, timeout=0)) == "é" * 2**17 + "\n" == m.stdout[0]
    assert list(m.stderr.follow(0)) == []
    with pytest.raises(IndexError):
        m.stdout.follow(1)


def test_what_is_no_text_and_a_character_in_two_pieces_do_no_harm(tmp_path):
    def write(folder):
        import os
        import time

        os.write(1, b"\xff\xe6\x9d")
        while not os.path.exists(f"{folder}/1"):
            time.sleep(0.01)
        os.write(1, b"\xb1\n\xe6")

    m = htmap.map(write, [str(tmp_path)])
    pieces = m.stdout.follow(0, timeout=60)
    assert next(pieces) == "\ufffd"
    ask(tmp_path, 1)
    assert "".join(pieces) == "東\n\ufffd"
    assert m.stdout[0] == "\ufffd東\n\ufffd"


def test_a_component_that_starts_over_is_followed_from_its_new_start(tmp_path):
    m = htmap.starmap(says_step_by_step, [(str(tmp_path), 2)])
    pieces = m.stdout.follow(0, timeout=60)
    assert next(pieces) == "attempt 1 step 0 é東\n"

    subprocess.run(["condor_vacate_job", str(m._folder.runs()[0].cluster)], check=True)

    assert next(pieces) == "attempt 2 step 0 é東\n"
    ask(tmp_path, 1)
    assert list(pieces) == ["attempt 2 step 1 é東\n"]


def test_a_component_that_is_held_is_said_to_be_after_what_it_wrote(tmp_path):
    m = htmap.starmap(says_step_by_step, [(str(tmp_path), 2)])
    pieces = m.stdout.follow(0, timeout=60)
    assert next(pieces) == "attempt 1 step 0 é東\n"

    m.hold()

    with pytest.raises(exceptions.MapComponentHeld):
        list(pieces)
    m.release()
    ask(tmp_path, 1)
    followed = "".join(m.stdout.follow(0, timeout=60))
    assert followed == "attempt 2 step 0 é東\nattempt 2 step 1 é東\n"


def test_following_ends_with_the_component_and_with_the_map():
    m = htmap.map(abs, [-1, -2], NEVER, tag="followed")
    ended = []

    def follow(component):
        try:
            ended.append(list(m.stdout.follow(component)))
        except exceptions.HTMapException as error:
            ended.append(type(error))

    threads = [threading.Thread(target=follow, args=[i], daemon=True) for i in (0, 1)]
    for thread in threads:
        thread.start()
    cluster = m._folder.runs()[0].cluster
    subprocess.run(["condor_rm", f"{cluster}.0"], check=True)
    threads[0].join(timeout=20)
    assert ended == [[]]
    htmap.remove("followed")
    threads[1].join(timeout=20)
    assert ended[1:] in ([exceptions.MapWasRemoved], [[]])


def test_a_component_that_does_not_end_in_time_is_told_with_its_status():
    m = htmap.map(abs, [-1], NEVER, tag="never")

    for timeout in (0, 0.1):
        with pytest.raises(TimeoutError, match=r"never.*did not end.*IDLE") as caught:
            list(m.stdout.follow(0, timeout=timeout))
        assert (caught.value.tag, caught.value.component) == ("never", 0)


@pytest.mark.shared
def test_text_that_htcondor_streams_is_followed_where_it_arrives(tmp_path):
    options = MapOptions(stream_output=True, stream_error=True)
    m = htmap.starmap(says_step_by_step, [(str(tmp_path), 3)], map_options=options)
    home = m._folder.runs()[0].stdout(0)
    pieces = m.stdout.follow(0, timeout=60)

    assert next(pieces) == "attempt 1 step 0 é東\n"
    assert home.stat().st_size
    ask(tmp_path, 1)
    assert next(pieces) == "attempt 1 step 1 é東\n"
    ask(tmp_path, 2)
    assert "".join(pieces) == "attempt 1 step 2 é東\n"


def test_another_process_follows_too_and_the_command_does(tmp_path):
    m = htmap.starmap(says_step_by_step, [(str(tmp_path), 2)], tag="followed")
    other = start(
        "for text in htmap.load('followed').stdout.follow(0): print(text, end='', flush=True)"
    )
    command = subprocess.Popen(
        [sys.executable, "-m", "htmap", "stdout", "--follow", "followed", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )

    for process in (other, command):
        assert process.stdout.readline() == "attempt 1 step 0 é東\n"
    ask(tmp_path, 1)
    for process in (other, command):
        assert process.communicate(timeout=60)[0] == "attempt 1 step 1 é東\n"
    assert command.returncode == 0
    assert m.is_done


def test_a_large_text_is_followed_in_little_memory(tmp_path):
    """200 MB, written before anybody looks, by a process that uses less than 100 MB in all."""

    def write(folder):
        import os
        import sys
        import time

        block = b"0123456789abcde\n" * 65536
        for _ in range(200):
            sys.stdout.buffer.write(block)
        sys.stdout.flush()
        open(f"{folder}/written", "w").close()
        while not os.path.exists(f"{folder}/1"):
            time.sleep(0.01)

    htmap.map(write, [str(tmp_path)], tag="large")
    until(lambda: os.path.exists(tmp_path / "written"), "it is written")
    other = start(
        """
        size, told = 0, False
        for text in htmap.load("large").stdout.follow(0):
            size += len(text)
            if size == 200 * 2**20 and not told:
                print("all", flush=True)
                told = True
        status = open("/proc/self/status").read()
        peak = int(status.partition("VmHWM:")[2].split()[0])  # kB
        print(size, peak < 100 * 1024)
        """
    )
    assert other.stdout.readline() == "all\n"
    ask(tmp_path, 1)
    out, err = other.communicate(timeout=100)
    assert out == f"{200 * 2**20} True\n", err


@pytest.mark.parametrize("chunksize", [1, 2])
def test_whoever_clicks_a_component_sees_what_it_has_written_so_far(tmp_path, chunksize):
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    inputs = [(str(folder), 2) for folder in folders]
    m = htmap.starmap(says_step_by_step, inputs, chunksize=chunksize)
    own = OwnHandle.of(m)

    def seen(component):
        return dict(describe(own, component)["parts"]).get("Standard output so far")

    until(lambda: seen(0) == "attempt 1 step 0 é東\n", "the first one's text is seen")
    if chunksize == 2:
        assert seen(1) is None
    ask(folders[0], 1)
    until(lambda: seen(1) == "attempt 1 step 0 é東\n", "the second one's text is seen")
    if chunksize == 2:  # the job goes on, in which it has ended
        assert seen(0) == "attempt 1 step 0 é東\nattempt 1 step 1 é東\n"
    ask(folders[1], 1)
    m.wait(timeout=60)
    assert seen(0) is None
    assert dict(describe(own, 0)["parts"])["Standard output"] == m.stdout[0]

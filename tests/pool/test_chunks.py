"""Several components in a job: every way to make such maps, and that each keeps what is its own."""

import contextlib
import os
import pty
import re
import signal
import termios
from pathlib import Path

import pytest
from live import jobs_here, nothing_is_left, start, until

import htmap
from htmap import MapOptions, TransferPath
from htmap.store import timings
from htmap.store.timings import Timing


def double(x):
    return 2 * x


def sizes(m):
    return list(m._tracker.runs[0].chunks.sizes())


def where(x):
    """Which job ran a component: all components of one see the same folder."""
    return os.path.realpath(os.environ["_CONDOR_SCRATCH_DIR"])


def test_each_way_of_making_a_map_puts_several_components_into_a_job():
    mapped = htmap.mapped(map_options=MapOptions(chunksize=2))(double)
    made = [
        htmap.map(double, range(5), chunksize=2),
        htmap.map(double, range(5), MapOptions(chunksize=2)),
        htmap.map(double, range(5), MapOptions(chunksize=4), chunksize=2),
        htmap.starmap(double, ((i,) for i in range(5)), chunksize=2),
        mapped.map(range(5)),
        mapped.starmap(kwargs=[{"x": i} for i in range(5)]),
    ]
    with htmap.build_map(double, chunksize=2) as builder:
        for i in range(5):
            builder(i)
    made.append(builder.map)

    assert [sizes(m) for m in made] == [[2, 2, 1]] * len(made)
    assert [list(m.iter(timeout=60)) for m in made] == [[0, 2, 4, 6, 8]] * len(made)


def test_the_settings_can_say_it_for_all_maps(settings):
    settings["MAP_OPTIONS.chunksize"] = "3"
    m = htmap.map(where, range(5))

    assert sizes(m) == [3, 2]
    folders = list(m.iter(timeout=60))
    assert [folders.index(folder) for folder in folders] == [0, 0, 0, 3, 3]
    assert sizes(htmap.map(where, range(2), chunksize=1)) == [1, 1]


def test_components_of_one_job_are_read_and_run_again_one_by_one(tmp_path):
    calls = tmp_path / "calls"

    def fails_at_first(number):
        with open(calls, "a") as file:
            print(number, file=file)
        if number % 3 == 1 and calls.read_text().split().count(str(number)) == 1:
            raise ValueError(f"not yet {number}")
        return 10 * number

    m = htmap.map(fails_at_first, range(7), chunksize=7)
    m.wait(timeout=60, errors_ok=True)

    assert m.component_statuses.count("COMPLETED") == 5
    assert m.components_by_status()["ERRORED"] == (1, 4)
    assert [m[i] for i in (0, 2, 3, 5, 6)] == [0, 20, 30, 50, 60]
    assert {i: error.exception_msg for i, error in m.errors.items()} == {
        1: "ValueError: not yet 1",
        4: "ValueError: not yet 4",
    }
    m.rerun("ERRORED")
    assert list(m.iter(timeout=60)) == [0, 10, 20, 30, 40, 50, 60]
    assert sorted(calls.read_text().split()) == sorted("0112344 5 6".replace(" ", ""))
    m.rerun([5])
    m.wait(timeout=60)
    assert calls.read_text().split().count("5") == 2
    m.rerun()
    assert list(m.iter(timeout=60)) == [0, 10, 20, 30, 40, 50, 60]
    assert [run.jobs for run in m._tracker.runs.values()] == [1, 1, 1, 1]


def test_a_job_has_only_components_whose_options_are_the_same():
    memory = ["100MB", "100MB", "200MB", "200MB", "200MB", "100MB"]
    m = htmap.map(where, range(6), MapOptions(request_memory=memory, hold="true"), chunksize=2)
    until(lambda: len(m.holds) == 6, "all are there")

    assert sizes(m) == [2, 2, 1, 1]
    ads = {job["ProcId"]: job for job in jobs_here() if "ProcId" in job}
    assert len(ads) == 4
    m.release()
    folders = list(m.iter(timeout=60))
    assert len(set(folders)) == 4
    m.rerun([0, 1, 2, 3])
    m.release()
    assert len({m.get(i, timeout=60) for i in range(4)}) == 2


def test_a_job_has_only_components_that_are_sent_the_same_files(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text(f"text of {name}")
    a, b = (TransferPath(tmp_path / name) for name in "ab")

    def read(path):
        return path.read_text(), os.environ["_CONDOR_SCRATCH_DIR"]

    m = htmap.map(read, [a, a, b, b, a], chunksize=3)

    assert sizes(m) == [2, 2, 1]
    assert [text for text, _ in m.iter(timeout=60)] == [f"text of {name}" for name in "aabba"]

    def listed(_):
        return sorted(name for name in os.listdir() if name in ("a", "b"))

    files = [[tmp_path / "a"]] * 3 + [[tmp_path / "a", tmp_path / "b"]]
    m = htmap.map(listed, range(4), MapOptions(input_files=files), chunksize=10)

    assert sizes(m) == [3, 1]
    assert list(m.iter(timeout=60)) == [["a"], ["a"], ["a"], ["a", "b"]]


def test_components_whose_files_go_somewhere_else_have_a_job_each(tmp_path):
    def write(text):
        with open("out", "w") as file:
            file.write(text)

    remaps = [{"out": TransferPath(tmp_path / f"{i}.txt")} for i in range(3)]
    m = htmap.map(write, "abc", MapOptions(output_remaps=remaps), chunksize=3)
    m.wait(timeout=60)

    assert sizes(m) == [1, 1, 1]
    assert [(tmp_path / f"{i}.txt").read_text() for i in range(3)] == list("abc")


def test_files_that_components_of_one_job_transfer_stay_apart():
    def write(text):
        with open("out.txt", "w") as file:
            file.write(text)
        htmap.transfer_output_files("out.txt")

    m = htmap.map(write, "abc", chunksize=3)
    m.wait(timeout=60)

    assert [(m.output_files[i] / "out.txt").read_text() for i in range(3)] == list("abc")


def test_auto_knows_how_long_a_function_took_and_says_so():
    def f(x):
        return x + 17

    first = htmap.map(f, range(40), chunksize="auto")
    assert list(first.iter(timeout=60)) == list(range(17, 57))
    assert len(sizes(first)) > 2
    assert "not known how long" in str(first.chunking)
    assert timings.recorded(timings.fingerprint(f)).components == 40

    second = htmap.map(f, range(40), chunksize="auto")

    assert sizes(second) == [40]
    assert "40 components of this function took" in second.chunking.why
    assert (second.chunking.chunksize, second.chunking.jobs) == ("auto", 1)
    assert list(second.iter(timeout=60)) == list(range(17, 57))


def test_auto_gives_long_components_a_job_each():
    timings.record(timings.fingerprint(double), Timing(3, 3 * 3600.0, 3700.0))

    m = htmap.map(double, range(6), chunksize="auto")

    assert sizes(m) == [1] * 6
    m.remove()


def test_a_generator_is_taken_from_as_it_is_written_and_ctrl_c_leaves_nothing():
    process = start("""
        import itertools

        def inputs():
            for number in itertools.count():
                yield bytes(100_000)
                if number == 3000:  # 300 MB, and at most 64 are kept
                    print("begun", flush=True)

        htmap.map(len, inputs(), tag="endless", chunksize="auto")
    """)
    assert process.stdout.readline() == "begun\n"
    status = Path(f"/proc/{process.pid}/status").read_text()
    peak = int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1])
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert err.rstrip().endswith("KeyboardInterrupt")
    assert peak < 200_000
    nothing_is_left()


def test_a_bar_shows_how_inputs_are_written_when_that_takes_a_while():
    """The process is on a terminal of its own, as a script of a user's is."""
    code = """
        import time

        def inputs():
            for number in range(300):
                time.sleep(0.003)
                yield number

        options = htmap.MapOptions(hold="true")
        m = htmap.map(abs, inputs(), options, tag="slowly", chunksize=50)
        m.remove()
        print("done")
    """
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    with open(slave, "wb", buffering=0) as terminal:
        process = start(code, stderr=terminal)
    text = b""
    with contextlib.suppress(OSError):  # Linux's word for the end of a terminal
        while read := os.read(master, 65536):
            text += read
    os.close(master)
    out, _ = process.communicate(timeout=60)

    assert out.endswith("\ndone\n")
    assert b"making slowly" in text
    assert b"300component" in text.replace(b" ", b"")


def test_ten_thousand_components_take_a_few_files():
    m = htmap.map(double, range(10_000), chunksize=1000)
    assert list(m.iter(timeout=60)) == [2 * i for i in range(10_000)]

    files = [name for _, _, names in os.walk(m._folder.path) for name in names]
    assert len(files) <= 4 * 10 + 10


@pytest.mark.shared
@pytest.mark.timeout(180)
def test_an_input_of_two_gigabytes_arrives():
    size = 2**31 + 7
    m = htmap.map(len, [bytes(size), b"small"], chunksize=1)

    assert list(m.iter(timeout=150)) == [size, 5]
    m.remove()

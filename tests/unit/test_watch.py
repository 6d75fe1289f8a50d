"""Waiting for a file to change, with the kernel's notices and without them."""

import contextlib
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from htmap.pool.watch import Watch

SOON = 5.0  # far more than a change needs to be seen, far less than the longest wait below
LONG = 60.0


@pytest.fixture(params=["told by the kernel", "no notices"])
def notices(request, monkeypatch):
    """Every test holds with inotify and, as on a system where it cannot be had, without it."""
    if request.param == "no notices":
        monkeypatch.setitem(sys.modules, "inotify_simple", None)
    return request.param


@pytest.fixture
def path(tmp_path, notices):
    folder = tmp_path / "map"
    folder.mkdir()
    path = folder / "events"
    path.write_text("one\n")
    return path


@contextlib.contextmanager
def later(act, *arguments, after=0.2):
    """Do something in another thread, a little later."""
    timer = threading.Timer(after, act, arguments)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def append(path, text):
    with path.open("a") as file:
        file.write(text)


def seconds_to_wake(watch):
    start = time.monotonic()
    assert watch.wait(LONG)
    return time.monotonic() - start


def test_a_wait_without_a_change_ends_at_its_timeout(path):
    with Watch(path) as watch:
        start = time.monotonic()

        assert not watch.wait(0.3)

        assert 0.3 <= time.monotonic() - start < SOON


def test_a_wait_of_no_time_looks_once(path):
    with Watch(path) as watch:
        assert not watch.wait(0)
        append(path, "two\n")
        assert watch.wait(0)
        assert not watch.wait(0)


def test_text_added_to_the_file_wakes_a_wait(path):
    with Watch(path) as watch, later(append, path, "two\n"):
        assert seconds_to_wake(watch) < SOON


def test_a_file_that_is_made_wakes_a_wait(path):
    path.unlink()
    with Watch(path) as watch, later(path.write_text, "one\n"):
        assert seconds_to_wake(watch) < SOON


def test_a_file_that_is_replaced_by_another_of_its_size_wakes_a_wait(path):
    other = path.with_name("other")
    other.write_text("two\n")
    with Watch(path) as watch, later(other.replace, path):
        assert seconds_to_wake(watch) < SOON


def test_a_file_that_is_deleted_wakes_a_wait(path):
    with Watch(path) as watch, later(path.unlink):
        assert seconds_to_wake(watch) < SOON


def test_a_folder_that_is_deleted_wakes_a_wait(path):
    with Watch(path) as watch, later(shutil.rmtree, path.parent):
        assert seconds_to_wake(watch) < SOON


def test_an_empty_folder_that_is_deleted_wakes_a_wait(path):
    path.unlink()
    with Watch(path) as watch, later(path.parent.rmdir):
        assert seconds_to_wake(watch) < SOON


def test_a_folder_that_is_made_wakes_a_wait_and_so_does_its_file(path):
    shutil.rmtree(path.parent)
    with Watch(path) as watch:
        with later(path.parent.mkdir):
            assert seconds_to_wake(watch) < SOON
        with later(path.write_text, "one\n"):
            assert seconds_to_wake(watch) < SOON


def test_a_change_between_a_reading_and_the_wait_after_it_is_not_lost(path):
    with Watch(path) as watch:
        for number in range(50):
            seen = path.read_text()
            append(path, f"{number}\n")
            assert watch.wait(LONG)
            assert path.read_text() != seen


def test_a_reader_that_waits_sees_all_that_a_busy_writer_writes(path):
    """The file is read whole each time: a lost wake-up would leave the last line unseen."""
    lines = 300

    def write():
        for number in range(lines):
            append(path, f"{number}\n")
            if number % 7 == 0:
                time.sleep(0.001)

    start = time.monotonic()
    with Watch(path) as watch, later(write, after=0):
        while path.read_text().count("\n") < lines + 1:
            assert watch.wait(SOON)
    assert time.monotonic() - start < LONG


def test_other_files_in_the_folder_do_not_wake_a_wait(path):
    with Watch(path) as watch, later(path.with_name("other").write_text, "two\n", after=0.05):
        assert not watch.wait(0.3)


def test_a_busy_file_beside_it_does_not_make_a_wait_spin(path, monkeypatch):
    other, stop = path.with_name("other"), threading.Event()

    def write():
        while not stop.is_set():
            append(other, "more\n")

    writer = threading.Thread(target=write)
    looks = []
    original = Watch._look
    monkeypatch.setattr(Watch, "_look", lambda self: looks.append(1) or original(self))
    other.touch()
    with Watch(path) as watch:
        writer.start()
        try:
            assert not watch.wait(1)
        finally:
            stop.set()
            writer.join()
    assert len(looks) < 300  # two for each of the pauses between them, of a hundredth of a second


def test_the_kernel_tells_of_a_change_at_once_after_a_long_rest(tmp_path):
    """Without its notice, a look comes once a second by then."""
    path = tmp_path / "events"
    path.write_text("one\n")
    slow = 0
    with Watch(path) as watch:
        assert not watch.wait(2.6)
        for _ in range(5):
            watch._pause = 1.0
            with later(append, path, "more\n", after=0.05):
                slow += seconds_to_wake(watch) > 0.5
    assert slow <= 1


def test_a_wait_falls_back_when_the_kernel_has_no_watches_left(path, notices, monkeypatch):
    if notices == "no notices":
        monkeypatch.delitem(sys.modules, "inotify_simple")

    def refuse(*_):
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("inotify_simple.INotify.add_watch", refuse)
    with Watch(path) as watch, later(append, path, "two\n"):
        assert seconds_to_wake(watch) < SOON


def test_closing_a_watch_gives_back_its_descriptor(path):
    def descriptors():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for _ in range(20):
        with Watch(path) as watch:
            watch.wait(0)
        watch.close()
    assert descriptors() <= before + 1


def test_control_c_ends_a_wait_without_a_timeout(path, notices):
    hide = "sys.modules['inotify_simple'] = None" if notices == "no notices" else ""
    program = f"""
import sys
from pathlib import Path
{hide}
from htmap.pool.watch import Watch
watch = Watch(Path({str(path)!r}))
print("waiting", flush=True)
try:
    watch.wait()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    with process:
        assert process.stdout.readline() == "waiting\n"
        time.sleep(0.3)
        process.send_signal(2)
        assert process.communicate(timeout=LONG)[0] == "interrupted\n"


def test_an_idle_wait_does_not_spin(path):
    with Watch(path) as watch:
        watch.wait(0.1)
        before, start = time.process_time(), time.monotonic()
        assert not watch.wait(5)
        used = time.process_time() - before
        assert used / (time.monotonic() - start) < 0.05

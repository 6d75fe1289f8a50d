"""The pytest plugin with a live pool; every test here that has one uses it, too."""

import subprocess
import sys
import textwrap

import pytest
from live import initialdir, jobs_in_queue, until

import htmap
from htmap.pool.schedd import locate
from htmap.testing import directory


def run_tests(folder, text, *arguments):
    (folder / "pytest.ini").write_text("[pytest]\n")  # a root of its own
    (folder / "test_project.py").write_text(textwrap.dedent(text))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
    )


def jobs_below(folder):
    return [job for job in jobs_in_queue() if initialdir(job).startswith(f"{folder}/")]


def sleep_forever(_):
    import time

    time.sleep(600)


def test_the_pool_says_what_it_is(htmap_pool):
    assert htmap_pool.schedd == locate().name
    assert htmap_pool.version >= (23, 9, 6)
    assert htmap_pool.slots >= 1


def test_functions_of_a_users_test_and_of_the_project_beside_it_just_work(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text("")
    (tmp_path / "mine" / "sums.py").write_text(
        "class Sum:\n    def __init__(self, n): self.n = n\n\ndef add(x):\n    return Sum(x + 1)\n"
    )
    ran = run_tests(tmp_path, """
        import htmap
        from mine.sums import add, Sum

        def double(x):
            return Sum(2 * x)

        def test_maps(htmap_dir, htmap_pool):
            for function, results in ((double, [0, 2]), (add, [1, 2])):
                found = list(htmap.map(function, range(2)))
                assert [type(each) for each in found] == [Sum, Sum]
                assert [each.n for each in found] == results
            assert htmap_pool.slots > 0

        def test_the_next_test_sees_no_map_of_the_first(htmap_dir):
            assert htmap.get_tags() == ()
        """, "--rootdir=.", "--override-ini=pythonpath=.")  # fmt: skip

    assert ran.returncode == 0, ran.stdout


def test_the_jobs_of_a_test_leave_the_queue_however_it_ends(tmp_path):
    ran = run_tests(tmp_path, """
        import time, htmap, pytest

        def test_fails(htmap_dir):
            made = htmap.map(time.sleep, [600, 600], tag="left")
            made.hold()
            assert False, "as it was to be"

        def test_leaves_a_map_running(htmap_dir):
            htmap.map(time.sleep, [600])

        def test_is_given_up(htmap_dir):
            htmap.map(time.sleep, [600])
            pytest.exit("enough", returncode=9)
        """, "--basetemp", str(tmp_path / "base"))  # fmt: skip

    assert ran.returncode == 9, ran.stdout
    assert "1 failed, 1 passed" in ran.stdout
    until(lambda: not jobs_below(tmp_path), "no job of these tests is left in the queue")
    # The folder of the test that failed is there to be looked at.
    assert list(tmp_path.glob("base/test_fails0/htmap/tags/left"))


def test_a_directory_holds_for_its_block_alone_whatever_was_set_before(tmp_path, settings):
    settings["HTMAP_DIR"] = str(tmp_path / "before")
    settings["MAP_OPTIONS.request_memory"] = "200MB"
    with directory(tmp_path / "inner") as folder:
        htmap.map(sleep_forever, range(2), tag="inner")
        assert list(folder.glob("tags/inner"))
        settings["MAP_OPTIONS.request_memory"] = "300MB"
        assert jobs_below(folder)
    until(lambda: not jobs_below(folder), "its jobs have left the queue")

    assert htmap.settings["HTMAP_DIR"] == str(tmp_path / "before")
    assert htmap.settings["MAP_OPTIONS.request_memory"] == "200MB"
    with pytest.raises(htmap.exceptions.TagNotFound):
        htmap.load("inner")

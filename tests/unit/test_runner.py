"""The runner as a job starts it: one zip application, three packs, and a Python that runs it."""

import ast
import functools
import pickle
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import cloudpickle
import pytest
from one_job import made_runner, outputs, run_job

import htmap
import htmap.execute
from htmap.execute import packs
from htmap.store.outputs import OutputPack
from htmap.store.run import Run

SOURCES = sorted(Path(htmap.execute.__file__).parent.glob("*.py"))
# They travel with it.
SOURCES += [Path(htmap.__file__).with_name(f"{name}.py") for name in ("exceptions", "files")]


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return made_runner(tmp_path_factory.mktemp("root"))


@pytest.fixture
def job(tmp_path, runner):
    """Runs a function over inputs as a job does, and returns what came of it."""
    return functools.partial(run_job, tmp_path, runner)


def report(folder):
    (found,) = [content for _, kind, content in outputs(folder) if kind == packs.ERROR]
    return found


def test_each_component_of_a_job_has_its_result(job, tmp_path):
    done = job(lambda x: 2 * x, [(4, 1), (5, 10)])

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert outputs(tmp_path) == [(4, packs.RESULT, 2), (5, packs.RESULT, 20)]


def test_one_that_fails_leaves_the_others_of_its_job_alone(job, tmp_path):
    done = job(lambda x: 1 // x, [(0, 0), (1, 1)])

    assert done.returncode == 1
    kinds = [(component, kind) for component, kind, _ in outputs(tmp_path)]
    assert (0, packs.ERROR) in kinds
    assert (0, packs.EXCEPTION) in kinds
    assert (1, packs.RESULT) in kinds
    assert report(tmp_path)["exception"]["type"] == "ZeroDivisionError"


def test_a_function_that_was_sent_by_name_needs_no_cloudpickle(job, tmp_path):
    job(
        lambda x: "cloudpickle" in __import__("sys").modules,
        [(0, None)],
        function_pickle=pickle.dumps(len),
    )
    assert report(tmp_path)["exception"]["type"] == "TypeError"  # len(None): it was called

    job(
        function_pickle=pickle.dumps(eval),
        inputs=[(0, "'cloudpickle' in __import__('sys').modules")],
    )
    assert outputs(tmp_path)[-1] == (0, packs.RESULT, False)


def test_the_node_needs_no_cloudpickle_of_its_own_b29(job, tmp_path):
    """Without site-packages: what travels with the job is all that there is."""
    done = job(lambda x: (lambda: x, x)[1], [(0, 1)], options=["-I", "-S"])

    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path)[-1] == (0, packs.RESULT, 1)


def test_a_node_whose_resolver_is_dead_has_a_report_b29(job, tmp_path):
    def ask_nobody(x):
        import os
        import socket

        for name in (
            "getaddrinfo",
            "gethostbyname",
            "gethostbyname_ex",
            "gethostbyaddr",
            "getfqdn",
        ):
            setattr(socket, name, lambda *_: os._exit(9))  # where it would hang for minutes
        raise ValueError("bad")

    done = job(ask_nobody, [(0, 1)])

    assert done.returncode == 1
    assert report(tmp_path)["exception"]["message"] == "bad"
    assert report(tmp_path)["node"]["host"]


def test_another_python_is_refused_with_both_versions(job, tmp_path):
    done = job(lambda x: x, [(0, 1)], envelope={**packs.versions(), "python": "3.1.4"})

    assert done.returncode == 1
    assert outputs(tmp_path)[0][0] == packs.ALL_COMPONENTS
    message = report(tmp_path)["exception"]["message"]
    assert "the function cannot be loaded on this node" in message
    assert "by value by Python 3.1.4" in message
    assert f"loaded by Python {packs.PYTHON} ({sys.executable})" in message
    assert "delivery method" in message


def test_another_cloudpickle_is_refused_with_both_versions(job, tmp_path):
    job(lambda x: x, [(0, 1)], envelope={**packs.versions(), "cloudpickle": "1.6.0"})

    message = report(tmp_path)["exception"]["message"]
    assert "by cloudpickle 1.6.0" in message
    assert f"loaded by cloudpickle {cloudpickle.__version__} (" in message


def test_an_input_of_another_python_fails_its_component_alone_and_says_why(job, tmp_path):
    envelope = {**packs.versions(), "python": "3.1.4"}
    done = job(lambda x: str(x), [(0, lambda: 0), (1, 1)], input_envelope=envelope)

    assert done.returncode == 1
    assert (1, packs.RESULT, "1") in outputs(tmp_path)
    message = report(tmp_path)["exception"]["message"]
    assert "the input of component 0 cannot be loaded on this node" in message
    assert "by value by Python 3.1.4" in message


def test_the_output_says_which_versions_made_it(job, tmp_path):
    job(lambda x: x, [(0, 1)], envelope={**packs.versions(), "cloudpickle": "3.7"})

    with packs.PackReader(tmp_path / "output.pack") as pack:
        assert pack.envelope["cloudpickle"] == "3.7"
        assert pack.envelope["python"] == packs.PYTHON


def test_another_python_is_no_matter_where_the_function_has_no_bytecode(job, tmp_path):
    envelope = {**packs.versions(), "python": "3.1.4"}
    done = job(function_pickle=pickle.dumps(len), inputs=[(0, "abc")], envelope=envelope)

    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path)[-1] == (0, packs.RESULT, 3)


def test_another_patch_release_of_python_is_no_matter(job, tmp_path):
    other = packs.PYTHON.rpartition(".")[0] + ".99"
    done = job(lambda x: x, [(0, 1)], envelope={**packs.versions(), "python": other})

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("input_path", ["missing", "damaged", "empty"])
def test_a_job_without_a_readable_input_says_so(job, tmp_path, input_path):
    (tmp_path / "damaged").write_bytes(b"?" * 100)
    packs.PackWriter(tmp_path / "empty", packs.versions()).close()

    done = job(lambda x: x, [(0, 1)], input_path=input_path)

    assert done.returncode == 1
    assert "input pack could not be read" in report(tmp_path)["summary"]
    assert input_path in report(tmp_path)["exception"]["message"]


def test_a_function_that_cannot_be_loaded_is_a_report_and_not_a_traceback(job, tmp_path):
    done = job(function_pickle=b"cno_such_module\nf\n.", inputs=[(0, 1)])

    assert (done.returncode, done.stderr) == (1, "")
    assert report(tmp_path)["exception"]["type"] == "ModuleNotFoundError"


def test_modules_that_travel_with_the_job_are_found_in_its_folder(job, tmp_path):
    (tmp_path / "sent.py").write_text("def f(x): return x + 1\n")

    done = job(function_pickle=b"csent\nf\n.", inputs=[(0, 1)])

    assert done.returncode == 0
    assert outputs(tmp_path)[-1] == (0, packs.RESULT, 2)


def test_a_file_in_the_job_s_folder_does_not_take_the_place_of_a_module(job, tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('not the real json')\n")

    assert job(lambda x: x, [(0, 1)]).returncode == 0


def test_a_thread_that_never_ends_is_not_waited_for(job, tmp_path):
    def leave_thread(x):
        import threading

        threading.Thread(target=threading.Event().wait).start()
        print("said", end="")
        return x

    done = job(leave_thread, [(0, 1)])

    assert done.returncode == 0
    assert (done.stdout, done.stderr) == ("said", "")
    assert (0, packs.RESULT, 1) in outputs(tmp_path)
    assert outputs(tmp_path)[-1][1] == packs.REMARK


def test_what_the_runner_has_to_say_of_a_failed_job_is_in_its_report(job, tmp_path):
    def leave_thread(x):
        import threading

        threading.Thread(target=threading.Event().wait).start()
        raise ValueError("bad")

    done = job(leave_thread, [(0, 1)])

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    (tmp_path / "outputs").mkdir()
    (tmp_path / "output.pack").rename(tmp_path / "outputs" / "0")
    with OutputPack(Run.of_single(tmp_path, 0, [0]), 0, "a") as pack:
        summary = pack.report(0)["summary"]
    assert summary.startswith("It was ended although threads went on: [<Thread(")


def test_a_line_can_be_read_as_soon_as_it_was_printed(job, tmp_path):
    def print_and_die(x):
        import os

        print("said")
        os._exit(0)

    assert job(print_and_die, [(0, 1)]).stdout == "said\n"


def test_an_output_that_the_function_deletes_is_made_again(job, tmp_path):
    def delete(x):
        import os

        os.remove("output.pack")
        return x

    assert job(delete, [(0, 1)]).returncode == 0
    assert outputs(tmp_path)[-1] == (0, packs.RESULT, 1)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_execute_side_is_written_in_python_3_9(source):
    ast.parse(source.read_text(), feature_version=(3, 9))


def test_a_python_that_is_too_old_says_so_and_leaves_the_output_that_htcondor_waits_for(tmp_path):
    start = next(path for path in SOURCES if path.name == "start.py").read_text()
    ast.parse(start, feature_version=(3, 4))  # as far back as the parser can look
    assert "f'" not in start
    assert 'f"' not in start
    # No such Python is here: the version that this one gives of itself is changed instead.
    script = tmp_path / "start.py"
    script.write_text(f"import sys\nsys.version_info = (3, 6, 8)\n{start}")

    done = subprocess.run(
        [sys.executable, script, "function.pack", "0", "output.pack"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert "needs Python 3.9" in done.stderr
    assert (tmp_path / "output.pack").read_bytes() == b""


def test_the_runner_holds_the_execute_side_and_cloudpickle_and_nothing_else(runner):
    with zipfile.ZipFile(runner) as archive:
        folders = {name.partition("/")[0] for name in archive.namelist()}
    assert folders == {"__main__.py", "htmap_node", "cloudpickle", "stand_in"}


def test_the_same_contents_are_the_same_runner(runner, tmp_path):
    code = textwrap.dedent("""
        import sys, pathlib
        from htmap.store.runner import runner_path
        (pathlib.Path(sys.argv[1]) / "runners").mkdir()
        print(runner_path(pathlib.Path(sys.argv[1])).name)
    """)
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == f"{runner.name}\n", done.stderr


def test_what_travels_comes_before_an_htmap_of_the_node_and_all_else_is_the_node_s(job, tmp_path):
    own = tmp_path / "htmap"
    own.mkdir()
    (own / "__init__.py").write_text("checkpoint = None\nfrom htmap.words import greeting\n")
    (own / "words.py").write_text("greeting = 'hello'\n")

    def look(_):
        from htmap.words import greeting

        import htmap

        return callable(htmap.checkpoint), htmap.greeting, greeting

    ran = job(look, [(0, None)])

    assert ran.returncode == 0, ran.stderr
    assert outputs(tmp_path)[-1][2] == (True, "hello", "hello")


def test_the_library_itself_can_be_used_where_the_node_has_it(job, tmp_path):
    def look(_):
        import htmap
        from htmap.execute.packs import PYTHON

        assert not hasattr(htmap, "no_such_name")
        assert htmap.settings["DELIVERY_METHOD"]
        return str(htmap.ComponentStatus.HELD), htmap.version(), PYTHON

    ran = job(look, [(0, None)])

    assert ran.returncode == 0, ran.stderr
    assert outputs(tmp_path)[-1][2] == ("HELD", htmap.version(), packs.PYTHON)

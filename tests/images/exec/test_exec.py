"""What images/exec promises: a function of a notebook runs in it."""

import pytest

FROM_NOTEBOOK = "import cloudpickle, sys; import numpy as np; f = lambda x: float(np.sqrt(x) + 1); "


def test_a_function_from_a_notebook_runs_in_it(start, image, default_image):
    write = FROM_NOTEBOOK + "print(cloudpickle.dumps((f, 4)).hex())"
    pickled = start(default_image, "python", "-c", write, environment={"HTC_POOL": "none"}).wait()
    run = "import pickle, sys; f, x = pickle.loads(bytes.fromhex(sys.argv[1])); print(f(x))"
    for user in ("1000:100", "54321:54321"):
        command = ("/opt/htc/bin/python", "-c", run, pickled.stdout.strip())
        ended = start(image, *command, user=user).wait()
        assert (ended.stdout, ended.stderr) == ("3.0\n", ""), ended


def test_its_python_is_the_notebooks(start, image, default_image):
    command = (
        "import sys, numpy, cloudpickle;"
        "print(sys.version, sys.prefix, numpy.__version__, cloudpickle.__version__)"
    )
    here = start(image, "python", "-c", command).wait()
    there = start(default_image, "python", "-c", command, environment={"HTC_POOL": "none"}).wait()
    assert here.stdout == there.stdout != "", here


def test_it_is_small_and_has_neither_jupyter_nor_a_pool(start, image, engine):
    assert engine.images.get(image).attrs["Size"] < 250_000_000
    script = "command -v jupyter condor_master gcc sudo pip; python -c 'import htmap.execute'"
    ended = start(image, "sh", "-c", script).wait()
    assert (ended.stdout, ended.stderr) == ("", ""), ended


@pytest.mark.parametrize("question", [
    ("-perm", "-002", "!", "-type", "l", "!", "-perm", "-1000", "-not", "-path", "/proc/*"),
    ("-path", "/var/lib/apt/lists/*", "-type", "f"),
], ids=["written by everyone", "package lists"])  # fmt: skip
def test_nothing_in_it_is(start, image, question):
    ended = start(image, "find", "/", "-xdev", *question, user="root").wait()
    assert ended.stdout == "", ended

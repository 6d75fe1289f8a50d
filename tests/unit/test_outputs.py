"""Reading results, exceptions and inputs: what the versions of both ends let through."""

import logging
import pickle

import cloudpickle
import pytest

from htmap.chunking import FixedSizes
from htmap.exceptions import InputCannotBeLoaded, OutputCannotBeLoaded
from htmap.execute import packs
from htmap.store.input_packs import copy_inputs
from htmap.store.inputs import InputPack
from htmap.store.outputs import OutputPack
from htmap.store.run import Run


class Loud:
    """Fails whoever unpickles it."""

    def __reduce__(self):
        return pytest.fail, ("it was unpickled",)


def write(path, kind, data, **envelope):
    path.parent.mkdir(exist_ok=True)
    with packs.PackWriter(path, {**packs.versions(kind="output"), **envelope}) as pack:
        pack.add(0, kind, data)
    return path


@pytest.fixture
def run(tmp_path):
    return Run.of_single(tmp_path, 0, [0])


@pytest.fixture
def output(run):
    with OutputPack(run, 0, "books") as pack:
        yield pack


def by_value(thing):
    """What cloudpickle sends by value, in a form that fails the test if it is loaded."""
    return pickle.dumps(("cloudpickle", thing))


@pytest.mark.parametrize(
    ("envelope", "ends"),
    [
        ({"python": "3.1.4"}, ("Python 3.1.4", f"Python {packs.PYTHON}")),
        ({"cloudpickle": "1.6.0"}, ("cloudpickle 1.6.0", f"cloudpickle {cloudpickle.__version__}")),
    ],
    ids=["Python", "cloudpickle"],
)
def test_a_result_of_other_versions_is_explained_and_not_unpickled(run, output, envelope, ends):
    path = write(run.output(0), packs.RESULT, by_value(Loud()), **envelope)

    with pytest.raises(OutputCannotBeLoaded, match="plain data") as caught:
        output.result(0)

    assert all(end in str(caught.value) for end in ends)
    assert (caught.value.tag, caught.value.component, caught.value.path) == ("books", 0, path)


@pytest.mark.parametrize(
    "envelope", [{"python": "3.1.4"}, {"cloudpickle": "1.6.0"}, {"cloudpickle": None}]
)
def test_plain_data_of_other_versions_is_a_result_like_any_other(run, output, envelope):
    write(run.output(0), packs.RESULT, pickle.dumps({"a": [1.5]}), **envelope)

    assert output.result(0) == {"a": [1.5]}


def test_an_exception_of_another_python_is_not_unpickled_and_a_line_says_so(run, output, caplog):
    write(run.output(0), packs.EXCEPTION, by_value(Loud()), python="3.1.4")

    with caplog.at_level(logging.WARNING, logger="htmap"):
        assert output.exception(0) is None

    assert "component 0 is not loaded" in caplog.text
    assert "Python 3.1.4" in caplog.text


def test_an_input_of_another_python_is_explained_and_not_unpickled(tmp_path):
    path = write(tmp_path / "0", packs.INPUT, by_value(Loud()), python="3.1.4")

    with (
        InputPack(path, "books") as pack,
        pytest.raises(InputCannotBeLoaded, match=r"Python 3\.1\.4") as caught,
    ):
        pack.arguments(0)
    assert (caught.value.tag, caught.value.component, caught.value.path) == ("books", 0, path)


def test_an_input_that_is_copied_for_a_rerun_says_who_pickled_it(tmp_path):
    source = write(tmp_path / "old", packs.INPUT, b"input", python="3.1.4")
    (tmp_path / "new").mkdir()

    copy_inputs(tmp_path / "new", [(0, source, None)], FixedSizes(1), "a")

    with packs.PackReader(tmp_path / "new" / "0") as pack:
        assert pack.envelope["python"] == "3.1.4"

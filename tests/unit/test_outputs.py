"""Reading results, exceptions and inputs: what the versions of both ends let through."""

import logging
import pickle

import cloudpickle
import pytest

from htmap.exceptions import InputCannotBeLoaded, OutputCannotBeLoaded
from htmap.execute import packs
from htmap.store import outputs
from htmap.store.inputs import InputWriter, read_input


class Loud:
    """Fails whoever unpickles it."""

    def __reduce__(self):
        return pytest.fail, ("it was unpickled",)


def pack_with(path, kind, data, **envelope):
    with packs.PackWriter(path, {**packs.versions(kind="output"), **envelope}) as pack:
        pack.add(0, kind, data)
    return path


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
def test_a_result_of_other_versions_is_explained_and_not_unpickled(tmp_path, envelope, ends):
    path = pack_with(tmp_path / "0", packs.RESULT, by_value(Loud()), **envelope)

    with pytest.raises(OutputCannotBeLoaded, match="plain data") as caught:
        outputs.read_result(path, 0, "books")

    assert all(end in str(caught.value) for end in ends)
    assert (caught.value.tag, caught.value.component, caught.value.path) == ("books", 0, path)


@pytest.mark.parametrize(
    "envelope", [{"python": "3.1.4"}, {"cloudpickle": "1.6.0"}, {"cloudpickle": None}]
)
def test_plain_data_of_other_versions_is_a_result_like_any_other(tmp_path, envelope):
    path = pack_with(tmp_path / "0", packs.RESULT, pickle.dumps({"a": [1.5]}), **envelope)

    assert outputs.read_result(path, 0, "books") == {"a": [1.5]}


def test_an_exception_of_another_python_is_not_unpickled_and_a_line_says_so(tmp_path, caplog):
    path = pack_with(tmp_path / "0", packs.EXCEPTION, by_value(Loud()), python="3.1.4")

    with caplog.at_level(logging.WARNING, logger="htmap"):
        assert outputs.read_exception(path, 0) is None

    assert "component 0 is not loaded" in caplog.text
    assert "Python 3.1.4" in caplog.text


def test_an_input_of_another_python_is_explained_and_not_unpickled(tmp_path):
    path = pack_with(tmp_path / "0", packs.INPUT, by_value(Loud()), python="3.1.4")

    with pytest.raises(InputCannotBeLoaded, match=r"Python 3\.1\.4") as caught:
        read_input(path, 0, "books")
    assert (caught.value.tag, caught.value.component, caught.value.path) == ("books", 0, path)


def test_an_input_that_is_copied_for_a_rerun_says_who_pickled_it(tmp_path):
    source = pack_with(tmp_path / "old", packs.INPUT, b"input", python="3.1.4")
    (tmp_path / "new").mkdir()

    InputWriter(tmp_path / "new").copy(0, source, "a")

    with packs.PackReader(tmp_path / "new" / "0") as pack:
        assert pack.envelope["python"] == "3.1.4"

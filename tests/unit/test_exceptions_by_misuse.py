"""Each exception, raised by the misuse that its documentation tells of, with what it is about."""

import json
import threading
from pathlib import Path

import pytest
from hand_made import HandMade

import htmap
from htmap import MapOptions, exceptions
from htmap.execute import packs
from htmap.pool import queue
from htmap.pool.queue import Present
from htmap.settings import Settings
from htmap.store.directory import root
from htmap.store.told import ComponentHold

TESTS = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def made(tmp_path, monkeypatch):
    """A map of which each component is in another state, and the directory that it is in."""
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))
    original = Settings.from_settings(htmap.settings)
    htmap.settings.prepend({})
    monkeypatch.setattr(queue, "jobs_of", lambda map_id: Present(None, 0.0, set(), {}))
    yield HandMade("a", "IDLE", "COMPLETED", "ERRORED", "HELD", "REMOVED")
    htmap.settings.replace(original)


def load(tag="a"):
    return htmap.load(tag)


def output(made, component, *records):
    path = made.run.output(component)
    with packs.PackWriter(path, packs.versions(kind="output")) as pack:
        for record in records:
            pack.add(*record)
    return path


def with_result_that_cannot_be_loaded(made):
    output(made, 1, (1, packs.RESULT, b"cno_such_module\nf\n."))
    return load().get(1)


def with_input_that_cannot_be_loaded(made):
    with packs.PackWriter(made.run.input(0), packs.versions(kind="input")) as pack:
        pack.add(0, packs.INPUT, b"cno_such_module\nf\n.")
    return next(load().iter_inputs())


def with_output_of_another(made):
    output(made, 2, (3, packs.STARTED))
    return load().get(2)


def with_damaged_output(made):
    made.run.output(1).write_bytes(b"garbage")
    return load().get(1)


def with_log_that_is_a_folder(made):
    made.folder.events.unlink()
    made.folder.events.mkdir()
    return load().status()


def after_removal(made):
    m = load()
    made.folder.remove()
    return m.wait()


def with_unknown_delivery(made):
    htmap.settings["DELIVERY_METHOD"] = "pigeon"
    return htmap.map(abs, [1], tag="new")


def with_unusable_directory(made):
    root().chmod(0o777)
    return load()


def inside_the_block(made):
    with htmap.build_map(abs, tag="new") as builder:
        builder(1)
        return builder.map


def with_settings_that_are_none(made):
    path = root() / "htmaprc"
    path.write_text("= ?")
    return Settings.load(path)


def options(**values):
    return htmap.map(abs, [1, 2], MapOptions(**values), tag="new")


#: Exception: the misuse, and the attributes that it must have.
MISUSES = {
    "TimeoutError": (lambda made: load().get(0, timeout=0.01), {"tag": "a", "component": 0}),
    "OutputNotFound": (lambda made: load()[0], {"tag": "a", "component": 0}),
    "NoSuchComponent": (lambda made: load()[5], {"tag": "a", "component": 5}),
    "MapComponentError": (lambda made: load()[2], {"tag": "a", "component": 2}),
    "ExpectedError": (lambda made: load().get_err(1), {"tag": "a", "component": 1}),
    "InputCannotBeLoaded": (
        with_input_that_cannot_be_loaded,
        {"tag": "a", "component": 0},
    ),
    "InvalidArgument": (lambda made: next(load().iter(errors="ignore")), {}),
    "MapComponentRemoved": (lambda made: load()[4], {"tag": "a", "component": 4}),
    "MapComponentHeld": (
        lambda made: load().get(3),
        {"tag": "a", "component": 3, "hold": ComponentHold(13, 2, "no such file")},
    ),
    "OutputCannotBeLoaded": (with_result_that_cannot_be_loaded, {"tag": "a", "component": 1}),
    "InvalidOutputStatus": (with_output_of_another, {"tag": "a", "component": 2, "path": ...}),
    "CorruptPack": (with_damaged_output, {"tag": "a", "component": 1, "path": ...}),
    "CorruptEventLog": (with_log_that_is_a_folder, {"tag": "a", "path": ...}),
    "MapWasRemoved": (after_removal, {"tag": "a"}),
    "NoMapYet": (inside_the_block, {"tag": "new"}),
    "EmptyMap": (lambda made: htmap.map(abs, [], tag="new"), {"tag": "new"}),
    "InvalidTag": (lambda made: htmap.map(abs, [1], tag="a b"), {"tag": "a b"}),
    "TagAlreadyExists": (lambda made: htmap.map(abs, [1], tag="a"), {"tag": "a"}),
    "TagNotFound": (lambda made: load("b"), {"tag": "b"}),
    "CannotRetagMap": (lambda made: load().retag("a b"), {"tag": "a b"}),
    "CannotRerunComponents": (lambda made: load().rerun([1, 0]), {"tag": "a", "component": 0}),
    "ReservedOptionKeyword": (lambda made: options(executable="mine"), {}),
    "InvalidMapOption": (lambda made: options(**{"a = b": "1"}), {}),
    "MisalignedInputData": (lambda made: options(request_memory=["1GB"]), {"tag": "new"}),
    "CannotPickle": (
        lambda made: htmap.map(abs, [1, threading.Lock()], tag="new"),
        {"tag": "new", "component": 1, "where": ...},
    ),
    "UnusableDirectory": (with_unusable_directory, {"path": ...}),
    "InvalidSettings": (with_settings_that_are_none, {"path": ...}),
    "MissingSetting": (lambda made: htmap.settings["NONE.SUCH"], {}),
    "UnknownPythonDeliveryMethod": (with_unknown_delivery, {}),
}
#: What takes a pool, or a queue that is gone, and where it is tested.
ELSEWHERE = {
    "DaemonFailed": "pool/test_refusals.py",
    "NoScheduler": "pool/test_refusals.py",
    "SchedulerRefused": "pool/test_refusals.py",
    "SubmitFailed": "pool/test_making.py",
    "MissingPackage": "unit/test_dataframe.py",
    "MapComponentLost": "unit/test_loss.py",
    "CannotTransferFile": "pool/test_output_files.py",
    "CannotTransplantPython": "unit/test_packing.py",
    "InsufficientHTCondorVersion": "pool/test_output_files.py",
    "InvalidTransferPath": "unit/test_transfer_path.py",
}


@pytest.mark.parametrize("name", MISUSES)
def test_a_misuse_raises_the_exception_that_is_documented_for_it(made, name):
    misuse, attributes = MISUSES[name]
    kind = getattr(exceptions, name)

    with pytest.raises(exceptions.HTMapException) as caught:
        misuse(made)

    assert type(caught.value) is kind
    assert len(str(caught.value)) > 20
    found = {each: getattr(caught.value, each) for each in attributes}
    for each, value in attributes.items():
        if value is ...:
            assert found[each]
            assert str(found[each]) in str(caught.value)
        else:
            assert found[each] == value
    # Nothing of a map that could not be made is left behind.
    assert "new" not in [path.name for path in (root() / "tags").iterdir()]


def test_every_exception_is_raised_by_some_test():
    assert set(MISUSES) | set(ELSEWHERE) == set(exceptions.__all__) - {"HTMapException"}
    for name, module in ELSEWHERE.items():
        assert name in (TESTS / module).read_text()


def test_a_report_is_in_the_exception_of_a_failed_component(made):
    report = {"exception": {"type": "ValueError", "message": "bad"}, "summary": ""}
    output(made, 2, (2, packs.ERROR, json.dumps(report).encode()))

    with pytest.raises(exceptions.MapComponentError) as caught:
        load()[2]

    assert "ValueError: bad" in caught.value.report
    assert caught.value.report in str(caught.value)


def test_a_folder_that_may_not_be_looked_into_is_named_by_a_map_without_a_tag(
    tmp_path, monkeypatch
):
    (tmp_path / "closed").mkdir(mode=0)
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "closed" / "htmap"))

    with pytest.raises(exceptions.UnusableDirectory, match="Permission denied"):
        htmap.map(abs, [1])

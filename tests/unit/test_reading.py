"""Reading maps whose jobs run several components: each pack once, and large results in place."""

import gc
import json
import os
import pickle
import re
from pathlib import Path

import numpy
import pytest
from hand_made import HELD, REMOVED, SUBMITTED, TERMINATED, HandMade

import htmap
from htmap import exceptions
from htmap.execute import pack_reader, packs, versions


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


@pytest.fixture
def opened(monkeypatch):
    """The names of the packs that have been opened, in order."""
    names = []
    read_envelope = packs.PackReader._read_envelope

    def noting(self):
        names.append("/".join(self.path.split("/")[-2:]))
        return read_envelope(self)

    monkeypatch.setattr(packs.PackReader, "_read_envelope", noting)
    return names


class Shared(HandMade):
    """A map whose jobs run ``chunksize`` components each."""

    def __init__(self, tag, components, chunksize):
        super().__init__(tag, *["UNMATERIALIZED"] * components, chunksize=chunksize)

    def write(self, job, *records):
        """Write what a job brings back: (component, kind, payload[, buffers]) each."""
        with packs.PackWriter(self.run.output(job), packs.versions(kind="output")) as pack:
            for component, kind, payload, *buffers in records:
                pack.add(component, kind, payload, buffers=buffers)
            pack.finish()
        return self.run.output(job)

    def finish(self, job, *failed):
        """Let a job end; its components return ten times their number, or fail."""
        records = []
        for component in self.run.components_of(job):
            if component in failed:
                report = {"exception": {"type": "ValueError", "message": f"bad {component}"}}
                records.append((component, packs.ERROR, json.dumps(report).encode()))
            else:
                records.append((component, packs.RESULT, pickle.dumps(10 * component)))
        self.write(job, *records)
        self.log(SUBMITTED + TERMINATED, job)

    def damage(self, job, component):
        """Flip a bit in the payload of a component's result."""
        path = self.run.output(job)
        with packs.PackReader(path) as pack:
            record = pack.find(component, packs.RESULT)
        data = bytearray(path.read_bytes())
        data[record.offset] ^= 4
        path.write_bytes(data)


def shared(tag, components=7, chunksize=3, failed=()):
    made = Shared(tag, components, chunksize)
    for job in range(made.run.jobs):
        made.finish(job, *failed)
    return made


def loaded(tag, opened=None):
    m = htmap.load(tag)
    m.status()  # which looks into the packs of jobs that have ended
    if opened is not None:
        opened.clear()
    return m


def outputs(*jobs):
    return [f"outputs/{job}" for job in jobs]


# ---- each pack once -------------------------------------------------------------------------


def test_one_result_is_read_from_one_pack(opened):
    shared("a")
    m = loaded("a", opened)

    assert (m[4], m[-1], m.get(0)) == (40, 60, 0)
    assert opened == outputs(1, 2, 0)


@pytest.mark.parametrize(
    "read",
    [
        list,
        lambda m: m.results(),
        lambda m: m[:],
        lambda m: list(m.iter(errors="skip")),
        lambda m: list(m.iter_as_available()),
        lambda m: [outcome.result for outcome in m.as_completed()],
    ],
    ids=["list", "results", "slice", "iter", "as available", "as completed"],
)
def test_results_are_read_job_after_job_and_each_pack_once(read, opened):
    shared("a")

    assert read(loaded("a", opened)) == [0, 10, 20, 30, 40, 50, 60]
    assert opened == outputs(0, 1, 2)


def test_a_slice_reads_the_packs_that_it_needs(opened):
    shared("a")
    m = loaded("a", opened)

    assert m[3:5] == [30, 40]
    assert opened == outputs(1)
    assert m[::-3] == [60, 30, 0]


def test_inputs_are_read_once_too(opened):
    made = shared("a")
    m = loaded("a", opened)
    paths = {made.run.input(job).name for job in range(made.run.jobs)}

    assert list(m.iter_inputs()) == [((i,), {}) for i in range(7)]
    assert opened == [f"inputs/{name}" for name in sorted(paths)]
    assert list(m.iter_with_inputs()) == [(((i,), {}), 10 * i) for i in range(7)]
    assert len(opened) == 2 * len(paths) + 3


def test_reports_of_many_failures_are_read_once_and_so_is_that_of_one(opened):
    shared("a", failed=range(1, 7))
    m = loaded("a", opened)

    assert [error.exception_msg for error in m.errors.values()] == [
        f"ValueError: bad {i}" for i in range(1, 7)
    ]
    assert opened == outputs(0, 1, 2)
    opened.clear()
    assert len(list(m.error_reports())) == 6
    assert opened == outputs(0, 1, 2)
    opened.clear()
    with pytest.raises(exceptions.MapComponentError, match="bad 4"):
        m.get(4)
    assert opened == outputs(1)


def test_results_of_jobs_that_end_one_after_another_come_job_by_job():
    made = Shared("a", 4, 2)
    made.finish(1)
    results = htmap.load("a").iter_as_available(timeout=30)

    assert [next(results), next(results)] == [20, 30]
    made.finish(0)
    assert list(results) == [0, 10]


def test_a_component_that_is_run_again_while_its_job_is_read_is_waited_for():
    made = shared("a", 3, 3)
    m = htmap.load("a")
    results = m.iter(timeout=0.05)
    assert next(results) == 0

    made.rerun([2])
    m._tracker.look_for_runs()

    assert next(results) == 10
    with pytest.raises(exceptions.TimeoutError):
        next(results)


# ---- all results ----------------------------------------------------------------------------


def test_all_results_are_waited_for():
    made = Shared("a", 4, 2)
    made.finish(0)
    m = htmap.load("a")
    with pytest.raises(exceptions.TimeoutError, match="last component"):
        m.results(timeout=0.05)

    made.finish(1)
    assert m.results(timeout=30) == [0, 10, 20, 30]


def test_all_results_without_those_that_failed_or_with_the_reason_in_their_place():
    shared("a", failed=[4])
    m = htmap.load("a")

    assert m.results(errors="skip") == [0, 10, 20, 30, 50, 60]
    found = m.results(errors="return")
    assert isinstance(found[4], exceptions.MapComponentError)
    assert found[:4] + found[5:] == [0, 10, 20, 30, 50, 60]
    with pytest.raises(exceptions.MapComponentError, match="bad 4"):
        m.results()
    with pytest.raises(exceptions.InvalidArgument, match="'raise', 'return', 'skip'"):
        m.results(errors="ignore")


def test_a_failure_or_hold_ends_the_wait_for_all_results_unless_it_may_be():
    made = Shared("a", 6, 2)
    made.finish(0, 1)
    made.log(SUBMITTED + HELD, 1)
    m = htmap.load("a")

    with pytest.raises(exceptions.MapComponentError, match="bad 1"):
        m.results(timeout=30)
    with pytest.raises(exceptions.TimeoutError):
        m.results(timeout=0.05, errors="skip")
    made.finish(2)
    assert m.results(timeout=30, errors="skip") == [0, 40, 50]
    assert [type(each).__name__ for each in m.results(errors="return")] == [
        "int", "MapComponentError", "MapComponentHeld", "MapComponentHeld", "int", "int",
    ]  # fmt: skip


def test_damage_costs_one_component_of_its_job_and_is_told_with_its_advice():
    made = shared("a")
    made.damage(1, 4)
    m = htmap.load("a")

    for results in (m.results(errors="return"), list(m.iter(errors="return"))):
        assert results[:4] + results[5:] == [0, 10, 20, 30, 50, 60]
        about = results[4]
        assert (about.tag, about.component, about.path) == ("a", 4, made.run.output(1))
        assert isinstance(about, exceptions.CorruptPack)
        assert "Map.rerun([4])" in str(about)
    for read in (m.results, lambda: list(m), lambda: m[4]):
        with pytest.raises(exceptions.CorruptPack, match="component 4"):
            read()


def test_a_map_that_was_removed_has_no_results_any_more():
    made = shared("a")
    m = loaded("a")
    made.folder.remove()

    with pytest.raises(exceptions.MapWasRemoved):
        m.results()


# ---- large results --------------------------------------------------------------------------


def pickled(value):
    buffers = []
    data = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return data, *(buffer.raw() for buffer in buffers)


def anonymous_memory():
    """Bytes of this process's memory that are no file's."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.M)[1])


SIZE = 32_000_000


@pytest.fixture
def large():
    """A map of an array, a large text, and an array again."""
    made = Shared("large", 3, 3)
    array = numpy.arange(SIZE // 8, dtype=float)
    made.write(
        0,
        (0, packs.RESULT, *pickled(array)),
        (1, packs.RESULT, pickle.dumps("é" * (SIZE // 2))),
        (2, packs.RESULT, *pickled({"a": array[:10_000], "b": 1})),
    )
    made.log(SUBMITTED + TERMINATED, 0)
    return made


def test_an_array_is_in_memory_as_far_as_it_is_used_and_can_be_written_to(large):
    m = loaded("large")
    before = anonymous_memory()

    array = m[0]

    assert array[-1] == SIZE // 8 - 1
    assert array.sum() == sum(range(SIZE // 8))
    assert anonymous_memory() - before < SIZE / 4
    array[0] = 7
    assert (array[0], m[0][0]) == (7, 0)


def test_a_large_text_is_not_held_twice_while_it_is_read(large):
    m = loaded("large")
    gc.collect()
    before = anonymous_memory()
    peak = 0
    original = versions.loads

    def loads(data, buffers):
        nonlocal peak
        peak = anonymous_memory() - before
        return original(data, buffers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(versions, "loads", loads)
        assert m[1] == "é" * (SIZE // 2)

    assert peak < SIZE / 4


def test_arrays_stay_when_their_map_is_removed(large):
    array, _, other = loaded("large").results()
    large.folder.remove()

    assert not large.folder.path.exists()
    assert array[100] == other["a"][100] == 100
    assert (len(other["a"]), other["b"]) == (10_000, 1)


def test_arrays_of_many_packs_keep_no_file_open():
    made = Shared("a", 20, 1)
    for job in range(20):
        made.write(job, (job, packs.RESULT, *pickled(numpy.full(10_000, job))))
        made.log(SUBMITTED + TERMINATED, job)
    m = loaded("a")
    before = len(os.listdir("/proc/self/fd"))

    results = m.results()

    assert len(os.listdir("/proc/self/fd")) == before
    assert [array[-1] for array in results] == list(range(20))


@pytest.mark.parametrize("mapping", [pack_reader._map, lambda file: None], ids=["", "without"])
def test_damage_in_a_buffer_costs_that_component_alone(mapping, monkeypatch):
    """Also where files cannot be mapped: before Python 3.13, and on some file systems."""
    monkeypatch.setattr(pack_reader, "_map", mapping)
    made = Shared("a", 2, 2)
    arrays = [numpy.full(100_000, i, dtype="u1") for i in range(2)]
    path = made.write(0, *((i, packs.RESULT, *pickled(arrays[i])) for i in range(2)))
    made.log(SUBMITTED + TERMINATED, 0)
    m = loaded("a")
    data = bytearray(path.read_bytes())
    data[50_000] ^= 1
    path.write_bytes(data)

    with pytest.raises(exceptions.CorruptPack, match="component 0"):
        m.get(0)
    found = m.get(1)
    assert (found == arrays[1]).all()
    found[0] = 5


def test_an_array_by_value_of_another_python_is_explained_and_not_unpickled():
    made = Shared("a", 1, 1)
    with packs.PackWriter(
        made.run.output(0), {**packs.versions(kind="output"), "python": "3.1.4"}
    ) as pack:
        data, *buffers = pickled((numpy.zeros(100_000), "cloudpickle"))
        pack.add(0, packs.RESULT, data, buffers=buffers)
        pack.finish()
    made.log(SUBMITTED + TERMINATED, 0)

    with pytest.raises(exceptions.OutputCannotBeLoaded, match=r"Python 3\.1\.4"):
        htmap.load("a").get(0)


# ---- what components of one job printed -----------------------------------------------------


@pytest.fixture
def talkative():
    made = Shared("talkative", 4, 4)
    made.write(
        0,
        (0, packs.STDOUT, b"10%\r20%\r\n\xff"),
        (0, packs.RESULT, pickle.dumps(0)),
        (1, packs.STDOUT, b"cut short"),
        (1, packs.STDOUT, b"all of it"),
        (1, packs.STDERR, b"a warning"),
        (1, packs.RESULT, pickle.dumps(1)),
        (2, packs.STDERR, b"last words"),
    )
    made.run.stdout(0).write_text("the runner's")
    made.run.stderr(0).write_text("the runner's own words")
    made.log(SUBMITTED + TERMINATED, 0)
    return made


def test_each_component_of_a_job_has_what_it_printed_itself(talkative, opened):
    m = loaded("talkative", opened)

    assert list(m.stdout) == ["10%\r20%\r\n\ufffd", "all of it", "", ""]
    assert m.stderr[1:] == ["a warning", "last words", ""]
    assert opened == outputs(0, 0)


def test_a_report_has_a_components_own_last_words_or_else_those_of_its_job(talkative):
    m = loaded("talkative")

    assert "last words" in m.get_err(2).report()
    assert "runner's" not in m.get_err(2).report()
    assert "the runner's own words" in m.get_err(3).report()


def test_nothing_was_printed_by_what_never_ran():
    made = Shared("a", 4, 2)
    made.log(SUBMITTED + REMOVED, 0)
    made.run.output(1).touch()
    made.log(SUBMITTED + TERMINATED, 1)

    assert list(htmap.load("a").stdout) == [""] * 4


def test_damage_in_what_was_printed_is_told_and_costs_no_result(talkative):
    path = talkative.run.output(0)
    path.write_bytes(path.read_bytes().replace(b"all of it", b"all of if"))
    m = loaded("talkative")

    with pytest.raises(exceptions.CorruptPack, match=r"standard output of component 1") as caught:
        m.stdout.get(1)
    assert (caught.value.tag, caught.value.component) == ("talkative", 1)
    assert m[1] == 1
    assert m.stdout[0].startswith("10%")

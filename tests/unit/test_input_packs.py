"""Writing inputs while they come: which job and which pack each of them is in."""

import pytest

from htmap.chunking import FixedSizes, ShrinkingSizes, Slots
from htmap.exceptions import CannotPickle, UnusableDirectory
from htmap.execute import packs
from htmap.store import input_packs
from htmap.store.division import Division
from htmap.store.input_packs import InputWriter, write_inputs
from htmap.store.run import Run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))
    (tmp_path / "inputs").mkdir()
    return tmp_path / "inputs"


def written(folder, sizes, inputs, alike=None, expected=0):
    """Write inputs; return the components and the sizes of each job, as the packs have them."""
    groups = iter(alike or [])
    writer = InputWriter(folder, sizes, packs.versions(kind="input"), expected)
    for component, data in enumerate(inputs):
        writer.add(component, data, next(groups, None))
    chunks, in_packs = writer.finish()
    run = Run(folder.parent, 0, range(chunks.items), chunks, in_packs)
    jobs = []
    for component, number, first, count in run.job_inputs():
        with packs.PackReader(folder / str(number)) as pack:
            offsets = pack.index.offsets[first : first + count]
            records = [pack.record_at(offset) for offset in offsets]
            jobs.append([record.component for record in records])
            assert [pack.payload(record) for record in records] == [
                inputs[record.component] for record in records
            ]
        assert jobs[-1][0] == component
        assert jobs[-1] == list(run.components_of(len(jobs) - 1))
    assert len(list(folder.iterdir())) == len(in_packs)
    return jobs, in_packs


def test_small_inputs_of_many_jobs_are_in_one_file(folder):
    jobs, in_packs = written(folder, FixedSizes(1), [b"x"] * 1000)

    assert jobs == [[component] for component in range(1000)]
    assert in_packs == Division([(1000, 1)])


def test_a_large_input_is_sent_to_its_own_job_alone(folder):
    large = b"x" * 100_000
    jobs, in_packs = written(folder, FixedSizes(1), [large, b"a", b"b", large, large])

    assert jobs == [[0], [1], [2], [3], [4]]
    assert list(in_packs.sizes()) == [1, 3, 1]


def test_no_job_is_sent_much_more_than_it_needs(folder):
    data = [b"x" * 10_000] * 100
    _, in_packs = written(folder, FixedSizes(1), data)

    assert max(path.stat().st_size for path in folder.iterdir()) < 80_000
    assert len(in_packs) <= 16


def test_a_chunk_is_in_one_pack_however_large_it_is(folder):
    jobs, _ = written(folder, FixedSizes(4), [b"x" * 50_000] * 10)

    assert jobs == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_only_components_that_are_alike_share_a_job(folder):
    jobs, _ = written(folder, FixedSizes(3), [b"x"] * 8, alike="aaaabbac")

    assert jobs == [[0, 1, 2], [3], [4, 5], [6], [7]]


def test_sizes_that_depend_on_the_number_wait_for_it(folder):
    sizes = ShrinkingSizes(Slots(2, ""))
    jobs, in_packs = written(folder, sizes, [b"x"] * 100)

    assert [len(job) for job in jobs] == [25, 25, 13, 13, 6, 6, 3, 3, 2, 2, 1, 1]
    assert len(in_packs) == 1


def test_what_does_not_fit_into_memory_is_written_before_the_number_is_known(folder, monkeypatch):
    monkeypatch.setattr(input_packs, "_WINDOW", 100_000)
    waiting = []

    class Watched(ShrinkingSizes):
        def next(self, left):
            waiting.append(left)
            return super().next(left)

    jobs, _ = written(folder, Watched(Slots(2, "")), [b"x" * 1000] * 1000)

    assert [component for job in jobs for component in job] == list(range(1000))
    assert max(waiting) < 100
    assert len(jobs[-1]) == 1


def test_a_number_that_is_known_beforehand_is_used(folder, monkeypatch):
    monkeypatch.setattr(input_packs, "_WINDOW", 100_000)

    jobs, _ = written(folder, ShrinkingSizes(Slots(2, "")), [b"x" * 1000] * 1000, expected=1000)

    assert len(jobs[0]) == 250


@pytest.mark.parametrize("expected", [1, 10**9])
def test_a_number_that_is_wrong_does_no_harm(folder, expected):
    jobs, _ = written(folder, ShrinkingSizes(Slots(2, "")), [b"x"] * 100, expected=expected)

    assert [component for job in jobs for component in job] == list(range(100))
    assert len(jobs[0]) == 25


def test_an_input_is_pickled_before_the_next_is_taken(folder):
    """One array that is filled anew for each component is sent as it was then."""
    shared = []

    def inputs():
        for number in range(3):
            shared[:] = [number]
            yield (shared,), {}

    write_inputs(folder, inputs(), lambda: None, FixedSizes(3))

    with packs.PackReader(folder / "0") as pack:
        found = [pack.payload(record) for record in pack.records()]
    assert [each.count(bytes([number])) > 0 for number, each in enumerate(found)] == [True] * 3
    assert len(set(found)) == 3


def test_an_input_that_cannot_be_pickled_is_named(folder):
    inputs = [((1,), {}), ((open,), {}), (((x for x in ()),), {})]

    with pytest.raises(CannotPickle, match="the input of component 2") as caught:
        write_inputs(folder, inputs, lambda: None, FixedSizes(10))

    assert caught.value.component == 2


def test_a_full_disk_is_explained_wherever_it_is_met(folder):
    """/dev/full takes no byte: the pack is buffered, so that is found out when it is closed."""
    for data in (b"x", b"x" * 5_000_000):
        (folder / "0").unlink(missing_ok=True)
        (folder / "0").symlink_to("/dev/full")
        with (
            pytest.raises(UnusableDirectory, match=r"No space left.*Make room"),
            InputWriter(folder, FixedSizes(1), packs.versions()) as writer,
        ):
            writer.add(0, data)
            writer.finish()

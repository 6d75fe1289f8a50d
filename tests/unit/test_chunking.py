"""The sizes of chunks, and the reasons that are given for them."""

import numpy
import pytest

import htmap
from htmap.chunking import JOB_SECONDS, Chunking, FixedSizes, ShrinkingSizes, Slots
from htmap.exceptions import InvalidMapOption
from htmap.options import MapOptions
from htmap.pool import offers, slots
from htmap.store.timings import Timing

TWO = Slots(2, "the pool can run 2 such jobs at once")


def given_out(sizes, components):
    """The sizes of the jobs of a map."""
    found = []
    while sum(found) < components:
        left = components - sum(found)
        found.append(min(sizes.next(left), left))
    return found


@pytest.mark.parametrize(
    "chunksize", [0, -1, 2.5, 2.0, "big", "", "Auto", "-3", True, [1], b"auto"]
)
def test_what_is_no_chunk_size_is_refused_with_what_one_is(chunksize):
    with pytest.raises(InvalidMapOption, match="how many components run in one job") as caught:
        MapOptions(chunksize=chunksize)

    assert repr(chunksize) in str(caught.value)


@pytest.mark.parametrize("chunksize", [0, -1, 2.5, "big"])
def test_each_way_of_making_a_map_refuses_it_before_anything_is_made(
    chunksize, tmp_path, monkeypatch
):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))
    mapped = htmap.mapped(abs)
    makers = (
        lambda: htmap.map(abs, [1], chunksize=chunksize),
        lambda: htmap.starmap(abs, [(1,)], chunksize=chunksize),
        lambda: mapped.map([1], chunksize=chunksize),
        lambda: mapped.starmap([(1,)], chunksize=chunksize),
    )
    for make in makers:
        with pytest.raises(InvalidMapOption, match="chunksize"):
            make()
    for build in (htmap.build_map, mapped.build_map):
        options = {"func": abs} if build is htmap.build_map else {}
        with (
            pytest.raises(InvalidMapOption, match="chunksize"),
            build(**options, chunksize=chunksize) as builder,
        ):
            builder(1)

    assert not (tmp_path / "htmap").exists()


def test_numbers_of_any_kind_and_settings_text_are_sizes():
    assert MapOptions(chunksize=numpy.int64(3)).chunksize == 3
    assert MapOptions(chunksize=" 12 ").chunksize == 12
    assert MapOptions(chunksize="auto").chunksize == "auto"


def test_the_options_that_win_say_the_chunk_size():
    ten, auto, none = MapOptions(chunksize=10), MapOptions(chunksize="auto"), MapOptions()

    assert MapOptions.merge(none, ten, auto).chunksize == 10
    assert MapOptions.merge(none, none).chunksize is None


def test_a_named_size_is_kept():
    assert given_out(FixedSizes(4), 10) == [4, 4, 2]


def test_unknown_components_are_given_out_by_halves_down_to_a_hundredth():
    sizes = given_out(ShrinkingSizes(TWO), 1000)

    assert sizes[:6] == [250, 250, 125, 125, 63, 63]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-3:] == [4, 3, 3]
    assert given_out(ShrinkingSizes(TWO), 100)[-2:] == [1, 1]


def test_fewer_unknown_components_than_slots_have_a_job_each():
    assert given_out(ShrinkingSizes(Slots(100, "")), 60) == [1] * 60


def test_unknown_components_are_never_in_a_job_of_more_than_twenty_thousand():
    assert max(given_out(ShrinkingSizes(TWO), 1_000_000)) == 20_000


def test_components_that_are_known_to_be_long_have_a_job_each_at_the_end():
    """No chunk of them is more than a slot could have waited for."""
    sizes = given_out(ShrinkingSizes(TWO, Timing(10, wall=10 * 600.0)), 40)

    assert sizes == [1] * 40


def test_short_components_fill_a_job_until_its_cost_is_a_few_per_cent():
    half = ShrinkingSizes(TWO, Timing(100, wall=50.0))
    sizes = given_out(half, 200)

    work = [0.5 * size for size in sizes]
    assert JOB_SECONDS * len(sizes) / sum(work) < 0.05
    assert min(work[:-2]) >= 4  # the last two share what is left equally
    # Both slots are busy until the last chunk.
    assert max(sizes) == 50


def test_what_a_second_job_would_make_slower_is_one_job():
    assert given_out(ShrinkingSizes(TWO, Timing(10, wall=1e-5)), 1000) == [1000]


def test_what_is_little_work_for_all_slots_is_shared_by_all_of_them():
    assert given_out(ShrinkingSizes(TWO, Timing(10, wall=0.01)), 1000) == [500, 500]
    # What a component costs beside its function counts, too.
    assert given_out(ShrinkingSizes(TWO, Timing(10, wall=1e-6)), 100_000) == [50_000, 50_000]


def test_a_slow_slot_keeps_none_waiting_long():
    """Jobs are taken by whichever slot is free, one of which is three times as slow."""
    ends = [0.0, 0.0]
    for size in given_out(ShrinkingSizes(TWO), 1000):
        slot = ends.index(min(ends))
        ends[slot] += size * (1, 3)[slot]

    assert abs(ends[0] - ends[1]) < 10


def test_the_reason_says_what_is_known():
    known = ShrinkingSizes(TWO, Timing(40, wall=20.0)).why
    unknown = ShrinkingSizes(TWO).why

    assert "40 components of this function took 0.5 s each" in known
    assert "2 such jobs" in known
    assert "not known how long" in unknown
    assert str(Chunking(4, 10, 3, 2, 4, FixedSizes(4).why)) == (
        "10 components in 3 jobs of 2 to 4: chunksize is 4."
    )
    assert "jobs of 5:" in str(Chunking(5, 10, 2, 5, 5, ""))


@pytest.mark.parametrize(
    ("found", "cpus", "number"),
    [(7, "1", 7), (0, "64", 1), (100_000, "1", 1000), (3, "RequestFromSomewhere", 3)],
)
def test_the_number_of_slots_is_what_the_pool_has_within_reason(monkeypatch, found, cpus, number):
    monkeypatch.setattr(offers, "places", lambda cores: found)

    assert slots.for_jobs_of(cpus).number == number


def test_a_pool_that_does_not_answer_is_taken_to_be_of_some_size(monkeypatch):
    def fail(cores):
        raise htmap.exceptions.NoScheduler("nobody answered")

    monkeypatch.setattr(offers, "places", fail)

    assert slots.for_jobs_of("1").number == 100
    assert "does not say" in slots.for_jobs_of("1").why

"""Every way to make a map, and what a map is made with."""

import itertools
import json

import pytest
from live import jobs_here, nothing_is_left, schedd, start, until

import htmap
from htmap import ComponentStatus, MapOptions, exceptions
from htmap.pool import submit


def show(*args, **kwargs):
    return args, kwargs


def double(x):
    return 2 * x


def test_map_gives_each_item_to_the_function_and_keeps_their_order():
    assert list(htmap.map(double, (x for x in range(5)))) == [0, 2, 4, 6, 8]


def test_map_runs_functions_that_are_sent_by_name_without_cloudpickle():
    assert list(htmap.map(len, ["", "ab", "abc"])) == [0, 2, 3]


def test_a_function_is_sent_with_what_it_encloses():
    factor = 7

    assert list(htmap.map(lambda x: factor * x, [1, 2])) == [7, 14]


@pytest.mark.parametrize(
    ("args", "kwargs", "results"),
    [
        ([(1, 2), ()], None, [((1, 2), {}), ((), {})]),
        (None, [{"a": 1}, {}], [((), {"a": 1}), ((), {})]),
        ([(1,), (2,)], [{"a": 1}, {"b": 2}], [((1,), {"a": 1}), ((2,), {"b": 2})]),
        ([(1,)], [{"a": 1}, {"b": 2}], [((1,), {"a": 1}), ((), {"b": 2})]),
        ([(1,), (2,)], [{"a": 1}], [((1,), {"a": 1}), ((2,), {})]),
        (iter([[1, 2]]), iter([{"a": None}]), [((1, 2), {"a": None})]),
    ],
    ids=["args", "kwargs", "both", "fewer args", "fewer kwargs", "iterators of lists"],
)
def test_starmap_gives_arguments_and_fills_up_the_shorter_of_both(args, kwargs, results):
    assert list(htmap.starmap(show, args, kwargs)) == results


def test_starmap_takes_rows_of_an_array():
    numpy = pytest.importorskip("numpy", reason="numpy is an extra of the notebook images")

    assert list(htmap.starmap(max, numpy.array([[1, 2], [4, 3]]))) == [2, 4]


def test_a_builder_makes_a_map_of_the_calls_in_its_block():
    with htmap.build_map(show, tag="built") as builder:
        builder(1, a=2)
        builder()
        assert len(builder) == 2
        with pytest.raises(exceptions.NoMapYet):
            builder.map  # noqa: B018

    assert builder.map is htmap.load("built")
    assert list(builder.map) == [((1,), {"a": 2}), ((), {})]


def test_a_builder_whose_block_raises_makes_nothing():
    builder = htmap.build_map(show, tag="built")
    with pytest.raises(ZeroDivisionError), builder:
        builder(1 // 0)

    with pytest.raises(exceptions.NoMapYet):
        builder.map  # noqa: B018
    assert htmap.get_tags() == ()


@pytest.mark.parametrize(
    "decorate",
    [
        htmap.mapped,
        htmap.mapped(),
        htmap.mapped(map_options=MapOptions(request_memory="64MB")),
        htmap.mapped(MapOptions(request_memory="64MB")),
    ],
    ids=["bare", "parentheses", "options by name", "options"],
)
def test_a_mapped_function_runs_here_when_called_and_in_the_pool_when_mapped(decorate):
    mapped = decorate(double)

    assert mapped(4) == 8
    assert mapped.__name__ == "double"
    assert list(mapped.map([1, 2], tag="m")) == [2, 4]
    assert list(mapped.starmap([(3,)])) == [6]
    with mapped.build_map("b") as builder:
        builder(x=4)
    assert list(builder.map) == [8]
    assert set(htmap.get_tags("[bm]")) == {"b", "m"}


@pytest.mark.parametrize("wrong", [1, "double", [double]])
def test_mapped_refuses_what_is_neither_a_function_nor_options(wrong):
    with pytest.raises(TypeError, match="mapped"):
        htmap.mapped(wrong)


def test_a_mapped_function_can_be_mapped_like_any_other():
    assert list(htmap.map(htmap.mapped(double), [1, 2])) == [2, 4]


def test_a_tag_that_is_taken_is_refused_before_any_input_is_read():
    htmap.map(double, [1], tag="taken")
    inputs = itertools.count()

    with pytest.raises(exceptions.TagAlreadyExists, match="taken") as caught:
        htmap.map(double, inputs, tag="taken")

    assert caught.value.tag == "taken"
    assert next(inputs) == 0


CLAIM = """
sys.stdin.readline()
try:
    m = htmap.map(abs, [-5], tag="contested", quiet=True)
    print("won", list(m))
except htmap.exceptions.TagAlreadyExists:
    print("lost")
"""


def test_of_two_processes_that_claim_a_tag_at_the_same_instant_one_wins_b24(htmap_dir):
    processes = [start(f"print('ready', flush=True){CLAIM}") for _ in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]

    assert sorted(out for out, _ in answers) == ["lost\n"] * 3 + ["won [5]\n"], answers
    assert htmap.get_tags() == ("contested",)
    assert len(list((htmap_dir / "maps").iterdir())) == 1
    assert list((htmap_dir / "journal").iterdir()) == []


def test_a_map_without_a_tag_gets_one_and_is_transient_until_it_is_retagged():
    m = htmap.map(double, [1])

    assert m.is_transient
    assert htmap.get_tags() == (m.tag,)
    m.retag("kept")
    assert not m.is_transient
    assert htmap.get_tags() == ("kept",)
    assert htmap.load("kept") is m
    assert htmap.clean() == []
    assert m.get(0) == 2


def test_clean_removes_transient_maps_and_the_others_only_when_asked_to():
    kept, transient = htmap.map(double, [1], tag="kept"), htmap.map(double, [1])

    assert htmap.clean() == [transient.tag]
    assert not transient.exists
    assert kept.exists
    assert htmap.clean(all=True) == ["kept"]
    nothing_is_left()


def test_maps_are_found_by_the_pattern_of_their_tag():
    for tag in ("book-a", "book-b", "Book-c"):
        htmap.map(double, [1], tag=tag)

    assert htmap.get_tags() == ("Book-c", "book-a", "book-b")
    assert htmap.get_tags("book-*") == ("book-a", "book-b")
    assert [m.tag for m in htmap.load_maps("book-*")] == ["book-a", "book-b"]
    assert len(htmap.load_maps()) == 3


def test_the_status_of_all_maps_is_a_table_with_a_row_for_each():
    kept, transient = htmap.map(double, [1, 2], tag="kept"), htmap.map(double, [1])
    kept.wait(timeout=60)
    transient.wait(timeout=60)

    head, first, second = htmap.status().splitlines()

    assert head.split()[:6] == ["Tag", "HELD", "ERRORED", "IDLE", "RUNNING", "COMPLETED"]
    assert first.split()[:6] == ["kept", "0", "0", "0", "0", "2"]
    assert second.split()[:7] == ["*", transient.tag, "0", "0", "0", "0", "1"]
    # A job's memory is known even if it took no time.
    used = json.loads(htmap.status_json([kept]))["kept"]
    assert used["local_disk_usage"] == kept.local_data > 0
    assert used["max_memory_usage"] == max(kept.memory_usage) * 2**20
    assert used["max_runtime"] <= used["total_runtime"] < 60
    assert htmap.status([kept]).splitlines()[1:] == htmap.status(m for m in [kept]).splitlines()[1:]


def test_a_loaded_map_is_the_same_object_in_one_process():
    m = htmap.map(double, [1], tag="one")

    assert htmap.load("one") is m
    assert htmap.Map.load("one") is m
    assert htmap.load_maps() == (m,)


def test_a_map_that_another_process_made_has_its_results_here():
    process = start("htmap.map(abs, [-1, -2], tag='theirs')")
    process.communicate(timeout=60)

    assert process.returncode == 0
    assert list(htmap.load("theirs")) == [1, 2]


@pytest.mark.parametrize("tag", ["", "no", ".hidden", "a/b", "..", "x" * 300, "a\0b", "a\nb"])
def test_loading_a_tag_that_no_map_has_says_where_it_looked(tag, htmap_dir):
    htmap.map(double, [1], tag="another")

    with pytest.raises(exceptions.TagNotFound, match=str(htmap_dir)) as caught:
        htmap.load(tag)

    assert caught.value.tag == tag
    htmap.remove(tag)
    with pytest.raises(KeyError):
        htmap.remove(tag, not_exist_ok=False)


def test_an_accent_that_was_typed_in_two_ways_is_one_tag():
    m = htmap.map(double, [1], tag="cafe\u0301")

    assert m.tag == "caf\u00e9"
    assert htmap.load("cafe\u0301") is m


def test_retagging_to_a_tag_that_cannot_be_had_changes_nothing():
    m = htmap.map(double, [1], tag="mine")
    htmap.map(double, [1], tag="other")

    for tag in ("other", "mine", "a/b", ""):
        with pytest.raises(exceptions.CannotRetagMap):
            m.retag(tag)
    assert m.tag == "mine"
    assert htmap.get_tags() == ("mine", "other")


def of_jobs(map_, *attributes):
    """The values of attributes in the ads of a map's jobs, by component, wherever they are now."""
    map_id = map_._folder.map_id
    constraint = f'HTMapID == "{map_id}"'
    wanted = ["component", "HTMapRun", *attributes]
    ads = [*schedd().query(constraint, wanted), *schedd().history(constraint, wanted)]
    # A job that ends at this moment is in both.
    by_job = {(ad["HTMapRun"], ad["component"]): ad for ad in ads}
    return [tuple(by_job[job].get(name) for name in attributes) for job in sorted(by_job)]


def settings_of_job():
    import os

    return os.environ.get("FRUIT")


def test_options_are_in_the_jobs_of_the_map_and_of_its_reruns():
    options = MapOptions(request_memory="77MB", environment="FRUIT=fig", **{"MY.Colour": '"red"'})
    m = htmap.starmap(settings_of_job, [(), ()], map_options=options)

    assert list(m) == ["fig", "fig"]
    m.rerun([1])
    assert list(m) == ["fig", "fig"]
    assert of_jobs(m, "component", "RequestMemory", "Colour") == [
        (0, 77, "red"),
        (1, 77, "red"),
        (1, 77, "red"),
    ]


def test_options_that_differ_by_component_follow_it_into_reruns():
    fruits = ["fig", "an 'odd' one, with; marks", "$HOME", "plum"]
    words = ["FRUIT='" + fruit.replace("'", "''") + "'" for fruit in fruits]
    options = MapOptions(
        environment=(f'"{word}"' for word in words), request_memory=("51", "52", "53", "54")
    )
    m = htmap.starmap(settings_of_job, [()] * 4, map_options=options)

    assert list(m) == fruits
    m.rerun([3, 1])
    assert list(m) == fruits
    assert of_jobs(m, "component", "RequestMemory") == [
        (0, 51), (1, 52), (2, 53), (3, 54), (1, 52), (3, 54),
    ]  # fmt: skip


def test_options_of_the_call_win_over_the_function_s_and_those_over_the_settings(settings):
    settings["MAP_OPTIONS.priority"] = "1"
    settings["MAP_OPTIONS.request_disk"] = "31MB"
    mapped = htmap.mapped(MapOptions(priority="2", request_memory="41MB"))(double)
    m = mapped.map([1], map_options=MapOptions(priority="3"))

    assert list(m) == [2]
    assert of_jobs(m, "JobPrio", "RequestMemory", "RequestDisk") == [(3, 41, 31 * 1024)]


def test_a_job_carries_its_map_s_id_its_component_and_the_tag_as_batch_name():
    m = htmap.map(double, [1, 2], tag="ads")
    list(m)

    rows = of_jobs(m, "IsHTMapJob", "HTMapRun", "component", "JobBatchName")
    assert rows == [(True, 0, 0, "ads"), (True, 0, 1, "ads")]


def test_a_job_knows_that_it_is_one_and_which_component_it_runs():
    def ask():
        import os

        return os.environ["HTMAP_ON_EXECUTE"], os.environ["HTMAP_COMPONENT"]

    assert list(htmap.starmap(ask, [(), ()])) == [("1", "0"), ("1", "1")]


def test_files_travel_with_jobs(tmp_path):
    for name in ("all", "first one", "second, one"):
        (tmp_path / name).write_text(name)

    def read(name):
        with open("all") as everyone, open(name) as own:
            return everyone.read(), own.read()

    options = MapOptions(
        fixed_input_files=tmp_path / "all",
        input_files=[[tmp_path / "first one"], tmp_path / "third"],
    )
    (tmp_path / "third").write_text("third")
    m = htmap.map(read, ["first one", "third"], map_options=options)

    assert list(m) == [("all", "first one"), ("all", "third")]
    m.rerun()
    assert list(m) == [("all", "first one"), ("all", "third")]


def test_a_value_for_each_component_has_to_be_there():
    with pytest.raises(exceptions.MisalignedInputData):
        htmap.map(double, range(3), MapOptions(request_memory=["1MB", "2MB"]), tag="few")
    nothing_is_left()


def test_options_that_htcondor_refuses_leave_nothing_behind():
    with pytest.raises(exceptions.SubmitFailed, match="Requirements"):
        htmap.map(double, [1], MapOptions(requirements="((("), tag="wrong")
    nothing_is_left()


@pytest.mark.shared
def test_a_map_of_many_jobs_is_materialized_by_the_schedd_and_gives_all_results(monkeypatch):
    # What is many is a matter of speed, and how it is done is the same from there on.
    monkeypatch.setattr(submit, "EAGER_JOBS", 10)
    count = 20
    m = htmap.map(double, range(count), tag="many")

    assert list(m.iter(timeout=110)) == [2 * x for x in range(count)]
    assert m.components_by_status()[ComponentStatus.COMPLETED] == tuple(range(count))
    until(lambda: not jobs_here(), "its jobs and its cluster have left the queue")

"""Pictures of maps that lie on disk as a pool leaves them."""

import io

import matplotlib as mpl
import numpy as np
import pytest
from hand_made import SUBMITTED, TERMINATED, HandMade
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import htmap
from htmap import ComponentStatus
from htmap.display.palette import LOOKS
from htmap.exceptions import InvalidArgument
from htmap.plots import PARTS
from htmap.plots.numbers import Numbers

mpl.use("Agg")

STARTED = """\
001 ({cluster}.{job}.000) 2026-01-01 00:00:01 Job executing on host: <b>
\tSlotName: slot1_%d@node%d
...
"""


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


@pytest.fixture(scope="module")
def _mixed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTMAP_DIR", str(tmp_path_factory.mktemp("mixed")))
        made = HandMade("mixed", *["UNMATERIALIZED"] * 4, "HELD", "REMOVED", "IDLE")
        for job in range(4):
            made.log(SUBMITTED + STARTED % (1 + job % 2, job // 2), job)
        made.end_job(0, "COMPLETED", seconds=1.5)
        made.end_job(1, "COMPLETED", seconds=2.5)
        made.end_job(2, "ERRORED", seconds=0.5)
        yield made, patch


@pytest.fixture
def mixed(_mixed, monkeypatch):
    """Two components have results, one failed; one each runs, is held, was removed, and waits."""
    monkeypatch.setenv("HTMAP_DIR", str(_mixed[0].folder.path.parents[1]))
    return htmap.load("mixed")


def total(counts):
    return sum(counts.values())


def test_a_bar_of_the_timeline_is_one_execution_in_a_slot_of_a_host(mixed):
    bars = Numbers(mixed).timeline()

    assert bars.hosts == {"node0": range(0, 2), "node1": range(2, 4)}
    assert list(bars.lane) == [0, 1, 2, 3]
    assert bars.status == ["COMPLETED", "COMPLETED", "ERRORED", "RUNNING"]
    assert all(bars.end >= bars.start + 2)


def test_components_that_share_a_job_are_one_bar():
    made = HandMade("m", *["UNMATERIALIZED"] * 6, chunksize=3)
    for job in range(2):
        made.log(SUBMITTED + STARTED % (1, job), job)
        made.end_job(job, *["COMPLETED"] * 3)

    assert list(Numbers(htmap.load("m")).timeline().lane) == [0, 1]


def test_a_histogram_counts_each_component_that_has_ended_once(mixed):
    histogram = Numbers(mixed).runtimes()

    assert {status: sum(counts) for status, counts in histogram.counts.items()} == {
        ComponentStatus.COMPLETED: 2,
        ComponentStatus.ERRORED: 1,
    }
    assert (histogram.edges[0], histogram.edges[-1]) == (0.5, 2.5)


def test_the_statuses_add_up_to_all_components_at_any_time_and_end_as_they_are(mixed):
    history = Numbers(mixed).statuses()

    assert set(total(history.counts)) == {7}
    last = {status: counts[-1] for status, counts in history.counts.items() if counts[-1]}
    assert last == {status: count for status, count in mixed._counts().items() if count}


def test_statuses_went_from_idle_over_running_to_completed():
    HandMade("m", *["COMPLETED"] * 3)
    counts = Numbers(htmap.load("m")).statuses().counts

    assert set(total(counts)) == {3}
    assert counts[ComponentStatus.IDLE][0] == 3
    assert max(counts[ComponentStatus.RUNNING]) == 3
    assert counts[ComponentStatus.COMPLETED][-1] == 3
    assert counts[ComponentStatus.RUNNING][-1] == 0


def test_all_parts_are_drawn_below_each_other_in_the_figure_that_is_given(mixed):
    figure = Figure()
    drawn = mixed.plot(figure=figure)

    assert tuple(drawn) == PARTS
    assert figure.axes == list(drawn.values())
    figure.savefig(io.BytesIO(), format="svg")


def test_a_part_is_drawn_into_the_axes_that_are_given_in_the_colours_of_statuses(mixed):
    axes = Figure().subplots()

    assert mixed.plot.runtimes(axes) is axes
    colours = {to_hex(patch.get_facecolor()).upper() for patch in axes.patches}
    assert colours == {
        LOOKS[ComponentStatus.COMPLETED].colour, LOOKS[ComponentStatus.ERRORED].colour,
    }  # fmt: skip
    assert {text.get_text() for text in axes.get_legend().get_texts()} == {"COMPLETED", "ERRORED"}


def test_without_axes_a_part_is_drawn_in_a_new_figure_of_pyplot(mixed):
    from matplotlib import pyplot

    axes = mixed.plot.timeline()
    assert pyplot.gcf() is axes.figure
    assert [label.get_text() for label in axes.get_yticklabels()] == ["node0", "node1"]
    pyplot.close(axes.figure)


def test_a_map_of_which_there_is_nothing_to_show_says_so():
    HandMade("m", "UNMATERIALIZED")
    map_ = htmap.load("m")
    drawn = map_.plot(figure=Figure())

    said = [axes.texts[0].get_text() for axes in drawn.values()]
    assert said == [
        "nothing has run yet",
        "nothing has been submitted yet",
        "nothing has ended yet",
        "HTCondor has not looked yet",
    ]


@pytest.mark.parametrize("statuses", [["UNMATERIALIZED"], ["COMPLETED", "RUNNING", "HELD"]])
def test_altair_makes_charts_of_the_same(statuses):
    HandMade("m", *statuses)
    map_ = htmap.load("m")

    assert len(map_.plot(backend="altair").to_dict()["vconcat"]) == len(PARTS)
    chart = map_.plot.statuses(backend="altair").to_dict()
    assert chart["mark"]["type"] == "area"


def test_a_timeline_of_any_number_of_components_has_few_bars():
    made = HandMade("m", *["UNMATERIALIZED"] * 20_000, chunksize=1)
    with made.folder.events.open("a") as log:
        for job in range(20_000):
            events = SUBMITTED + STARTED % (1 + job % 10, 0) + TERMINATED
            log.write(events.format(cluster=made.cluster, job=job))
    bars = Numbers(htmap.load("m")).timeline()

    assert 10 <= len(bars.lane) <= 5_000
    assert np.all(bars.end > bars.start)


def test_a_part_or_backend_that_there_is_none_of_is_refused(mixed):
    with pytest.raises(InvalidArgument, match="'timeline', 'statuses', 'runtimes', 'memory'"):
        mixed.plot(["times"])
    with pytest.raises(InvalidArgument, match="some of"):
        mixed.plot([])
    with pytest.raises(InvalidArgument, match="'matplotlib' or 'altair'"):
        mixed.plot.memory(backend="gnuplot")

"""Tables, pictures and parameter scans of maps that ran in a real pool."""

import os
import time
from datetime import datetime, timedelta, timezone

import pytest
from live import nothing_is_left
from matplotlib.figure import Figure

import htmap
from htmap import MapOptions
from htmap.exceptions import EmptyMap, InvalidArgument


def inverse(x, scale=1.0, status=""):
    time.sleep(0.2)
    return scale / x


def process(a, b):
    return {"sum": a + b, "process": os.getppid()}


def test_a_table_tells_when_where_and_how_each_component_ran():
    before = datetime.now(timezone.utc)
    m = htmap.grid(inverse, x=[1, 0, 4], constants={"status": "mine"})
    m.wait(timeout=60, errors_ok=True)
    table = m.to_dataframe()

    assert list(table.x) == [1, 0, 4]
    assert list(table.input_status) == ["mine"] * 3
    assert list(table.result.fillna(-1)) == [1.0, -1, 0.25]
    assert list(table.status) == ["COMPLETED", "ERRORED", "COMPLETED"]
    assert table.error[1] == "ZeroDivisionError: float division by zero"
    assert table.host.nunique() == 1
    assert "@" not in table.host[0]
    assert (table.submitted <= table.started).all()
    assert (table.started <= table.ended).all()
    second = timedelta(seconds=1)  # the event log has no parts of one
    assert (table.submitted >= before - second).all()
    assert (table.ended <= datetime.now(timezone.utc)).all()
    assert (table.runtime.between(0.2, 10)).all()
    assert (table.cpu < table.runtime).all()
    assert list(table.attempts) == [1, 1, 1]

    m.rerun([1])
    m.wait(timeout=60, errors_ok=True)
    again = m.to_dataframe(inputs=False, results=False)
    assert list(again.attempts) == [1, 2, 1]
    assert again.submitted[1] >= table.ended[1]
    assert list(again.ended[[0, 2]]) == list(table.ended[[0, 2]])

    drawn = m.plot(figure=Figure())
    assert {text.get_text() for text in drawn["runtimes"].get_legend().get_texts()} == {
        "COMPLETED",
        "ERRORED",
    }
    assert [label.get_text() for label in drawn["timeline"].get_yticklabels()] == [table.host[0]]


def test_components_that_share_a_job_have_its_times_and_results_by_key():
    m = htmap.zipped(process, a=range(4), b=range(10, 14), chunksize=2)
    m.wait(timeout=60)
    table = m.to_dataframe(expand=True)

    assert list(table["sum"]) == [10, 12, 14, 16]
    assert table.process.nunique() == 2
    assert (table.groupby("process")[["started", "ended"]].nunique() == 1).all(axis=None)
    assert (table.runtime < 1).all()
    assert m.plot.timeline(Figure().subplots()).get_legend() is not None


def test_a_component_that_is_held_says_why_in_the_table():
    m = htmap.sampled(process, 2, seed=1, a=(0, 9), b=[1], map_options=MapOptions(hold="True"))
    table = m.to_dataframe()

    assert list(table.status) == ["HELD", "HELD"]
    assert table.error.str.contains("hold", case=False).all()
    assert table.ended.isna().all()
    assert list(table.attempts) == [0, 0]


def test_a_scan_that_is_refused_or_empty_leaves_nothing_behind():
    with pytest.raises(EmptyMap, match="of the 6 combinations of a, b, `where` takes none"):
        htmap.grid(process, a=range(3), b=range(2), where=lambda a, b: a > 7, tag="empty")
    with pytest.raises(InvalidArgument, match="'a' has 2, 'b' has more") as raised:
        htmap.zipped(process, a=iter("xy"), b=[1, 2, 3], tag="uneven")
    assert raised.value.tag == "uneven"
    nothing_is_left()

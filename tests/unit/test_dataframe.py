"""Tables of components, of maps that lie on disk as a pool leaves them."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hand_made import HandMade

import htmap
from htmap.exceptions import MapWasRemoved, MissingPackage
from htmap.execute import packs
from htmap.store.inputs import write_function


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


def write_results(made, *results):
    for component, result in enumerate(results):
        with packs.PackWriter(made.run.output(component), packs.versions()) as pack:
            pack.add(component, packs.RESULT, pickle.dumps(result))
            pack.finish()


def write_inputs(made, *arguments):
    # One pack has those of jobs whose inputs are small.
    with packs.PackWriter(made.run.input(0), packs.versions()) as pack:
        for component, each in enumerate(arguments):
            pack.add(component, packs.INPUT, pickle.dumps(each))
        pack.finish()


def table_of(*results, **options):
    made = HandMade("m", *["COMPLETED"] * len(results))
    write_results(made, *results)
    return htmap.load("m").to_dataframe(**options)


def columns_of(function, *arguments):
    made = HandMade("m", *["IDLE"] * len(arguments))
    write_inputs(made, *arguments)
    if function is not None:
        write_function(made.folder.function, function)
    table = htmap.load("m").to_dataframe()
    return table[[name for name in table.columns if name not in RECORD]]


RECORD = ["result", "status", "error", "host", "submitted", "started", "ended", "runtime", "cpu",
          "memory", "attempts"]  # fmt: skip


def test_a_row_is_a_component_and_what_is_not_there_is_missing():
    HandMade("m", "COMPLETED", "ERRORED", "HELD", "REMOVED", "RUNNING", "UNMATERIALIZED")
    table = htmap.load("m").to_dataframe()

    assert table.index.name == "component"
    assert list(table.index) == list(range(6))
    assert list(table.columns) == ["arg0", *RECORD]
    assert list(table.status) == [
        "COMPLETED", "ERRORED", "HELD", "REMOVED", "RUNNING", "UNMATERIALIZED",
    ]  # fmt: skip
    assert list(table.result.isna()) == [False, *[True] * 5]
    assert list(table.error) == [
        None, "ValueError: bad 1", "[13] no such file",
        "The job was removed from the queue before it finished: via condor_rm", None, None,
    ]  # fmt: skip
    assert list(table.ended.isna()) == [False, False, True, False, True, True]
    assert list(table.attempts) == [1, 1, 0, 0, 1, 0]


def test_columns_are_numbers_and_times_in_utc_where_they_can_be():
    HandMade("m", "COMPLETED", "RUNNING", "UNMATERIALIZED")
    table = htmap.load("m").to_dataframe()

    assert table.dtypes[["arg0", "result", "runtime", "memory", "attempts"]].to_list() == [
        "int64", "float64", "float64", "float64", "int64",
    ]  # fmt: skip
    assert {str(table[name].dt.tz) for name in ("submitted", "started", "ended")} == {"UTC"}
    assert (table.ended - table.started).dt.total_seconds()[0] == 2


def test_inputs_and_results_are_left_alone_where_nobody_asks_for_them():
    made = HandMade("m", "COMPLETED")
    made.run.input(0).unlink()
    made.run.output(0).write_bytes(b"no pack")
    table = htmap.load("m").to_dataframe(inputs=False, results=False)

    assert list(table.columns) == RECORD[1:]


# ---- inputs ---------------------------------------------------------------------------------


def test_inputs_have_the_names_of_the_parameters_given_by_position_or_name():
    def function(a, b=2, *rest, c=3, **more):
        pass

    table = columns_of(function, ((1,), {}), ((1, 5), {"c": 7}), ((1, 2, 8, 9), {"d": 4}))

    assert list(table.columns) == ["a", "b", "c", "rest0", "rest1", "d"]
    assert list(table.a) == [1, 1, 1]
    assert list(table.b.fillna(-1)) == [-1, 5, 2]
    assert list(table.rest1.fillna(-1)) == [-1, -1, 9]


def test_inputs_of_a_function_that_cannot_be_loaded_are_numbered():
    table = columns_of(None, ((1, "a"), {"c": 2}))
    assert list(table.columns) == ["arg0", "arg1", "c"]


def test_an_input_named_as_a_column_of_the_record_gets_a_prefix():
    table = columns_of(None, ((), {"status": 1, "input_status": 2, "component": 3, "x": 4}))
    assert list(table.columns) == ["input_input_status", "input_status", "input_component", "x"]
    assert list(table.loc[0]) == [1, 2, 3, 4]


def test_an_input_that_cannot_be_read_costs_no_more_than_itself():
    made = HandMade("m", "COMPLETED", "COMPLETED")
    with packs.PackWriter(made.run.input(0), packs.versions()) as pack:
        pack.add(0, packs.INPUT, b"no pickle")
        pack.add(1, packs.INPUT, pickle.dumps(((5,), {})))
        pack.finish()
    table = htmap.load("m").to_dataframe()

    assert list(table.arg0.fillna(-1)) == [-1, 5]
    assert list(table.result) == [0, 10]
    assert "input of component 0" in table.error[0]
    assert table.error[1] is None


# ---- results --------------------------------------------------------------------------------


def test_a_result_that_cannot_be_read_costs_no_more_than_itself():
    made = HandMade("m", "COMPLETED", "COMPLETED")
    map_ = htmap.load("m")
    assert map_.is_done
    made.run.output(0).write_bytes(b"no pack")
    table = map_.to_dataframe()

    assert list(table.result.fillna(-1)) == [-1, 10]
    assert "cannot be read" in table.error[0]
    assert list(table.status) == ["COMPLETED", "COMPLETED"]


def test_arrays_and_other_objects_stay_what_they_are():
    arrays = [np.arange(3), np.arange(3)]
    table = table_of(*arrays, [1, 2, 3], {"a": 1})

    assert table.result[1].tolist() == [0, 1, 2]
    assert table.result[2] == [1, 2, 3]
    assert table.result[3] == {"a": 1}


def test_texts_that_are_more_than_that_stay_so():
    status = htmap.ComponentStatus.RUNNING
    assert table_of(status, "a").result[0] is status


def test_whole_numbers_too_large_for_a_float_stay_exact_where_one_is_missing():
    assert table_of(2**60 + 1, None).result[0] == 2**60 + 1


def test_results_that_are_dicts_become_columns_if_that_is_wanted():
    table = table_of({"mean": 1.5, "arg0": "x"}, {"mean": 2.5, "status": "ok"}, 7, expand=True)

    assert list(table["mean"].fillna(-1)) == [1.5, 2.5, -1]
    assert table.result_arg0[0] == "x"
    assert table.result_status[1] == "ok"
    assert table.result[2] == 7
    assert list(table.columns[:5]) == ["arg0", "result", "mean", "result_arg0", "result_status"]


def test_there_is_no_column_of_results_where_all_are_expanded():
    assert "result" not in table_of({"a": 1}, {"a": 2}, expand=True)


def test_equal_results_can_be_told_from_their_inputs_by_group():
    table = table_of(1, 2, 4)
    assert table.groupby("arg0").result.mean().to_list() == [1, 2, 4]
    assert isinstance(table, pd.DataFrame)


def test_a_table_of_a_map_that_was_removed_says_so():
    made = HandMade("m", "COMPLETED")
    map_ = htmap.load("m")
    made.folder.remove()

    with pytest.raises(MapWasRemoved):
        map_.to_dataframe()


def test_without_pandas_or_matplotlib_the_error_says_what_to_install(tmp_path):
    HandMade("m", "COMPLETED")
    code = """
import sys
sys.modules["pandas"] = sys.modules["matplotlib"] = None
import htmap
for ask in (htmap.load("m").to_dataframe, htmap.load("m").plot):
    try:
        ask()
    except ImportError as error:
        assert isinstance(error, htmap.exceptions.HTMapException)
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert done.stdout.count("pip install 'htmap[plots]'") == 2, done.stderr
    assert issubclass(MissingPackage, ImportError)

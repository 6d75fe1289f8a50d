"""What is told of maps as a whole: tables, JSON and CSV."""

import csv
import io
import json

import pytest
from hand_made import HandMade

import htmap
from htmap import ComponentStatus, management
from htmap.display.tables import Meta, Row, human_bytes, status_table

MEASURED = (
    "006 ({cluster}.{job}.000) 2026-01-01 00:00:02 Image size of job updated: 97320\n"
    "\t41  -  MemoryUsage of job (MB)\n...\n"
)
ENDED = (
    "005 ({cluster}.{job}.000) 2026-01-01 00:00:03 Job terminated.\n"
    "\t(1) Normal termination (return value 0)\n"
    "\t\tUsr 0 01:00:00, Sys 0 00:00:01  -  Run Remote Usage\n...\n"
)
COUNTED = ["held", "errored", "idle", "running", "completed", "unmaterialized", "suspended",
           "removed", "lost"]  # fmt: skip
META = ["local_disk_usage", "max_memory_usage", "max_runtime", "total_runtime"]


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


@pytest.fixture
def used():
    made = HandMade("used", "RUNNING", "RUNNING", "IDLE")
    for component in (0, 1):
        made.log(MEASURED, component)
        made.write_output(component, "COMPLETED")
        made.log(ENDED, component)
    return htmap.load("used")


def test_a_map_tells_what_its_components_used(used):
    assert used.memory_usage == [41, 41, 0]
    assert [time.total_seconds() for time in used.runtime] == [3601, 3601, 0]


def test_the_table_has_the_columns_of_old():
    counts = {ComponentStatus.COMPLETED: 10}
    rows = [
        Row("breezy", True, {ComponentStatus.IDLE: 5}, Meta(20275, 0, 0, 0)),
        Row("a-new-tag", False, counts, Meta(65433, 42991616, 61.6, 90061)),
    ]
    assert status_table(rows) == (
        "Tag        HELD  ERRORED  IDLE  RUNNING  COMPLETED  Local Data  Max Memory  Max Runtime  "
        "Total Runtime\n"
        "a-new-tag   0       0      0       0         10      63.9 KB     41.0 MB      0:01:02    "
        "1 day, 1:01:01\n"
        "* breezy    0       0      5       0         0       19.8 KB      0.0 B       0:00:00    "
        "   0:00:00"
    )


def test_status_is_of_all_maps_or_of_those_that_are_given(used):
    HandMade("other", "IDLE", transient=True)

    header, *rows = htmap.status().splitlines()
    assert header.endswith("COMPLETED  Local Data  Max Memory  Max Runtime  Total Runtime")
    assert [row.split()[:2] for row in rows] == [["used", "0"], ["*", "other"]]
    assert rows[0].endswith("41.0 MB      1:00:01       2:00:02")
    # A generator is gone through once: it made an empty table.
    assert len(htmap.status(m for m in [used]).splitlines()) == 2
    assert htmap.status([used], include_meta=False).split() == (
        ["Tag", "HELD", "ERRORED", "IDLE", "RUNNING", "COMPLETED", "used", "0", "0", "1", "0", "2"]
    )
    assert htmap.status([used], include_state=False, include_meta=False) == "Tag\nused"
    assert htmap.status([]) == "Tag  HELD  ERRORED  IDLE  RUNNING  COMPLETED"


def test_json_tells_all_of_it_by_the_names_of_old(used):
    """B15: it raised FileNotFoundError unless told to leave out what was used."""
    counts = dict.fromkeys(COUNTED, 0) | {"completed": 2, "idle": 1}
    told = {
        "tag": "used",
        "component_status_counts": counts,
        "local_disk_usage": used.local_data,
        "max_memory_usage": 41 * 1024 * 1024,
        "max_runtime": 3601,
        "total_runtime": 7202,
    }

    assert json.loads(htmap.status_json()) == {"used": told}
    assert json.loads(htmap.status_json(m for m in [used])) == {"used": told}
    assert list(json.loads(htmap.status_json(include_state=False))["used"]) == ["tag", *META]
    assert list(json.loads(htmap.status_json(include_meta=False))["used"]) == [
        "tag",
        "component_status_counts",
    ]
    compact = htmap.status_json([used], compact=True)
    assert "\n" not in compact + htmap.status_json([], compact=True)
    assert " " not in compact
    assert json.loads(compact) == {"used": told}
    assert htmap.status_json([]) == "{}"


def test_csv_tells_the_same_in_one_line_a_map(used):
    """B15: likewise."""
    HandMade("other", "IDLE")

    rows = list(csv.DictReader(io.StringIO(htmap.status_csv())))

    assert list(rows[0]) == ["tag", *COUNTED, *META]
    assert [row["tag"] for row in rows] == ["other", "used"]
    assert {name: rows[1][name] for name in ("idle", "completed", "held")} == {
        "idle": "1",
        "completed": "2",
        "held": "0",
    }
    assert int(rows[1]["local_disk_usage"]) == used.local_data
    assert float(rows[1]["total_runtime"]) == 7202
    assert htmap.status_csv([used], include_meta=False).startswith(f"tag,{','.join(COUNTED)}\nused")
    assert htmap.status_csv([used], False).startswith(f"tag,{','.join(META)}\nused,")
    assert htmap.status_csv([]) == htmap.status_csv(iter([])) == ""


def test_maps_that_are_removed_meanwhile_are_left_out(used):
    HandMade("gone", "IDLE")
    gone = htmap.load("gone")
    gone._folder.remove()

    rows = management.summaries([gone, used], include_meta=True)

    assert [row.tag for row in rows] == ["used"]


def test_local_data_is_what_the_files_take_and_is_counted_anew_when_there_is_news(monkeypatch):
    made = HandMade("grows", "RUNNING", "RUNNING")
    m = htmap.load("grows")

    def size():
        return sum(f.stat().st_size for f in made.folder.path.rglob("*") if not f.is_dir())

    before = m.local_data
    assert before == size() > 100
    with monkeypatch.context() as patched:
        patched.setattr(m._folder, "size", lambda: pytest.fail("it was counted again"))
        assert m.local_data == before
    made.complete(0)
    assert m.local_data == size() > before


def test_a_file_that_vanishes_while_it_is_counted_spoils_nothing(monkeypatch):
    """B28: one such file made its whole folder count as nothing, or raised."""
    import os

    made = HandMade("vanishing", "COMPLETED", "COMPLETED", "COMPLETED")
    folder, m = made.run.folder, htmap.load("vanishing")
    scandir = os.scandir

    def vanish(path):
        if str(path) == str(folder / "stderr"):
            raise FileNotFoundError(path)
        if str(path) != str(folder / "stdout"):
            return scandir(path)
        with scandir(path) as entries:
            found = Listing(entries)
        (folder / "stdout" / "1").unlink()
        return found

    class Listing(list):
        def __enter__(self):
            return self

        def __exit__(self, *exc_info):
            pass

    m.status()  # which saves the state of a map that has ended
    whole = m._folder.size()
    lost = (folder / "stdout" / "1").stat().st_size
    lost += sum(file.stat().st_size for file in (folder / "stderr").iterdir())
    monkeypatch.setattr(os, "scandir", vanish)
    assert m.local_data == whole - lost


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0.0 B"),
        (1023, "1023.0 B"),
        (1024, "1.0 KB"),
        (1024**2 - 1, "1.0 MB"),
        (41 * 1024**2, "41.0 MB"),
        (3 * 1024**4, "3.0 TB"),
        (5 * 1024**6, "5120.0 PB"),
    ],
)
def test_bytes_are_shown_in_a_unit_that_suits_them(number, text):
    assert human_bytes(number) == text

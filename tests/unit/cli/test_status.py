"""htmap tags and htmap status, on maps that lie on disk as a pool leaves them."""

import csv
import io
import json
import signal
import subprocess
import sys
import time

import pytest
from command import Terminal, run
from hand_made import HandMade


def test_tags_prints_one_tag_a_line():
    HandMade("b", "IDLE")
    HandMade("a", "IDLE")
    assert run("tags").output == "a\nb\n"


def test_tags_takes_several_patterns():
    for tag in ("run-1", "run-2", "other", "left"):
        HandMade(tag, "IDLE")
    assert run("tags", "-p", "run-*", "--pattern", "o*").output == "other\nrun-1\nrun-2\n"


def test_tags_of_no_maps_prints_nothing():
    result = run("tags")
    assert (result.output, result.exit_code) == ("", 0)


def test_tags_imports_neither_the_bindings_nor_rich(htmap_dir):
    HandMade("a", "IDLE")
    code = (
        "import sys; from htmap.cli import cli; cli(['tags'], standalone_mode=False);"
        "print([m for m in ('htcondor2', 'classad2', 'rich', 'tqdm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "a\n[]\n", done.stderr


def test_status_counts_components_of_all_maps():
    HandMade("a", "COMPLETED", "COMPLETED", "ERRORED")
    HandMade("b", "IDLE", transient=True)
    assert run("status", "--no-meta", "--no-color").output == (
        "Tag  HELD  ERRORED  IDLE  RUNNING  COMPLETED\n"
        "a     0       1      0       0         2\n"
        "* b   0       0      1       0         0\n"
    )


def test_status_shows_the_maps_that_are_asked_for():
    for tag in ("a1", "a2", "b"):
        HandMade(tag, "IDLE")
    rows = run("status", "b", "-p", "*2").output.splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["a2", "b"]


def test_status_leaves_standard_input_alone():
    HandMade("a", "IDLE")
    assert "a" in run("status", given="no-such-map").output


def test_statuses_that_are_rare_get_a_column_so_that_counts_add_up():
    HandMade("a", "UNMATERIALIZED", "REMOVED", "COMPLETED")
    header, row = run("status", "--no-meta").output.splitlines()
    counts = dict(zip(header.split()[1:], map(int, row.split()[1:]), strict=True))
    assert counts["UNMATERIALIZED"] == counts["REMOVED"] == counts["COMPLETED"] == 1
    assert sum(counts.values()) == 3


COLOURS = {"magenta": 35, "red": 31, "green": 32, "cyan": 36, "yellow": 33, "white": 37}


@pytest.mark.parametrize(
    ("statuses", "colour"),
    [
        ("REMOVED HELD", "magenta"),
        ("HELD RUNNING", "red"),
        ("ERRORED COMPLETED", "red"),
        ("COMPLETED COMPLETED", "green"),
        ("COMPLETED RUNNING IDLE", "cyan"),
        ("COMPLETED IDLE", "yellow"),
        ("COMPLETED UNMATERIALIZED", "white"),
    ],
)
def test_a_row_has_the_colour_of_what_most_needs_a_look(statuses, colour):
    HandMade("a", *statuses.split())
    header, row = run("status", "--color").output.splitlines()
    assert header.startswith("\x1b[1mTag")
    assert row.startswith(f"\x1b[{COLOURS[colour]}ma ")


def test_colours_are_for_terminals():
    HandMade("a", "COMPLETED")
    assert "\x1b" not in run("status").output
    with Terminal("status") as terminal:
        assert terminal.exit_status() == 0
    assert "\x1b[32ma " in terminal.shown


@pytest.mark.parametrize("how", ["option", "NO_COLOR"])
def test_colours_can_be_turned_off_at_a_terminal(how, monkeypatch):
    HandMade("a", "COMPLETED")
    if how == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    with Terminal("status", *(["--no-color"] if how == "option" else [])) as terminal:
        assert terminal.exit_status() == 0
    assert "\x1b[3" not in terminal.shown
    assert "COMPLETED" in terminal.shown


def test_json_has_an_object_for_each_map():
    HandMade("a", "COMPLETED", "HELD", "REMOVED")
    assert json.loads(run("status", "--no-meta", "--format", "json").output) == {
        "a": {
            "tag": "a",
            "component_status_counts": {
                "held": 1,
                "errored": 0,
                "idle": 0,
                "running": 0,
                "completed": 1,
                "unmaterialized": 0,
                "suspended": 0,
                "removed": 1,
                "lost": 0,
            },
        }
    }


@pytest.mark.parametrize("form", ["json", "json_compact"])
def test_json_of_odd_tags_and_of_no_state_is_valid(form):
    tag = "caf\u00e9-{}&%=\U0001f4da"
    HandMade(tag, "COMPLETED")
    output = run("status", "--format", form, "--no-state", "--no-meta").output
    assert json.loads(output) == {tag: {"tag": tag}}


def test_compact_json_is_one_line_without_spaces():
    HandMade("a", "COMPLETED")
    output = run("status", "--format", "json_compact").output
    assert output.count("\n") == 1
    assert " " not in output


@pytest.mark.parametrize(
    ("form", "output"),
    [
        ("json", "{}\n"),
        ("json_compact", "{}\n"),
        ("csv", "tag,held,errored,idle,running,completed,unmaterialized,suspended,removed,lost\n"),
        ("text", "Tag  HELD  ERRORED  IDLE  RUNNING  COMPLETED\n"),
    ],
)
def test_no_maps_are_valid_data_too(form, output):
    result = run("status", "--format", form)
    assert (result.stdout, result.exit_code) == (output, 0)
    assert result.stderr == "WARNING: no tags were found\n"


def test_csv_has_a_header_and_a_line_for_each_map():
    HandMade("a,b", "COMPLETED", "IDLE")
    HandMade("c", "ERRORED")
    rows = list(csv.DictReader(io.StringIO(run("status", "--format", "csv").output)))
    assert [row["tag"] for row in rows] == ["a,b", "c"]
    assert rows[0]["completed"] == rows[0]["idle"] == rows[1]["errored"] == "1"
    assert rows[0]["held"] == "0"


def test_no_state_leaves_the_tags():
    HandMade("a", "COMPLETED")
    assert run("status", "--no-state", "--no-meta").output == "Tag\na\n"
    assert run("status", "--no-state", "--no-meta", "--format", "csv").output == "tag\na\n"


META = ("local_disk_usage", "max_memory_usage", "max_runtime", "total_runtime")


def test_what_maps_take_and_used_is_told_unless_it_is_not_wanted():
    """With these, json and csv never worked (B15)."""
    made = HandMade("a", "COMPLETED", "RUNNING")
    size = made.folder.size()
    header, row = run("status").output.splitlines()
    assert header.endswith("Local Data  Max Memory  Max Runtime  Total Runtime")
    assert row.endswith("0:00:00")
    found = json.loads(run("status", "--format", "json").output)["a"]
    assert size <= found["local_disk_usage"] < size + 10_000  # the state may be saved meanwhile
    assert set(META) < set(found)
    (record,) = csv.DictReader(io.StringIO(run("status", "--format", "csv").output))
    assert int(record["local_disk_usage"]) >= size
    assert set(META) < set(record)
    for form in ("json", "json_compact", "csv"):
        assert "runtime" not in run("status", "--no-meta", "--format", form).output


@pytest.mark.parametrize("form", ["json", "json_compact", "csv"])
def test_live_does_not_go_with_data_formats(form):
    HandMade("a", "COMPLETED")
    result = run("status", "--live", "--format", form)
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: --live shows a table")


def test_live_needs_a_terminal():
    HandMade("a", "COMPLETED")
    result = run("status", "--live")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: --live draws on a terminal")


def test_live_shows_changes_new_maps_and_removed_ones_until_ctrl_c():
    made = HandMade("first", "RUNNING")
    with Terminal("status", "--live") as terminal:
        terminal.wait_for("first")
        made.complete(0)
        terminal.wait_for("\x1b[32mfirst")
        HandMade("second", "IDLE")
        terminal.wait_for("second")
        shown = len(terminal.shown)
        assert run("remove", "first", "--force").exit_code == 0
        deadline = time.monotonic() + 30
        while "first" in terminal.shown[shown:].rpartition("Tag")[2] or (
            "second" not in terminal.shown[shown:].rpartition("Tag")[2]
        ):
            assert time.monotonic() < deadline, terminal.shown[shown:]
            time.sleep(0.01)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.exit_status() == 130
    assert "Traceback" not in terminal.shown

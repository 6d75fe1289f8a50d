"""The htmap command on maps that lie on disk as a pool leaves them; no pool is needed."""

import csv
import dataclasses
import io
import json
import logging
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hand_made import HandMade

import htmap
from htmap.cli import cli
from htmap.exceptions import CorruptPack, NoScheduler
from htmap.maps import Map
from htmap.store import claims
from htmap.store.folder import MapFolder
from htmap.store.journal import Intent, Maker

COMMAND = [sys.executable, "-m", "htmap"]


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path / "htmap"


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(cli, arguments, input=given)


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self.shown = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                self.shown += os.read(self._master, 4096).decode(errors="replace")
            except OSError:  # nobody is left at the other end
                return

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 30
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            time.sleep(0.01)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def exit_status(self) -> int:
        status = self.process.wait(timeout=30)
        self._reader.join(timeout=30)
        return status

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


# ---- tags ---------------------------------------------------------------------------------------


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


# ---- which maps ---------------------------------------------------------------------------------

SELECTING = ("status", "wait", "errors", "remove")


@pytest.mark.parametrize("command", SELECTING)
def test_an_unknown_tag_is_an_error(command):
    HandMade("books", "COMPLETED")
    result = run(command, "boks")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: could not find a map with tag boks in ")
    assert "Did you mean books?" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["stdout", "stderr"])
def test_an_unknown_tag_of_a_component_is_an_error(command):
    result = run(command, "books", "0")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: could not find a map with tag books in ")


@pytest.mark.parametrize("command", ["wait", "errors", "remove"])
@pytest.mark.parametrize("arguments", [["-p", "nothing-*"], ["--all"], []])
def test_nothing_selected_is_a_warning(command, arguments):
    result = run(command, *arguments)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "WARNING: no tags were found\n"


@pytest.mark.parametrize(
    ("arguments", "given", "expected"),
    [
        (["run-1"], "", "run-1"),
        (["other", "run-1"], "", "other run-1"),
        (["-p", "run-*"], "", "run-1 run-2"),
        (["-p", "RUN-*"], "", ""),
        (["-p", "run-1", "-p", "o*"], "", "other run-1"),
        (["run-2", "-p", "run-*"], "", "run-2 run-1"),
        (["--all"], "", "other run-1 run-2"),
        ([], "other\nrun-2\n", "other run-2"),
        ([], "run-1 run-1\n\n", "run-1"),
        (["run-1"], "other\n", "run-1"),
        (["-p", "run-1"], "other\n", "run-1"),
        (["run-1", "-"], "other\n", "run-1 other"),
    ],
)
def test_maps_are_chosen_by_tags_patterns_all_and_standard_input(arguments, given, expected):
    for tag in ("run-1", "run-2", "other"):
        HandMade(tag, "ERRORED")
    result = run("errors", *arguments, given=given)
    assert result.exit_code == 0, result.output
    starts = [line for line in result.stdout.splitlines() if "Start error report" in line]
    assert [line.strip("= ").split()[-1] for line in starts] == expected.split()


def test_an_unknown_tag_beside_known_ones_stops_before_anything_is_done():
    HandMade("keep", "COMPLETED")
    assert run("remove", "keep", "kep").exit_code == 1
    assert claims.list_tags() == ("keep",)


def test_a_tag_typed_with_a_combining_accent_is_found():
    HandMade("caf\u00e9", "COMPLETED")
    assert run("wait", "cafe\u0301").exit_code == 0


def test_patterns_work_at_a_terminal():
    HandMade("run-1", "COMPLETED")
    with Terminal("status", "-p", "run-*") as terminal:
        assert terminal.exit_status() == 0
    assert "run-1" in terminal.shown


def test_no_tags_at_a_terminal_do_not_wait_for_standard_input():
    HandMade("run-1", "RUNNING")
    with Terminal("wait") as terminal:
        assert terminal.exit_status() == 0
    assert "no tags were found" in terminal.shown


def test_a_pipe_that_stays_silent_is_told_about():
    HandMade("run-1", "COMPLETED")
    process = subprocess.Popen(
        [*COMMAND, "wait"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr.readline() == "Reading tags from standard input ...\n"
    assert process.communicate("run-1\n", timeout=30) == (None, "")
    assert process.returncode == 0


def test_a_closed_standard_input_is_no_tags():
    shell = subprocess.run(
        ["sh", "-c", '"$0" -m htmap wait <&-', sys.executable], capture_output=True, text=True
    )
    assert (shell.returncode, shell.stderr) == (0, "WARNING: no tags were found\n")


def test_a_damaged_map_does_not_hide_the_others():
    HandMade("fine", "COMPLETED")
    (HandMade("broken", "COMPLETED").folder.path / "map.json").write_text("{")
    result = run("status")
    assert result.exit_code == 1
    assert "fine" in result.stdout
    assert result.stderr.startswith("ERROR: map broken: ")
    assert "map.json is damaged" in result.stderr


# ---- status -------------------------------------------------------------------------------------


def test_status_counts_components_of_all_maps():
    HandMade("a", "COMPLETED", "COMPLETED", "ERRORED")
    HandMade("b", "IDLE", transient=True)
    assert run("status", "--no-color").output == (
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
    header, row = run("status").output.splitlines()
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
    assert json.loads(run("status", "--format", "json").output) == {
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
    assert json.loads(run("status", "--format", form, "--no-state").output) == {tag: {"tag": tag}}


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
    assert run("status", "--no-state").output == "Tag\na\n"
    assert run("status", "--no-state", "--format", "csv").output == "tag\na\n"


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


# ---- wait ---------------------------------------------------------------------------------------


def test_wait_ends_well_when_all_are_completed():
    HandMade("a", "COMPLETED", "COMPLETED")
    HandMade("b", "COMPLETED")
    result = run("wait", "--all")
    assert (result.output, result.exit_code) == ("", 0)


@pytest.mark.parametrize("status", ["ERRORED", "REMOVED", "HELD"])
def test_wait_ends_with_1_when_a_component_cannot_go_on(status):
    HandMade("good", "COMPLETED")
    HandMade("bad", "COMPLETED", status)
    result = run("wait", "--all")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"ERROR: map bad: of 2 components 1 {status}.")
    assert ("no such file" in result.stderr) is (status == "HELD")


def test_wait_says_what_it_waits_for_and_ends_with_the_last_component():
    first, second = HandMade("first", "RUNNING", "COMPLETED"), HandMade("second", "IDLE")
    process = subprocess.Popen([*COMMAND, "wait", "--all"], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "Waiting for map first: 1 RUNNING, 1 COMPLETED\n"
    assert process.stderr.readline() == "Waiting for map second: 1 IDLE\n"
    second.complete(0)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    first.complete(0)
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


def test_wait_goes_on_past_a_failure_until_the_others_have_ended():
    made = HandMade("a", "ERRORED", "RUNNING")
    process = subprocess.Popen([*COMMAND, "wait", "a"], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "Waiting for map a: 1 RUNNING, 1 ERRORED\n"
    made.complete(1)
    assert process.wait(timeout=30) == 1
    assert "of 2 components 1 ERRORED." in process.stderr.read()
    process.stderr.close()


def test_wait_for_too_long_is_an_error():
    HandMade("a", "IDLE", "COMPLETED")
    result = run("wait", "a", "--timeout", "0.1")
    assert result.exit_code == 1
    assert "ERROR: after 0.1 s there are components that go on (map a: 1 IDLE" in result.stderr


def test_wait_ends_when_the_map_is_removed_by_another_process():
    made = HandMade("a", "RUNNING")
    process = subprocess.Popen([*COMMAND, "wait", "a"], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "Waiting for map a: 1 RUNNING\n"
    claims.release("a", made.folder.map_id)
    made.folder.remove()
    assert process.wait(timeout=30) == 1
    assert process.stderr.read() == "ERROR: map a was removed\n"
    process.stderr.close()


def test_wait_draws_a_bar_for_each_map_at_a_terminal():
    made = HandMade("a", "COMPLETED", "RUNNING")
    HandMade("b", "COMPLETED")
    with Terminal("wait", "--all") as terminal:
        terminal.wait_for("1/2")
        terminal.wait_for("1/1")
        made.complete(1)
        terminal.wait_for("2/2")
        assert terminal.exit_status() == 0
    assert f"\x1b[32m{'█' * 20}\x1b[0m\x1b[36m{'█' * 20}" in terminal.shown


def test_ctrl_c_is_quiet_and_130():
    HandMade("a", "RUNNING")
    process = subprocess.Popen([*COMMAND, "wait", "a"], stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "Waiting for map a: 1 RUNNING\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert process.stderr.read() == ""
    process.stderr.close()


# ---- errors, stdout, stderr ---------------------------------------------------------------------


def test_errors_prints_the_report_of_each_failure():
    HandMade("a", "ERRORED", "COMPLETED", "ERRORED")
    result = run("errors", "a")
    assert result.exit_code == 0
    assert "ValueError: bad 0" in result.stdout
    assert "ValueError: bad 2" in result.stdout
    assert result.stdout.count("Start error report") == 2


@pytest.mark.parametrize(("limit", "reports"), [("0", 4), ("1", 1), ("3", 3), ("9", 4)])
def test_errors_prints_at_most_as_many_reports_as_asked_for(limit, reports):
    HandMade("a", "ERRORED", "ERRORED")
    HandMade("b", "ERRORED", "ERRORED")
    result = run("errors", "--all", "--limit", limit)
    assert result.stdout.count("Start error report") == reports


@pytest.mark.parametrize(
    ("command", "text"), [("stdout", "hello from 1\n"), ("stderr", "warned by 1")]
)
def test_the_streams_of_a_component_are_printed_as_they_are(command, text):
    HandMade("a", "COMPLETED", "COMPLETED")
    result = run(command, "a", "1")
    assert (result.stdout, result.stderr, result.exit_code) == (text, "", 0)


@pytest.mark.parametrize("command", ["stdout", "stderr"])
@pytest.mark.parametrize(("timeout", "why"), [("0", "has no output yet"), ("0.1", "did not come")])
def test_a_stream_that_does_not_come_in_time_is_an_error(command, timeout, why):
    HandMade("a", "RUNNING")
    result = run(command, "a", "0", "--timeout", timeout)
    assert result.exit_code == 1
    assert why in result.stderr
    assert "ERROR: " in result.stderr


def test_stdout_of_a_running_component_is_waited_for():
    made = HandMade("a", "RUNNING")
    process = subprocess.Popen(
        [*COMMAND, "stdout", "a", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr.readline() == "Waiting for component 0 to end ...\n"
    made.complete(0)
    assert process.communicate(timeout=30) == ("hello from 0\n", "")


@pytest.mark.parametrize("command", ["stdout", "stderr"])
def test_a_stream_of_a_held_component_is_told_to_be_unfinished(command):
    HandMade("a", "COMPLETED", "HELD")
    result = run(command, "a", "1")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr == "ERROR: component 1 is held, and has not ended: no such file\n"


def test_a_component_that_is_not_there_is_an_error():
    HandMade("a", "COMPLETED")
    result = run("stdout", "a", "7")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: the map 'a' has no component 7")


# ---- remove and clean ---------------------------------------------------------------------------


@pytest.fixture
def no_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no schedd here; say that it has removed the jobs."""
    monkeypatch.setattr("htmap.pool.queue.act", lambda *_: 0)


@pytest.fixture
def no_schedd(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise NoScheduler("no HTCondor schedd answered")

    monkeypatch.setattr("htmap.pool.queue.act", refuse)


@pytest.mark.usefixtures("no_jobs")
def test_remove_removes_the_chosen_maps():
    for tag in ("run-1", "run-2", "keep"):
        HandMade(tag, "COMPLETED")
    result = run("remove", "-p", "run-*")
    assert (result.output, result.exit_code) == ("Removed map run-1\nRemoved map run-2\n", 0)
    assert claims.list_tags() == ("keep",)


@pytest.mark.usefixtures("no_schedd")
def test_remove_without_a_schedd_removes_nothing_unless_forced():
    HandMade("a", "COMPLETED")
    result = run("remove", "a")
    assert result.exit_code == 1
    assert result.stderr == "ERROR: no HTCondor schedd answered\n"
    assert claims.list_tags() == ("a",)
    result = run("remove", "a", "--force")
    assert (result.output, result.exit_code) == ("Removed map a\n", 0)
    assert claims.list_tags() == ()


@pytest.mark.usefixtures("no_schedd")
def test_a_damaged_map_can_be_removed_by_force():
    made = HandMade("broken", "COMPLETED")
    (made.folder.path / "map.json").write_text("{")
    result = run("remove", "broken")
    assert result.exit_code == 1
    assert "`htmap remove --force broken` removes it" in result.stderr
    result = run("remove", "broken", "--force")
    assert (result.output, result.exit_code) == ("Removed map broken\n", 0)
    assert claims.list_tags() == ()
    assert not made.folder.path.exists()


@pytest.mark.parametrize(
    "arguments", [["remove", "--all"], ["remove", "-p", "*"], ["clean", "--all"]]
)
def test_removing_everything_asks_at_a_terminal(arguments):
    HandMade("a", "COMPLETED")
    HandMade("b", "COMPLETED")
    with Terminal(*arguments) as terminal:
        terminal.wait_for("Remove all maps (2) with their results? [y/N]:")
        terminal.type("n\n")
        assert terminal.exit_status() == 1
    assert claims.list_tags() == ("a", "b")


@pytest.mark.parametrize("answer", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
def test_leaving_the_question_open_removes_nothing(answer):
    HandMade("a", "COMPLETED")
    with Terminal("remove", "--all", "--force") as terminal:
        terminal.wait_for("[y/N]:")
        if answer == "\x03":  # this terminal controls no processes that it could interrupt
            terminal.process.send_signal(signal.SIGINT)
        else:
            terminal.type(answer)
        assert terminal.exit_status() == 130
    assert claims.list_tags() == ("a",)
    assert "Traceback" not in terminal.shown


@pytest.mark.parametrize("arguments", [["--yes"], ["-y"]])
def test_yes_answers_before_it_is_asked(arguments):
    HandMade("a", "COMPLETED")
    with Terminal("remove", "--all", "--force", *arguments) as terminal:
        assert terminal.exit_status() == 0
    assert "Removed map a" in terminal.shown
    assert claims.list_tags() == ()


@pytest.mark.usefixtures("no_jobs")
def test_scripts_are_not_asked():
    HandMade("a", "COMPLETED")
    result = run("remove", "--all")
    assert (result.output, result.exit_code) == ("Removed map a\n", 0)


def test_a_map_that_is_named_is_removed_unasked():
    HandMade("a", "COMPLETED")
    with Terminal("remove", "a", "--force") as terminal:
        assert terminal.exit_status() == 0
    assert claims.list_tags() == ()


@pytest.mark.usefixtures("no_jobs")
def test_clean_removes_transient_maps():
    HandMade("keep", "COMPLETED")
    HandMade("one", "COMPLETED", transient=True)
    HandMade("two", "COMPLETED", transient=True)
    assert run("clean").output == "Cleaned maps one, two\n"
    assert run("clean").output == "There is nothing to clean\n"
    assert claims.list_tags() == ("keep",)


@pytest.mark.usefixtures("no_jobs")
def test_clean_goes_on_past_a_damaged_map_and_tells_of_it():
    for tag in ("one", "two", "three"):
        HandMade(tag, "COMPLETED", transient=True)
    HandMade("keep", "COMPLETED")
    for tag in ("one", "keep"):
        (MapFolder(claims.find(tag)).path / "map.json").write_text("{")
    result = run("clean")
    assert (result.stdout, result.exit_code) == ("Cleaned maps three, two\n", 1)
    assert result.stderr.startswith("ERROR: map one: ")
    assert "`htmap remove --force one` removes it" in result.stderr
    assert "keep" not in result.stderr
    with pytest.raises(CorruptPack):
        htmap.clean()
    assert claims.list_tags() == ("keep", "one")


@pytest.mark.usefixtures("no_jobs")
def test_clean_all_removes_every_map():
    HandMade("keep", "COMPLETED")
    HandMade("one", "COMPLETED", transient=True)
    assert run("clean", "--all").output == "Cleaned maps keep, one\n"
    assert claims.list_tags() == ()


# ---- how it ends --------------------------------------------------------------------------------


def test_version_names_htmap_and_the_bindings():
    result = run("version")
    first, second = result.output.splitlines()
    assert first == f"HTMap version {htmap.__version__}"
    assert second.startswith("$CondorVersion: ")
    assert second.endswith(" $")
    assert run("--version").output == f"{first}\n"


def test_a_mistyped_command_is_told_what_it_may_have_been():
    result = run("stats")
    assert result.exit_code == 2
    assert "status" in result.stderr.splitlines()[-1]


def test_an_unexpected_error_is_a_sentence(monkeypatch):
    def fail(tag: str) -> None:
        raise TypeError("surprise")

    HandMade("a", "COMPLETED")
    monkeypatch.setattr(Map, "load", fail)
    result = run("status")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: unexpected TypeError: surprise")


def test_verbose_shows_the_traceback():
    quiet = subprocess.run([*COMMAND, "wait", "x"], capture_output=True, text=True)
    assert (quiet.returncode, quiet.stderr.count("\n")) == (1, 1)
    told = subprocess.run([*COMMAND, "-v", "wait", "x"], capture_output=True, text=True)
    assert told.returncode == 1
    assert "Traceback (most recent call last)" in told.stderr
    assert "TagNotFound: could not find a map with tag x" in told.stderr


def test_an_unusable_directory_is_an_error(htmap_dir, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", "/tmp/a\nb")
    result = run("tags")
    assert result.exit_code == 1
    assert result.stderr.startswith("ERROR: the HTMap directory ")


def test_what_the_library_warns_of_is_shown_and_its_logger_left_as_it_was(monkeypatch):
    def refuse(*_: object) -> None:
        raise NoScheduler("no HTCondor schedd answered")

    made = HandMade("a", "UNMATERIALIZED")
    (made.run.folder / "cluster").unlink()
    monkeypatch.setattr("htmap.pool.queue.cluster_of", refuse)
    dead = dataclasses.replace(Maker.this_process(), started="0")
    Intent("create", made.folder.map_id, "a", maker=dead).begin()
    logger = logging.getLogger("htmap")
    before = (logger.level, list(logger.handlers))
    result = run("status")
    assert "WARNING: the map 'a' is half made" in result.stderr
    assert (logger.level, list(logger.handlers)) == before


@pytest.mark.parametrize("command", ["tags", "status", "errors", "stdout"])
def test_a_closed_pipe_is_quiet(command):
    HandMade("a", "ERRORED")
    reading, writing = os.pipe()
    os.close(reading)
    arguments = {"errors": ["a"], "stdout": ["a", "0"]}.get(command, [])
    done = subprocess.run(
        [*COMMAND, command, *arguments], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_tag_that_the_encoding_lacks_is_escaped():
    HandMade("\U0001f4da", "COMPLETED")
    done = subprocess.run(
        [*COMMAND, "tags"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert (done.stdout, done.stderr) == ("\\U0001f4da\n", "")

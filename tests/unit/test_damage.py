"""Damaged files of a map: named, with what can still be had, and nobody else hurt."""

import errno
import json
import os

import pytest
from hand_made import HELD, REMOVED, STARTED, SUBMITTED, TERMINATED, HandMade

import htmap
from htmap import exceptions
from htmap.execute import packs
from htmap.pool import queue
from htmap.pool.queue import Present
from htmap.statuses import ComponentStatus
from htmap.store import claims
from htmap.store.directory import root
from htmap.store.told import ComponentHold

GARBAGE = [b"", b"\xff\xfe garbage \0", b"[1, 2]", b"../../../etc", b"0" * 5000]


@pytest.fixture(autouse=True)
def htmap_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HTMAP_DIR", str(tmp_path / "htmap"))


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """Which maps the queue was asked about; it has nothing of them unless a test says so."""
    asked = []

    def jobs_of(map_id):
        asked.append(map_id)
        return Present(None, 0.0, set(), {})

    monkeypatch.setattr(queue, "jobs_of", jobs_of)
    return asked


def make_old(path):
    os.utime(path, (1, 1))


# ---- what is written down about a map -------------------------------------------------------


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("name", ["map.json", "runs/0/run.json", "runs/0/cluster", "tag"])
def test_one_damaged_file_hurts_one_map_and_names_itself(name, garbage):
    HandMade("fine", "COMPLETED")
    bad = HandMade("bad", "COMPLETED")
    path = root() / "tags" / "bad" if name == "tag" else bad.folder.path / name
    path.write_bytes(garbage)
    make_old(path)

    with pytest.raises(exceptions.CorruptPack) as caught:
        htmap.load("bad")

    assert (caught.value.path, caught.value.tag) == (path, "bad")
    assert str(path) in str(caught.value)
    assert "damaged" in str(caught.value)
    assert htmap.get_tags() == ("bad", "fine")
    with pytest.warns(UserWarning, match="map bad: .*damaged"):
        (fine,) = htmap.load_maps()
    assert fine.is_done
    with pytest.warns(UserWarning, match="map bad"):
        table = htmap.status()
    assert "fine" in table
    assert "bad" not in table
    with pytest.raises((exceptions.CorruptPack, exceptions.TagAlreadyExists)):
        htmap.map(abs, [1], tag="bad")
    htmap.management.discard("bad")
    assert htmap.get_tags() == ("fine",)


@pytest.mark.parametrize("gone", ["map.json", "runs"])
def test_a_map_that_has_lost_a_file_is_not_said_to_be_removed(gone):
    made = HandMade("a", "COMPLETED")
    path = made.folder.path / gone
    path.rename(made.folder.path / "elsewhere")

    with pytest.raises(exceptions.CorruptPack, match="missing") as caught:
        htmap.load("a")

    assert str(caught.value.path) == str(path)
    (made.folder.path / "elsewhere").rename(path)
    assert htmap.load("a").is_done


def test_a_tag_that_points_to_nothing_is_freed():
    made = HandMade("a", "COMPLETED")
    (root() / "tags" / "a").write_text("0" * 32)

    with pytest.raises(exceptions.TagNotFound):
        htmap.load("a")
    assert htmap.get_tags() == ()
    claims.claim("a", made.folder.map_id)
    assert htmap.load("a").is_done


def test_the_map_of_a_damaged_tag_is_named_and_can_be_had_again():
    HandMade("fine", "COMPLETED")
    made = HandMade("a", "COMPLETED")
    (root() / "tags" / "a").write_bytes(b"?")

    with pytest.raises(exceptions.CorruptPack, match=f"No tag stands for {made.folder.map_id} in"):
        htmap.load("a")
    (root() / "tags" / "a").write_text(made.folder.map_id + "\n")
    assert htmap.load("a").is_done


def test_a_tag_that_is_being_claimed_without_hard_links_is_not_damaged():
    claims.open_root()
    (root() / "tags" / "a").touch()

    with pytest.raises(exceptions.TagNotFound):
        htmap.load("a")
    assert htmap.get_tags() == ("a",)


def test_a_tag_is_claimed_by_one_only_also_without_hard_links_b24(monkeypatch):
    def link(*names):
        raise OSError(errno.EPERM, "no hard links")

    monkeypatch.setattr(os, "link", link)
    claims.open_root()
    claims.claim("a", "1" * 32)

    with pytest.raises(exceptions.TagAlreadyExists):
        claims.claim("a", "2" * 32)
    assert claims.find("a") == "1" * 32


def test_a_stray_name_among_the_runs_does_no_harm():
    made = HandMade("a", "COMPLETED")
    (made.folder.path / "runs" / ".nfs000000000000").touch()

    assert htmap.load("a").is_done


def test_a_run_of_components_that_the_map_does_not_have_is_damaged():
    made = HandMade("a", "COMPLETED")
    path = made.run.folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "components": [5]}))

    with pytest.raises(exceptions.CorruptPack, match="the number 5"):
        htmap.load("a")


# ---- outputs --------------------------------------------------------------------------------


def write_output(path, *records):
    with packs.PackWriter(path, packs.versions(kind="output")) as pack:
        for record in records:
            pack.add(*record)


def flip(path, position):
    data = bytearray(path.read_bytes())
    data[position] ^= 4
    path.write_bytes(data)


RESULT = (0, packs.RESULT, b"\x80\x05K\x07.")  # 7
FAILURE = (0, packs.ERROR, json.dumps({"summary": "", "exception": {"type": "E"}}).encode())


@pytest.mark.parametrize("position", [0, 10, 20, -30, -20, -6, -1])
@pytest.mark.parametrize("record", [RESULT, FAILURE], ids=["result", "failure"])
@pytest.mark.parametrize("when", ["before it is looked at", "after"])
def test_a_bit_that_flips_in_an_output_pack_costs_that_component_alone(position, record, when):
    made = HandMade("a", "COMPLETED", "COMPLETED")
    paths = [made.run.output(component) for component in (0, 1)]
    write_output(paths[0], record)
    write_output(paths[1], (1, *RESULT[1:]))
    watching = htmap.load("a")
    if when == "after":
        assert not watching.is_active
    flip(paths[0], position)
    m = htmap.load("a")

    with pytest.raises(exceptions.CorruptPack) as caught:
        m.get(0)

    assert (caught.value.tag, caught.value.component) == ("a", 0)
    assert caught.value.path == paths[0]
    for words in (str(paths[0]), "Map.rerun([0])", "not affected"):
        assert words in str(caught.value)
    assert m[1] == 7
    assert not m.is_active
    for report in m.error_reports():
        assert str(paths[0]) in report


@pytest.mark.parametrize("do", [os.unlink, lambda path: path.write_bytes(b"x")])
def test_an_output_pack_that_is_gone_or_none_is_named_also_by_a_fresh_process(do):
    made = HandMade("a", "COMPLETED", "REMOVED")
    do(made.run.output(0))
    m = htmap.load("a")

    with pytest.raises(exceptions.CorruptPack, match="outputs/0"):
        m.get(0)
    with pytest.raises(exceptions.MapComponentRemoved):
        m.get(1)
    assert "cannot be read from" in m.errors[0].report()
    assert "was removed from the queue" in m.errors[1].report()


def test_the_output_pack_of_another_component_is_told_from_ones_own():
    made = HandMade("a", "COMPLETED", "COMPLETED")
    write_output(made.run.output(0), (1, packs.STARTED), (1, *RESULT[1:]))
    m = htmap.load("a")

    with pytest.raises(exceptions.InvalidOutputStatus, match=r"another's.*components \[1\]") as c:
        m.get(0)
    assert (c.value.tag, c.value.component, c.value.path) == ("a", 0, made.run.output(0))


def test_what_was_printed_is_the_users_own_bytes_also_carriage_returns():
    made = HandMade("a", "COMPLETED")
    made.run.stdout(0).write_bytes(b"10%\r20%\r\n\xff")

    assert htmap.load("a").stdout[0] == "10%\r20%\r\n\ufffd"


# ---- the event log --------------------------------------------------------------------------


def test_no_log_yet_is_no_error_b21(asked):
    made = HandMade("a", "UNMATERIALIZED")
    made.folder.events.unlink()

    m = htmap.load("a")

    assert m.component_statuses in (["UNMATERIALIZED"], ["REMOVED"])
    assert asked == [made.folder.map_id]


def ruined(made, how):
    """Damage the event log of a map."""
    log = made.folder.events
    text = log.read_bytes()
    if how == "missing":
        log.unlink()
    elif how == "empty":
        log.write_bytes(b"")
    elif how == "cut off":
        log.write_bytes(text[: text.rindex(b"\n...\n", 0, len(text) // 2) + 20])
    elif how == "without its beginning":
        log.write_bytes(text[text.index(b"005 (") :][-len(TERMINATED) :])
    elif how == "zeros in the middle":
        third = len(text) // 3
        log.write_bytes(text[:third] + bytes(third) + text[2 * third :])
    elif how == "garbage":
        log.write_bytes(b"\0garbage\n...\n" * 50)
    elif how == "another's":
        other = HandMade("other", "REMOVED", "HELD", "IDLE")
        log.write_bytes(other.folder.events.read_bytes())


RUINS = [
    "missing", "empty", "cut off", "without its beginning", "zeros in the middle", "garbage",
    "another's",
]  # fmt: skip


@pytest.mark.parametrize("how", RUINS)
@pytest.mark.parametrize("when", ["before it is looked at", "after"])
def test_a_ruined_event_log_costs_no_result(how, when, asked):
    made = HandMade("a", "COMPLETED", "ERRORED", "REMOVED", "COMPLETED")
    write_output(made.run.output(0), RESULT)
    first = htmap.load("a")
    if when == "after":
        first.status()
    else:
        htmap.maps._known.clear()
    ruined(made, how)

    m = htmap.load("a")

    assert m.component_statuses == ["COMPLETED", "ERRORED", "REMOVED", "COMPLETED"]
    assert m.get(0, timeout=0) == 7
    assert list(m.errors) == [1, 2]
    assert not m.is_active
    assert set(asked) <= {made.folder.map_id}
    asks = len(asked)
    m.status()
    assert len(asked) == asks  # nothing is open any more


@pytest.mark.parametrize("how", ["missing", "garbage", "another's"])
@pytest.mark.parametrize("looks", [0, 1])
def test_without_a_log_the_queue_tells_what_its_jobs_do(how, looks, monkeypatch):
    made = HandMade("a", *["RUNNING"] * 4)
    jobs = {(0, job) for job in range(4)}
    words = [ComponentStatus(s) for s in ("IDLE", "RUNNING", "HELD", "SUSPENDED")]
    hold = ComponentHold(13, 2, "no such file")
    present = Present(
        None, 0.0, jobs, {}, dict(zip(sorted(jobs), words, strict=True)), {(0, 2): hold}
    )
    monkeypatch.setattr(queue, "jobs_of", lambda map_id: present)
    m = htmap.load("a")
    for _ in range(looks):
        assert m.component_statuses == ["RUNNING"] * 4
    ruined(made, how)

    assert m.component_statuses == words
    assert m.holds == {2: hold}
    with pytest.raises(exceptions.MapComponentHeld, match="no such file"):
        m.wait(timeout=10)


def test_the_queue_does_not_overrule_what_the_log_tells_at_the_same_time(monkeypatch):
    made = HandMade("a", "IDLE")
    m = htmap.load("a")
    m.status()

    def jobs_of(map_id):
        made.log(HELD, 0)
        return Present(None, 0.0, {(0, 0)}, {}, {(0, 0): ComponentStatus.IDLE})

    monkeypatch.setattr(queue, "jobs_of", jobs_of)
    m._ask_queue()

    assert m.component_statuses == ["HELD"]


def test_a_whole_log_asks_nobody_and_a_ruined_one_not_at_every_look(asked):
    made = HandMade("a", "RUNNING", "IDLE", "HELD")
    m = htmap.load("a")
    m.status()
    assert asked == []
    made.folder.events.write_bytes(b"")
    made.log(SUBMITTED, 0)
    for _ in range(20):
        m.status()
    assert asked == [made.folder.map_id]


def test_a_log_that_cannot_be_read_is_named_and_results_are_had_once_it_is_away():
    made = HandMade("a", "COMPLETED")
    HandMade("fine", "COMPLETED")
    write_output(made.run.output(0), RESULT)
    made.folder.events.unlink()
    made.folder.events.mkdir()
    m = htmap.load("a")

    with pytest.raises(exceptions.CorruptEventLog, match="move it away") as caught:
        m.status()

    assert (caught.value.tag, caught.value.path) == ("a", made.folder.events)
    with pytest.warns(UserWarning, match="map a: the event log"):
        assert "fine" in htmap.status()
    made.folder.events.rmdir()
    assert m[0] == 7


def test_news_are_believed_after_the_damage():
    made = HandMade("a", "IDLE", "IDLE")
    m = htmap.load("a")
    m.status()
    with made.folder.events.open("ab") as log:
        log.write(b"\0" * 100 + b"garbage\n...\n")
    m._tracker.close_missing = lambda *_: True  # they are in the queue
    made.log(STARTED, 0)
    made.log(REMOVED, 1)

    assert m.component_statuses == ["RUNNING", "REMOVED"]


def test_an_event_within_the_rest_of_another_is_damage(asked):
    """HTCondor goes on writing where a log was cut off in the middle of an event."""
    made = HandMade("a", "IDLE", "IDLE")
    log = made.folder.events
    log.write_bytes(log.read_bytes()[:-20])
    made.log(STARTED, 0)

    htmap.load("a").status()

    assert asked == [made.folder.map_id]

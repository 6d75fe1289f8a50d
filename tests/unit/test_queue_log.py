"""Which queues are damaged: as the schedds of both versions, given the same files, showed."""

import os
import re
from pathlib import Path

import pytest
from htc_pool import queue_log

QUEUES = sorted((Path(__file__).parent / "queues").glob("*.log"))


@pytest.fixture(params=QUEUES, ids=lambda path: path.stem)
def whole(request):
    """Return a queue as a killed schedd left it: four clusters, the last of them a factory."""
    return request.param.read_bytes()


@pytest.fixture
def damage(tmp_path):
    """Return what says where a queue of some bytes is damaged."""

    def damage(*parts):
        path = tmp_path / "job_queue.log"
        path.write_bytes(b"".join(parts))
        return queue_log.damage(str(path))

    return damage


def halves(whole):
    """Cut a queue in two between two records that are in a transaction."""
    middle = whole.index(b"\n103 ", len(whole) // 2) + 1
    return whole[:middle], whole[middle:]


def committed(whole):
    """Return a queue up to the end of its last transaction."""
    return whole[: whole.rindex(b"\n106") + 1] + b"106 \n"


def test_a_queue_that_a_schedd_wrote_is_not_damaged(whole, damage, tmp_path):
    assert damage(whole) == damage(committed(whole)) == damage() == ""
    assert queue_log.damage(str(tmp_path / "none")) == ""


# Every record is one that a schedd of either version stops at, unable to go on.
@pytest.mark.parametrize(
    "record",
    [b"garbage", b"199 foo bar", b"108 abc", b"103 1.0 Foo", b"103 1.0 Foo ", b"101 9.0",
     b"101 9.0 Job", b"10", b"\x7fELF\x02"],
)  # fmt: skip
def test_a_record_that_cannot_be_read_is_damage_where_transactions_end_behind_it(
    whole, damage, record
):
    before, after = halves(whole)
    assert damage(before, record, b"\n", after) == (
        f"at byte {len(before)} of {len(whole) + len(record) + 1}"
    )


@pytest.mark.parametrize(
    "record",
    [b"  103   1.0   Foo   12", b"103 99.0 Foo 1", b'103 1.0 Foo "\xc3\xa9"', b'103 1.0 Foo "\xe9"',
     b"103 1.0 Foo 12\r", b"107 1 CreationTimestamp 5"],
)  # fmt: skip
def test_an_unusual_record_that_the_schedd_reads_is_no_damage(whole, damage, record):
    before, after = halves(whole)
    assert damage(before, record, b"\n", after) == ""


@pytest.mark.parametrize("end", [b"\0", b"\n", b"\0" * 4096])
def test_what_the_schedd_takes_for_the_end_is_damage_where_it_is_not(whole, damage, end):
    before, after = halves(whole)
    assert damage(before, end, after).startswith(f"at byte {len(before)} of ")


def test_plain_records_behind_a_bad_one_are_lost_too(damage):
    # What a schedd has written when it starts is in no transaction.
    header = b"107 1 CreationTimestamp 1\n101 0.0 Job Machine\n"
    assert damage(header, b"garbage\n103 0.0 NextClusterNum 7\n").startswith("at byte 46")


@pytest.mark.parametrize("tail", [b"103 1.0 Fo", b"\0" * 4096, b"garbage\nmore\n", b"\xf3\0\n\x99"])
def test_a_torn_end_is_no_damage(whole, damage, tail):
    assert damage(committed(whole), tail) == ""


def test_a_transaction_that_never_ended_is_no_damage(whole, damage):
    begun = committed(whole) + b"105 \n103 1.0 Foo 1\n"
    assert damage(begun) == damage(begun, b"103 1.0 Ba") == ""
    assert damage(begun, b"\0" * 512, b"103 1.0 Bar 2\n103 1.0 Baz 3\n") == ""
    # The same, but for what ends it.
    assert damage(begun, b"\0" * 512, b"103 1.0 Bar 2\n106 \n") != ""


@pytest.mark.parametrize("text", [b"1", b"107", b"107 1 Creat"])
def test_a_queue_that_never_held_anything_is_no_damage(damage, text):
    assert damage(text) == ""


@pytest.mark.parametrize("text", [b"\x93\xf1\0" * 999, b"\0" * 65536, b"hello world\n" * 100])
def test_a_file_that_is_no_queue_is_damage(damage, text):
    assert damage(text) == "no record of it can be read"


@pytest.fixture
def pool(tmp_path):
    """Return a pool's directory with files of jobs, a healthy queue and an older copy of it."""
    (tmp_path / "log").mkdir()
    (tmp_path / "spool" / "4" / "0").mkdir(parents=True)
    (tmp_path / "spool" / "4" / "0" / "input").write_text("precious")
    (tmp_path / "spool" / "history").write_text("past")
    (tmp_path / "spool" / "job_queue.log.1").write_text("older")
    (tmp_path / "spool" / "job_queue.log").write_bytes(QUEUES[0].read_bytes())
    return tmp_path


def test_a_healthy_queue_is_left_alone(pool):
    before = sorted(pool.rglob("*"))
    assert queue_log.mend(str(pool)) == ""
    assert sorted(pool.rglob("*")) == before


def test_a_damaged_queue_is_kept_with_its_files_and_an_empty_one_counts_on(pool):
    before, after = halves(QUEUES[0].read_bytes())
    broken = before + b"garbage\n" + after
    (pool / "spool" / "job_queue.log").write_bytes(broken)
    said = queue_log.mend(str(pool))
    (kept,) = pool.glob("damaged-queue-*")
    assert re.fullmatch(r"damaged-queue-\d{4}-\d\d-\d\dT\d{6}Z", kept.name)
    assert f"{pool}/spool/job_queue.log is damaged (at byte {len(before)} of" in said
    assert f"kept in {kept}," in said
    assert "\n" not in said
    assert (kept / "job_queue.log").read_bytes() == broken
    assert (kept / "job_queue.log.1").read_text() == "older"
    assert (kept / "4" / "0" / "input").read_text() == "precious"
    assert sorted(path.name for path in (pool / "spool").iterdir()) == ["history", "job_queue.log"]
    fresh = (pool / "spool" / "job_queue.log").read_text()
    assert "103 0.0 NextClusterNum 5\n" in fresh
    # That one is healthy.
    assert queue_log.mend(str(pool)) == ""


def test_what_the_schedd_itself_could_not_read_is_believed_once(pool):
    queue, log = pool / "spool" / "job_queue.log", pool / "log" / "SchedLog"
    word = (
        'ERROR "Error: corrupt log record 181 (byte offset 5790) occurred inside closed '
        'transaction, recovery failed" at line 1143 in file classad_log.cpp\n'
    )
    start = "11/21/26 12:47:36 (pid:74) ** condor_schedd (CONDOR_SCHEDD) STARTING UP\n"
    os.utime(queue, (1, 1))
    # Of an earlier life than the last.
    log.write_text(start + word + start)
    assert queue_log.mend(str(pool)) == ""
    log.write_text(start + start + word)
    assert "at its record 181, says the schedd" in queue_log.mend(str(pool))
    assert queue_log.mend(str(pool)) == ""

"""Reading the event log: as HTCondor's own reader does, and where that one gives up."""

import random
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import htcondor2
import pytest

from htmap.pool import eventlog
from htmap.pool.eventlog import Event, EventKind, EventLog

# Written by personal pools of the two versions that are supported, by jobs that returned, were
# held, released, suspended, evicted, disconnected and removed.
LOGS = sorted((Path(__file__).parent / "logs").glob("events-*.log"))


# A cluster of 20 jobs of which HTCondor had made five when `condor_rm` removed it.
REMOVED = sorted((Path(__file__).parent / "logs").glob("factory-removed-*.log"))


@pytest.fixture(params=LOGS, ids=lambda path: path.stem)
def real(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events"


def text_of(kind, proc, body, cluster=17, end="...\n"):
    return f"{kind:03d} ({cluster:03d}.{proc:03d}.000) 2026-11-21 09:30:54 {body}\n{end}"


def started(proc):
    return text_of(1, proc, "Job executing on host: <127.0.0.1:9618>\n\tSlotName: slot1@here")


def ended(proc, code=0):
    return text_of(
        5, proc, f"Job terminated.\n\t(1) Normal termination (return value {code})\n\t0  -  Bytes"
    )


def read_all(log):
    events = []
    while some := log.read():
        events += some
    return events


def events_in(text, path):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_all(EventLog(path))


def event_in(text, path):
    (event,) = events_in(text, path)
    return event


def headers(events):
    return [(event.kind, event.cluster, event.proc) for event in events]


# --- the same as HTCondor's own reader ---


def test_every_event_of_a_real_log_is_what_htcondors_own_reader_finds(real):
    assert len(LOGS) == 2
    log = EventLog(real)
    ours = read_all(log)
    theirs = list(htcondor2.JobEventLog(str(real)).events(0))

    assert len(ours) == len(theirs) > 50
    assert log.skipped_bytes == 0
    assert log.offset == real.stat().st_size
    for our, their in zip(ours, theirs, strict=True):
        assert (our.kind, our.cluster, our.proc) == (int(their.type), their.cluster, their.proc)
        written = datetime.fromisoformat(their["EventTime"])
        assert eventlog.event_time(our) == written.astimezone()


def test_what_real_events_tell_is_what_htcondors_own_reader_finds(real):
    ours = read_all(EventLog(real))
    theirs = list(htcondor2.JobEventLog(str(real)).events(0))
    looked_at = set()
    for our, their in zip(ours, theirs, strict=True):
        looked_at.add(our.kind)
        if our.kind != EventKind.JOB_EVICTED:  # their reader leaves the table of those out
            assert eventlog.memory_mb(our) == their.get("MemoryUsage")
        if our.kind == EventKind.JOB_TERMINATED:
            assert eventlog.termination(our) == (their["ReturnValue"], None)
            assert eventlog.cpu_seconds(our) == 0
        elif our.kind == EventKind.JOB_ABORTED:
            assert eventlog.abort_reason(our) == their["Reason"]
        elif our.kind == EventKind.JOB_HELD:
            code, subcode, reason = eventlog.hold_reason(our)
            assert (code, subcode) == (their["HoldReasonCode"], their["HoldReasonSubCode"])
            assert reason == their.get("HoldReason", "Reason unspecified")

    assert looked_at >= {
        EventKind.SUBMIT,
        EventKind.EXECUTE,
        EventKind.JOB_EVICTED,
        EventKind.JOB_TERMINATED,
        EventKind.IMAGE_SIZE,
        EventKind.JOB_ABORTED,
        EventKind.JOB_SUSPENDED,
        EventKind.JOB_UNSUSPENDED,
        EventKind.JOB_HELD,
        EventKind.JOB_RELEASED,
        EventKind.JOB_DISCONNECTED,
        EventKind.JOB_RECONNECT_FAILED,
        EventKind.CLUSTER_SUBMIT,
        EventKind.CLUSTER_REMOVE,
        EventKind.FILE_TRANSFER,
    }


def test_a_signal_and_a_full_hold_are_what_htcondors_own_reader_finds(path):
    text = text_of(
        5,
        0,
        "Job terminated.\n\t(0) Abnormal termination (signal 9)\n\t(0) No core file\n"
        "\t\tUsr 1 02:03:04, Sys 0 00:00:05  -  Run Remote Usage\n"
        "\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Run Local Usage\n"
        "\t\tUsr 1 02:03:04, Sys 0 00:00:05  -  Total Remote Usage\n"
        "\t\tUsr 0 00:00:00, Sys 0 00:00:00  -  Total Local Usage",
    ) + text_of(
        12, 0, "Job was held.\n\tno Code 7 Subcode 9, übrigens: 005 (1.0.0)\n\tCode 12 Subcode 2"
    )
    killed, held = events_in(text, path)
    their_killed, their_held = htcondor2.JobEventLog(str(path)).events(0)

    assert eventlog.termination(killed) == (None, 9) == (None, their_killed["TerminatedBySignal"])
    assert eventlog.cpu_seconds(killed) == 86400 + 2 * 3600 + 3 * 60 + 4 + 5
    assert eventlog.hold_reason(held) == (12, 2, "no Code 7 Subcode 9, übrigens: 005 (1.0.0)")
    assert eventlog.hold_reason(held) == (
        their_held["HoldReasonCode"],
        their_held["HoldReasonSubCode"],
        their_held["HoldReason"],
    )


def test_the_numbers_of_the_events_are_those_of_htcondor():
    assert len(EventKind) == 20
    for kind in EventKind:
        assert int(getattr(htcondor2.JobEventType, kind.name)) == kind


# --- growing ---


def test_every_prefix_of_a_log_gives_exactly_the_events_that_are_complete_in_it(path, real):
    whole = real.read_bytes()[:3000]
    expected = events_in(whole, path)
    ends = [i + 5 for i in range(len(whole)) if whole.startswith(b"\n...\n", i)]
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        complete = sum(end <= length for end in ends)
        assert read_all(EventLog(path)) == expected[:complete]


@pytest.mark.parametrize("seed", range(20))
def test_a_log_that_grows_in_pieces_of_any_size_gives_every_event_once(path, real, seed):
    source = random.Random(seed)
    whole = real.read_bytes()
    expected = events_in(whole, path)
    path.unlink()
    log, events, written = EventLog(path), [], 0
    assert log.read() == []
    while written < len(whole):
        step = source.choice([1, 2, 3, 5, 50, 500, 5000])
        with path.open("ab") as file:
            file.write(whole[written : written + step])
        written += step
        if source.random() < 0.7:
            events += log.read(limit=source.choice([1, 10, 1000, 100_000]))
        if source.random() < 0.1:  # another process goes on
            log = EventLog(path, offset=log.offset, inode=log.inode)
        assert not log.restarted
    events += read_all(log)

    assert events == expected
    assert log.skipped_bytes == 0


def test_a_log_larger_than_one_block_is_read_block_by_block(path):
    text = "".join(started(n) for n in range(500))
    path.write_text(text)
    log, sizes, events = EventLog(path), [], []
    while some := log.read(limit=1000):
        sizes.append(len(some))
        events += some

    assert [event.proc for event in events] == list(range(500))
    assert max(sizes) < 15


def test_an_event_larger_than_one_block_is_read(path):
    text = started(0) + text_of(12, 1, "Job was held.\n\t" + "x" * 100_000) + started(2)
    path.write_text(text)
    log = EventLog(path)
    events = []
    while some := log.read(limit=100):
        events += some

    assert [event.proc for event in events] == [0, 1, 2]


def test_a_log_that_does_not_exist_yet_has_no_events_b21(path):
    log = EventLog(path)

    assert log.read() == []
    assert (log.offset, log.inode, log.restarted) == (0, None, False)
    path.write_text(started(0))
    assert headers(log.read()) == [(1, 17, 0)]
    assert not log.restarted


def test_an_empty_log_has_no_events(path):
    assert events_in("", path) == []


def test_a_log_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(OSError, match="directory"):
        EventLog(tmp_path).read()


# --- another file ---


def test_a_truncated_log_is_read_from_its_start_and_that_is_told(path):
    path.write_text(started(0) + ended(0))
    log = EventLog(path)
    assert len(read_all(log)) == 2
    path.write_text(started(5))

    assert headers(log.read()) == [(1, 17, 5)]
    assert log.restarted
    assert log.read() == []
    assert not log.restarted


def test_a_log_that_became_empty_tells_so_until_its_first_events_are_there(path):
    path.write_text(started(0))
    log = EventLog(path)
    read_all(log)
    path.write_text("")
    assert log.read() == []
    path.write_text(started(5) + started(6))

    assert headers(log.read()) == [(1, 17, 5), (1, 17, 6)]
    assert log.restarted


@pytest.mark.parametrize("resumed", [False, True])
def test_a_log_that_was_replaced_is_read_from_its_start(path, resumed):
    path.write_text(started(0))
    log = EventLog(path)
    read_all(log)
    other = path.with_name("other")
    other.write_text(started(0) + ended(0) + ended(1))
    other.replace(path)
    if resumed:
        log = EventLog(path, offset=log.offset, inode=log.inode)

    assert headers(log.read()) == [(1, 17, 0), (5, 17, 0), (5, 17, 1)]
    assert log.restarted


def test_a_log_that_was_written_anew_in_its_place_and_is_longer_is_noticed(path):
    path.write_text(started(0))
    log = EventLog(path)
    read_all(log)
    path.write_text(ended(3) + started(4) + started(5))

    assert headers(log.read()) == [(5, 17, 3), (1, 17, 4), (1, 17, 5)]
    assert log.restarted


def test_a_log_that_was_deleted_gives_nothing_and_its_successor_everything(path):
    path.write_text(started(0) + started(1))
    log = EventLog(path)
    read_all(log)
    path.unlink()
    assert log.read() == []
    path.write_text(started(7))

    assert headers(log.read()) == [(1, 17, 7)]
    assert log.restarted


# --- damage, and text that looks like events ---


@pytest.mark.parametrize(
    "damage",
    [
        "garbage\n",
        "garbage\n...\n",
        "\0" * 4096,
        "\n\n\n",
        "...\n",
        "006 (017.000",
        "006 (017.000.000\n",
        "<ClassAd>\n</ClassAd>\n...\n",
        "\xff\xfe\n",
    ],
    ids=repr,
)
@pytest.mark.parametrize("before", [1, 0], ids=["between events", "at the start"])
def test_damage_is_passed_over_counted_and_costs_no_later_event(path, damage, before):
    start = started(0) * before
    path.write_text(start + damage + ("" if damage.endswith(("\n", "\0")) else "\n"))
    with path.open("a") as file:
        file.write(ended(1) + ended(2))
    log = EventLog(path)

    assert headers(read_all(log)) == [(1, 17, 0)] * before + [(5, 17, 1), (5, 17, 2)]
    size = path.stat().st_size - len(start + ended(1) + ended(2))
    assert log.skipped_bytes == size > 0


def test_a_log_of_nothing_but_damage_has_no_events_and_does_not_stall(path):
    path.write_text("garbage\n...\n" * 1000)
    log = EventLog(path)

    assert log.read(limit=100) == []
    assert log.skipped_bytes == log.offset == path.stat().st_size
    with path.open("a") as file:
        file.write(started(0))
    assert headers(log.read()) == [(1, 17, 0)]


def test_text_within_an_event_is_never_an_event(path):
    text = text_of(0, 0, "Job submitted from host: <x>\n005 (017.000.000) 2026-11-21 09:30:54 Job")
    text += text_of(9, 0, "Job was aborted.\n\t...\n\t005 (1.0.0) ... \n ...\n....\n...x")
    submitted, aborted = events_in(text, path)

    assert headers([submitted, aborted]) == [(0, 17, 0), (9, 17, 0)]
    assert b"005 (017.000.000)" in submitted.body
    assert eventlog.abort_reason(aborted).endswith("...x")


def test_events_that_nobody_knows_are_passed_on_as_numbers(path):
    assert headers(events_in(text_of(99, 0, "News."), path)) == [(99, 17, 0)]


def test_an_event_of_a_cluster_has_no_proc(path):
    text = "035 (001.-01.000) 2026-11-21 09:38:44 Cluster submitted from host: <x>\n...\n"

    assert headers(events_in(text, path)) == [(EventKind.CLUSTER_SUBMIT, 1, -1)]


@pytest.mark.parametrize("log", REMOVED, ids=lambda path: path.stem)
def test_jobs_that_were_never_made_have_no_event_of_their_own_when_they_are_removed(log):
    """Whoever follows a map has to take the end of its cluster for theirs."""
    events = read_all(EventLog(log))

    assert len(REMOVED) == 2
    assert {event.proc for event in events if event.kind == EventKind.JOB_ABORTED} == set(range(5))
    assert {event.proc for event in events} == {-1, *range(5)}
    assert headers(events)[-1] == (EventKind.CLUSTER_REMOVE, 1, -1)


def test_large_numbers_of_jobs_are_read(path):
    text = text_of(1, 1_234_567, "Job executing on host: <x>", cluster=98_765_432)

    assert headers(events_in(text, path)) == [(1, 98_765_432, 1_234_567)]


# --- what an event tells ---


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2026-11-21 09:30:54", datetime(2026, 11, 21, 9, 30, 54).astimezone()),
        ("2026-11-21T09:30:54", datetime(2026, 11, 21, 9, 30, 54).astimezone()),
        ("2026-11-21 09:30:54Z", datetime(2026, 11, 21, 9, 30, 54, tzinfo=timezone.utc)),
        ("2026-11-21 09:30:54.123", datetime(2026, 11, 21, 9, 30, 54, 123_000).astimezone()),
        (
            "2026-11-21 09:30:54.123Z",
            datetime(2026, 11, 21, 9, 30, 54, 123_000, tzinfo=timezone.utc),
        ),
        ("2026-02-30 09:30:54", None),
        ("2026-11-21", None),
        ("yesterday", None),
    ],
)
def test_the_time_of_an_event_is_read_in_every_format_of_htcondor(written, time):
    event = Event(1, 1, 0, f"{written} Job executing on host: <x>".encode())

    assert eventlog.event_time(event) == time
    assert time is None or eventlog.event_time(event).tzinfo is not None


def test_a_time_without_a_year_is_of_the_last_twelve_months():
    for days in (0, 10, 300):
        then = (datetime.now() - timedelta(days=days)).replace(microsecond=0)
        event = Event(1, 1, 0, f"{then:%m/%d %H:%M:%S} Job executing".encode())
        assert eventlog.event_time(event) == then.astimezone()


@pytest.mark.parametrize("code", [0, 1, 255, -1])
def test_an_exit_code_is_read(path, code):
    assert eventlog.termination(event_in(ended(0, code), path)) == (code, None)


def test_what_an_event_does_not_tell_is_none_or_empty(path):
    event = event_in(text_of(5, 0, "Something of a later version."), path)

    assert eventlog.termination(event) == (None, None)
    assert eventlog.cpu_seconds(event) is None
    assert eventlog.memory_mb(event) is None
    assert eventlog.abort_reason(event) == ""
    assert eventlog.hold_reason(event) == (0, 0, "")


def test_a_text_that_is_no_utf8_is_shown_nevertheless(path):
    text = text_of(9, 0, "Job was aborted.\n\tLatin ").encode()[:-5] + b"\xe9\n...\n"

    assert eventlog.abort_reason(event_in(text, path)) == "Latin \N{REPLACEMENT CHARACTER}"


def test_a_large_log_is_read_several_times_faster_than_by_htcondors_own_reader(path, real):
    """The margin is wide: 500,000 events a second and more were measured on a quiet machine."""
    path.write_bytes(real.read_bytes() * 400)
    start = time.process_time()
    ours = len(read_all(EventLog(path)))
    middle = time.process_time()
    theirs = sum(1 for _ in htcondor2.JobEventLog(str(path)).events(0))
    end = time.process_time()

    assert ours == theirs > 20_000
    assert (end - middle) > 2 * (middle - start)

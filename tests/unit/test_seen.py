"""What the queue says of a job, as events that the log's own readers understand."""

import htcondor2
import pytest

from htmap.pool import seen
from htmap.pool.eventlog import EventKind, EventLog, abort_reason, hold_reason, termination
from htmap.pool.job_status import JobStatus
from htmap.statuses import ComponentStatus
from htmap.store.told import ComponentHold

S = ComponentStatus


def ad(status, **more):
    return {
        "ClusterId": 12,
        "ProcId": 3,
        "JobStatus": status,
        "EnteredCurrentStatus": 1.8e9,
        **more,
    }


def read(tmp_path, *texts):
    path = tmp_path / "events"
    path.write_bytes(b"".join(texts))
    log = EventLog(path)
    events = log.read()
    assert not log.is_damaged
    assert log.offset == path.stat().st_size
    # HTCondor's own reader agrees.
    theirs = [(int(event.type), event.cluster, event.proc) for event in
              htcondor2.JobEventLog(str(path)).events(stop_after=0)]  # fmt: skip
    assert [(event.kind, event.cluster, event.proc) for event in events] == theirs
    return events


@pytest.mark.parametrize(
    ("status", "known", "kind"),
    [
        (JobStatus.IDLE, S.UNMATERIALIZED, None),
        (JobStatus.IDLE, S.IDLE, None),
        (JobStatus.IDLE, S.RUNNING, EventKind.JOB_EVICTED),
        (JobStatus.IDLE, S.SUSPENDED, EventKind.JOB_EVICTED),
        (JobStatus.IDLE, S.HELD, EventKind.JOB_RELEASED),
        (JobStatus.RUNNING, S.IDLE, EventKind.EXECUTE),
        (JobStatus.RUNNING, S.SUSPENDED, EventKind.EXECUTE),
        (JobStatus.RUNNING, S.RUNNING, None),
        (JobStatus.TRANSFERRING_OUTPUT, S.RUNNING, None),
        (JobStatus.TRANSFERRING_OUTPUT, S.IDLE, EventKind.EXECUTE),
        (JobStatus.SUSPENDED, S.RUNNING, EventKind.JOB_SUSPENDED),
        (JobStatus.SUSPENDED, S.SUSPENDED, None),
        (JobStatus.REMOVED, S.RUNNING, None),
    ],
)
def test_a_change_of_status_is_an_event(tmp_path, status, known, kind):
    event = seen.change(ad(status), known, None)
    if kind is None:
        assert event is None
    else:
        (found,) = read(tmp_path, event)
        assert (found.kind, found.cluster, found.proc) == (kind, 12, 3)


@pytest.mark.parametrize("reason", ["no such file: model.bin", "", "two\nlines ...\n...\n005 (1.0"])
def test_a_hold_has_its_code_and_reason_whatever_the_reason_is(tmp_path, reason):
    held = ad(JobStatus.HELD, HoldReasonCode=13, HoldReasonSubCode=2, HoldReason=reason)
    (event,) = read(tmp_path, seen.change(held, S.RUNNING, None))
    code, subcode, text = hold_reason(event)
    assert (event.kind, code, subcode) == (EventKind.JOB_HELD, 13, 2)
    assert text == (" ".join(reason.split()) or "Reason unspecified")


def test_a_hold_is_told_once_and_again_with_another_reason():
    held = ad(JobStatus.HELD, HoldReasonCode=13, HoldReasonSubCode=2, HoldReason="a")
    assert seen.change(held, S.HELD, ComponentHold(13, 2, "a")) is None
    assert seen.change(held, S.HELD, ComponentHold(13, 2, "b")) is not None


def test_a_job_whose_inputs_are_still_arriving_is_not_held():
    held = ad(JobStatus.HELD, HoldReasonCode=16, HoldReason="Spooling input data files")
    assert seen.change(held, S.IDLE, None) is None


def test_a_submission_names_its_run(tmp_path):
    (event,) = read(tmp_path, seen.submission(12, 3, 7, 1.8e9))
    assert event.kind == EventKind.SUBMIT
    assert b"htmap run 7" in event.body


def test_a_removal_has_its_reason(tmp_path):
    (event,) = read(tmp_path, seen.removal(12, 3, "via condor_rm (by user alice)"))
    assert (event.kind, abort_reason(event)) == (
        EventKind.JOB_ABORTED,
        "via condor_rm (by user alice)",
    )


@pytest.mark.parametrize(
    ("more", "how"),
    [
        ({"ExitCode": 3}, (3, None)),
        ({"ExitBySignal": True, "ExitSignal": 9}, (None, 9)),
        ({}, (0, None)),
    ],
)
def test_a_termination_tells_how(tmp_path, more, how):
    (event,) = read(tmp_path, seen.termination(ad(JobStatus.COMPLETED, **more)))
    assert (event.kind, termination(event)) == (EventKind.JOB_TERMINATED, how)

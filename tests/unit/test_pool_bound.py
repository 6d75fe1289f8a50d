"""When the listener of supervisord gives the pool up (entrypoint/libexec/pool-bound)."""

import subprocess
from pathlib import Path

import pytest

BOUND = Path(__file__).resolve().parents[2] / "entrypoint" / "libexec" / "pool-bound"
READY, OK = "READY\n", "RESULT 2\nOK"


@pytest.fixture
def listen(tmp_path):
    """Let the listener hear of events at the given times, and return what it says of them."""
    (tmp_path / "log").mkdir()
    clock = tmp_path / "date"
    clock.write_text(f'#!/bin/sh\nread -r now < {tmp_path}/times; echo "$now"\n'
                     f"sed -i 1d {tmp_path}/times\n")  # fmt: skip
    clock.chmod(0o755)

    def listen(*events):
        (tmp_path / "times").write_text("".join(f"{time}\n" for _, time in events))
        heard = "".join(
            f"ver:3.0 server:supervisor serial:1 pool:bound poolserial:1 eventname:{name} "
            f"len:{len(payload)}\n{payload}"
            for name, _ in events
            for payload in ["processname:condor groupname:condor from_state:RUNNING"]
        )
        # It ends its parent, as if that were supervisord.
        said = subprocess.run(
            ["sh", "-c", f"{BOUND}; echo; echo survived"],
            input=heard, capture_output=True, text=True, check=False, timeout=30,
            env={"HTC_POOL_DIR": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"},
        )  # fmt: skip
        assert said.stderr == ""
        verdict = tmp_path / "gave-up"
        assert verdict.exists() == ("survived" not in said.stdout)
        return verdict.read_text() if verdict.exists() else said.stdout

    return listen


def exits(*times):
    return [("PROCESS_STATE_EXITED", time) for time in times]


def test_a_master_that_does_not_start_is_given_up(listen):
    assert "ended early 4 times in a row" in listen(("PROCESS_STATE_FATAL", 1))


def test_four_ends_within_ten_minutes_are_started_again(listen):
    assert listen(*exits(0, 1, 2, 3)) == (READY + OK) * 4 + READY + "\nsurvived\n"


def test_the_fifth_end_within_ten_minutes_is_too_many(listen):
    assert "ended 5 times within 600 s" in listen(*exits(0, 100, 200, 300, 600))


def test_ends_that_are_longer_ago_do_not_count(listen):
    assert "survived" in listen(*exits(*range(0, 5000, 151)))

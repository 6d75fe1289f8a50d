"""Signals and exit statuses: what reaches the command of a container, and how a container ends."""

import json
import re
import socket

import pytest
from long_jobs import EVICTED, RUNS, STUBBORN, events, submit

# More than a busy machine needs: what takes how long is measured in benchmarks/.
PATIENT = {"HTC_POOL_STOP_TIMEOUT": "30"}

EVERY_STATUS = """\
import json, os, signal
from htc_pool.launcher import Launch
os.environ.pop("HTC_POOL")
told = {}
for end in [*(f"exit {code}" for code in range(256)),
            *(f"kill -{number} $$" for number in (1, 2, 3, 6, 9, 11, 13, 14, 15, 24, 31))]:
    launch = Launch(["sh", "-c", end], os.environ)
    launch.mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    told[end] = launch.run_command()
    signal.pthread_sigmask(signal.SIG_SETMASK, launch.mask)
print(json.dumps(told))
"""


def test_every_exit_status_is_passed_on_and_a_signals_as_a_shell_does(start, default_image):
    # All of them by what runs the command; three with all that is around it, below.
    ended = start(
        default_image, "python", "-c", EVERY_STATUS, environment={"HTC_POOL": "none"}
    ).wait()
    assert ended.code == 0, ended
    told = json.loads(ended.stdout)
    assert [told[f"exit {code}"] for code in range(256)] == list(range(256))
    kills = {int(end.split()[1][1:]): code for end, code in told.items() if "kill" in end}
    assert kills == {number: 128 + number for number in kills}
    assert len(kills) == 11


@pytest.mark.parametrize(
    ("end", "code"), [("exit 0", 0), ("exit 255", 255), ("kill -11 $$", 128 + 11)]
)
def test_the_commands_exit_status_is_the_containers(start, default_image, end, code):
    assert start(default_image, "sh", "-c", end).wait().code == code


@pytest.mark.parametrize(("command", "code"), [("/no/such", 127), ("/etc/passwd", 126)])
def test_a_command_that_cannot_run_is_told_by_name(start, default_image, command, code):
    ended = start(default_image, command).wait()
    assert ended.code == code, ended
    assert f"cannot run {command}" in ended.stderr


def test_a_command_has_its_terminal_and_its_ctrl_c(start, default_image):
    program = (
        "import os, signal\n"
        "assert os.isatty(0) and os.isatty(1) and os.isatty(2)\n"
        "try: print('ready', flush=True) or signal.pause()\n"
        "except KeyboardInterrupt: raise SystemExit(42)\n"
    )
    running = start(default_image, "python", "-c", program, tty=True, stdin_open=True)
    running.wait_until(lambda: "ready" in running.logs().stdout)
    stream = running.container.attach_socket(params={"stdin": 1, "stream": 1})
    try:
        stream._sock.send(b"\x03")
        assert running.wait().code == 42, running.logs()
    finally:
        stream._sock.shutdown(socket.SHUT_RDWR)
        stream._response.close()
        stream.close()


def test_no_signal_is_blocked_or_ignored_in_the_command(start, default_image):
    ended = start(default_image, "grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status").wait()
    masks = [int(mask, 16) for mask in re.findall(r"\t(\w+)", ended.stdout)]
    # 32 and 33 are the C library's own, which every program sets for itself.
    assert [mask & ~(0b11 << 31) for mask in masks] == [0, 0], ended


def test_a_shell_that_ignores_the_request_to_stop_is_hung_up_on(start, default_image):
    running = start(default_image, "bash", tty=True, stdin_open=True)
    running.wait_until(lambda: running.exec("pgrep", "-x", "bash").code == 0)
    running.stop(60)
    assert running.logs().code == 128 + 1


def test_a_request_to_stop_is_heard_while_the_command_still_waits_for_the_pool(
    start, default_image
):
    never_ready = {"_CONDOR_DAEMON_LIST": "MASTER", "HTC_POOL_WAIT": "300"}
    running = start(default_image, "echo", "hello", environment=never_ready)
    running.wait_until(lambda: running.exec("pgrep", "-x", "condor_master").code == 0)
    running.stop(60)
    ended = running.logs()
    assert (ended.code, ended.stdout) == (128 + 15, ""), ended


def test_jobs_that_ignore_the_request_to_stop_are_asked_then_ended_and_run_in_the_next_life(
    start, image
):
    running = start(image, "sleep", "infinity", environment=PATIENT)
    submit(running, 2, STUBBORN)
    running.stop(60)
    ended = running.logs()
    assert (ended.code, ended.stderr) == (128 + 15, ""), ended

    running.container.start()
    running.output("htc-pool", "wait")
    assert running.output("cat", "asked").split() == ["asked"] * 2
    assert events(running, EVICTED) == 2
    running.wait_until(lambda: events(running, RUNS) == 4, timeout=60)


def test_jobs_that_had_no_time_to_end_are_in_the_queue_of_the_next_life(start, image):
    running = start(image, "sleep", "infinity")
    submit(running, 2, STUBBORN)
    # What KubeSpawner grants is one second; here they have none.
    running.stop(0)
    assert running.logs().code == 128 + 9

    running.container.start()
    running.output("htc-pool", "wait")
    assert running.output("condor_q", "-af", "JobStatus").split() in (["1"] * 2, ["2"] * 2)


COUNT_TO_THREE = """\
import os, signal
asked = []
for number in signal.SIGTERM, signal.SIGINT:
    signal.signal(number, lambda number, frame: asked.append(number))
print("ready", flush=True)
while len(asked) < 3:
    signal.pause()
    print("asked", flush=True)
raise SystemExit(7)
"""


def test_asking_again_while_it_stops_does_no_harm(start, image):
    running = start(image, "python", "-c", COUNT_TO_THREE, environment=PATIENT)
    running.wait_until(lambda: "ready" in running.logs().stdout)
    submit(running, 1)
    for times, name in enumerate(("SIGTERM", "SIGINT", "SIGTERM"), 1):
        running.container.kill(name)
        running.wait_until(lambda: running.logs().stdout.count("asked") == times)  # noqa: B023
    ended = running.wait()
    assert (ended.code, ended.stderr) == (7, ""), ended

    running.container.start()
    running.wait_until(lambda: running.logs().stdout.count("ready") == 2)
    assert events(running, EVICTED) == 1

"""htc-pool where another entrypoint replaced the image's: as in a CI job's container."""

import threading

import pytest

NOT_READY = "the pool is not ready (its master: not supervised)"
SUBMIT = (
    "import htcondor2\n"
    "job = htcondor2.Submit({'executable': '/bin/sleep', 'transfer_executable': 'false',\n"
    "    'arguments': '600', 'transfer_output_files': ''})\n"
    "print(htcondor2.Schedd().submit(job).cluster())\n"
)


@pytest.fixture
def bypassed(start):
    """Start a container as a CI service does: what it does is told later, by `docker exec`."""

    def begin(image, **options):
        return start(image, "-f", "/dev/null", entrypoint="tail", init=True, **options)

    return begin


def test_a_ci_job_starts_the_pool_uses_it_and_stops_it(bypassed, image):
    running = bypassed(image)
    before = running.exec("htc-pool", "status")
    assert (before.code, before.stdout) == (1, f"{NOT_READY}\n")
    assert running.exec("htc-pool", "logs").code == 1
    assert running.output("htc-pool", "start").startswith("the pool is ready (")
    # Another `docker exec`, as each step of a job is.
    running.output("python", "-c", SUBMIT)
    assert running.output("condor_q", "-af", "Args") == "600"
    logs = running.output("htc-pool", "logs", "schedd", "master", "--lines", "3")
    assert "SchedLog" in logs
    assert "MasterLog" in logs
    assert "StartLog" not in logs
    assert running.exec("htc-pool", "logs", "nobody").code == 2
    # Starting again is no error; the pool that is there stays, and so does its queue.
    running.output("htc-pool", "start")
    running.output("htc-pool", "stop")
    assert running.exec("pgrep", "-x", "condor_schedd").code == 1
    running.output("htc-pool", "start", "--quiet")
    assert running.output("condor_q", "-af", "Args") == "600"


def test_a_command_runs_with_a_pool_that_ends_with_it(bypassed, image):
    running = bypassed(image)
    command = "condor_status -af Name; tr a-z A-Z; echo to stderr >&2; exit 37"
    ran = running.exec("sh", "-c", f"echo hello | htc-pool with -- sh -c '{command}'")
    assert (ran.code, ran.stdout, ran.stderr) == (
        37, "slot1@htc-notebook\nHELLO\n", "to stderr\n"
    )  # fmt: skip
    assert running.exec("pgrep", "-f", "supervisord|condor_").code == 1
    # The dashes may be left out.
    assert running.exec("htc-pool", "with", "no-such-program").code == 127
    assert running.exec("pgrep", "-f", "supervisord|condor_").code == 1


def test_a_pool_that_was_there_before_the_command_is_there_after_it(bypassed, default_image):
    running = bypassed(default_image)
    running.output("htc-pool", "start")
    master = running.output("pgrep", "-x", "condor_master")
    assert running.exec("htc-pool", "with", "--", "sh", "-c", "condor_q && exit 3").code == 3
    assert running.output("pgrep", "-x", "condor_master") == master


def test_a_signal_for_htc_pool_with_reaches_the_command_and_the_pool_still_ends(
    bypassed, default_image
):
    running = bypassed(default_image)
    command = (
        "trap told=told USR1; trap 'echo $told; exit 5' TERM;"
        " echo ready; while :; do sleep 0.1; done"
    )
    ended = []
    thread = threading.Thread(
        target=lambda: ended.append(running.exec("htc-pool", "with", "--", "sh", "-c", command))
    )
    thread.start()
    running.wait_until(lambda: running.exec("pgrep", "-f", "^sh -c trap").code == 0)
    for name in ("USR1", "TERM"):
        running.output("pkill", f"-{name}", "-f", "htc-pool with")
    thread.join(60)
    assert [(one.code, one.stdout) for one in ended] == [(5, "ready\ntold\n")]
    assert running.exec("pgrep", "-x", "condor_master").code == 1


def test_ctrl_c_reaches_the_command_once_and_the_pool_ends(bypassed, engine, default_image):
    running = bypassed(default_image)
    program = (
        "import signal, sys, time\n"
        "count = 0\n"
        "def note(*_):\n"
        "    global count\n"
        "    count += 1\n"
        "signal.signal(signal.SIGINT, note)\n"
        "print('terminal', sys.stdin.isatty(), flush=True)\n"
        "while not count: time.sleep(0.01)\n"
        "time.sleep(0.5)\n"
        "print('interrupted', count, flush=True)\n"
        "sys.exit(9)\n"
    )
    made = engine.api.exec_create(
        running.container.id, ["htc-pool", "with", "--", "python", "-c", program],
        tty=True, stdin=True,
    )  # fmt: skip
    stream = engine.api.exec_start(made["Id"], tty=True, socket=True)
    stream._sock.settimeout(60)
    text = b""
    try:
        while b"terminal True" not in text:
            text += (part := stream._sock.recv(4096))
            assert part, text
        stream._sock.send(b"\x03")
        while part := stream._sock.recv(4096):
            text += part
    finally:
        stream._response.close()
        stream.close()
    running.wait_until(lambda: not engine.api.exec_inspect(made["Id"])["Running"])
    assert b"interrupted 1\r\n" in text, text
    assert engine.api.exec_inspect(made["Id"])["ExitCode"] == 9
    assert running.exec("pgrep", "-x", "condor_master").code == 1


def test_a_command_is_not_run_without_the_pool_that_it_was_to_have(bypassed, default_image):
    running = bypassed(default_image)
    never = {"_CONDOR_DAEMON_LIST": "MASTER", "HTC_POOL_WAIT": "2"}
    ran = running.exec("htc-pool", "with", "--", "echo", "hello", environment=never)
    assert (ran.code, ran.stdout) == (70, ""), ran
    assert "the pool was not ready within 2 s" in ran.stderr
    assert running.exec("pgrep", "-x", "condor_master").code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: command"),
        (["restart"], "invalid choice: 'restart'"),
        (["with"], "what is to be run?"),
        (["with", "--"], "what is to be run?"),
        (["wait", "--timeout", "soon"], "'soon' is no number of seconds"),
    ],
)
def test_a_wrong_command_line_is_explained(arguments, words, inside):
    refused = inside.exec("htc-pool", *arguments)
    assert (refused.code, refused.stdout) == (2, "")
    assert words in refused.stderr
    assert refused.stderr.startswith("usage: htc-pool")


@pytest.fixture(scope="module")
def inside(start_session, default_image):
    return start_session(default_image, "-f", "/dev/null", entrypoint="tail", init=True)


def test_the_help_names_each_exit_status(inside):
    told = inside.output("htc-pool", "--help")
    for status in ("0,", "1,", "2,", "70,", "126 and 127,"):
        assert status in told


def test_who_cannot_have_a_pool_is_told_whose_it_is_or_who_could(bypassed, default_image):
    running = bypassed(default_image)
    for user, words in (
        ("0", "does not run as root or in group 0"),
        ("1000:0", "does not run as root or in group 0"),
        ("321:100", "user 321 has no name, which the pool needs"),
    ):
        for command in (["start"], ["with", "--", "echo", "hello"]):
            refused = running.exec("htc-pool", *command, user=user)
            assert refused.code == (1 if command == ["start"] else 70), refused
            assert refused.stdout == "", refused
            assert refused.stderr.startswith("htc-pool: "), refused
            assert refused.stderr.count("\n") == 1, refused
            assert words in refused.stderr, refused
    running.output("htc-pool", "start")
    for command in ("status", "stop", "wait", "logs"):
        refused = running.exec("htc-pool", command, user="0")
        assert refused.code == 1, refused
        assert "belongs to jovyan: ask as that user (docker exec --user jovyan)" in refused.stderr
    assert running.exec("htc-pool", "status").code == 0


def test_a_ci_services_own_user_who_is_nobody_in_the_image_has_a_pool(bypassed, default_image):
    running = bypassed(default_image, user="4321:100")
    ran = running.exec("htc-pool", "with", "--", "condor_status", "-af", "Name")
    assert (ran.code, ran.stdout, ran.stderr) == (0, "slot1@htc-notebook\n", "")
    running.output("htc-pool", "start")
    assert "ready" in running.output("htc-pool", "status")


def test_a_container_that_was_to_have_no_pool_gets_one_when_asked_by_hand(start, default_image):
    running = start(default_image, "sleep", "60", environment={"HTC_POOL": "none"})
    told = running.exec("htc-pool", "status")
    assert told.code == 1
    assert "HTC_POOL=none: no pool was started here" in told.stdout
    assert "ready" in running.output("htc-pool", "start")
    assert "ready" in running.output("htc-pool", "status")


def test_an_attached_container_runs_the_command_without_a_pool_of_its_own(bypassed, default_image):
    running = bypassed(default_image, environment={"_condor_SCHEDD_HOST": "ap.invalid"})
    ran = running.exec("htc-pool", "with", "--", "sh", "-c", "echo hello; exit 4")
    assert (ran.code, ran.stdout) == (4, "hello\n")
    assert "attached to the access point ap.invalid" in ran.stderr
    assert running.exec("pgrep", "condor").code == 1
    assert "attached" in running.output("htc-pool", "status")


def test_a_setting_that_cannot_be_read_is_named(inside):
    for setting in ({"HTC_POOL": "yes"}, {"HTC_POOL_DIR": "not/absolute"}):
        refused = inside.exec("htc-pool", "start", environment=setting)
        assert refused.code == 1
        assert refused.stderr.startswith(f"htc-pool: {next(iter(setting))}="), refused

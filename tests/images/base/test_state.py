"""The pool's state: kept over restarts, kills and new containers, by one at a time."""

import re
import shlex
import threading

import pytest

SUBMIT = (
    "import htcondor2, sys\n"
    "job = htcondor2.Submit({'executable': '/bin/sleep', 'transfer_executable': 'false',\n"
    "    'arguments': sys.argv[1], 'log': 'log', 'transfer_output_files': ''})\n"
    "print(htcondor2.Schedd().submit(job).cluster())\n"
)
RUNNING = "2"
HOME = "/home/jovyan"
KNOWN = "/tmp/htc-pool-jovyan"
AT_HOME = f"{HOME}/.local/state/htc-pool"
EPHEMERAL = f"the pool's state is in {KNOWN} and ends with this container: "
# Nothing beside the pool: JupyterLab takes longer to start than all of it.
IDLE = ("sleep", "infinity")


def submit(running, seconds=600):
    return running.output("python", "-c", SUBMIT, str(seconds))


def job_status(running):
    return running.exec("condor_q", "-af", "JobStatus").stdout.strip()


def starts(running):
    """Return how many times jobs have started, by what the log of the events says."""
    return len(re.findall(r"(?m)^001 \(", running.exec("cat", f"{HOME}/log").stdout))


def lines(running, word):
    """Return what the container said of a thing, without what says who says it."""
    said = running.logs().stderr.splitlines()
    return [line.removeprefix("htc: ") for line in said if word in line]


@pytest.fixture
def on_volume(volume):
    """Return the options of a container whose home outlives it."""
    return {"volumes": {volume: {"bind": HOME, "mode": "rw"}}}


def test_stopping_evicts_a_running_job_which_runs_again_in_the_next_container(
    on_volume, start, image
):
    # A place that HTCondor could not have by this name: blanks, an accent, 120 characters.
    place = f"{HOME}/é {'long ' * 20}/pool"
    options = {**on_volume, "environment": {"HTC_POOL_DIR": place}}
    first = start(image, *IDLE, **options)
    first.output("htc-pool", "wait")
    submit(first)
    first.wait_until(lambda: starts(first) == 1)
    first.stop()
    assert first.logs().code == 128 + 15, first.logs()

    second = start(image, *IDLE, **options)
    second.output("htc-pool", "wait")
    log = second.output("cat", f"{HOME}/log")
    assert re.findall(r"(?m)^(\d{3}) \(", log)[-1] != "022", log
    assert re.search(r"(?m)^004 \(", log), log
    second.wait_until(lambda: starts(second) == 2)
    assert job_status(second) == RUNNING
    assert second.output("readlink", KNOWN) == place
    assert lines(first, "state") == lines(second, "state") == []


def test_a_job_of_a_killed_container_runs_again_in_the_next_when_its_lease_is_over(
    on_volume, start, image
):
    first = start(image, *IDLE, **on_volume)
    first.output("htc-pool", "wait")
    submit(first)
    first.wait_until(lambda: starts(first) == 1)
    first.output("sh", "-c", f"cd {KNOWN}/execute/dir_* && touch left")
    first.container.kill()

    second = start(image, *IDLE, **on_volume)
    second.output("htc-pool", "wait")
    second.wait_until(lambda: starts(second) == 2, timeout=60)
    assert job_status(second) == RUNNING
    # Nothing but the job that runs now: not what the killed one left.
    (now,) = second.output("ls", f"{KNOWN}/execute").split()
    assert second.exec("ls", f"{KNOWN}/execute/{now}/left").code != 0


def test_the_queue_of_a_container_survives_its_restart_and_its_kill(start, image):
    running = start(image, *IDLE)
    running.output("htc-pool", "wait")
    submit(running)
    running.wait_until(lambda: starts(running) == 1)
    running.container.restart(timeout=10)
    running.wait_until(lambda: starts(running) == 2)
    running.container.kill()
    running.container.start()
    running.wait_until(lambda: starts(running) == 3, timeout=60)
    assert job_status(running) == RUNNING
    assert running.output("readlink", KNOWN) == AT_HOME
    assert lines(running, "state") == []


def test_of_two_containers_on_one_home_the_second_says_whose_the_queue_is(
    on_volume, start, default_image
):
    first = start(default_image, *IDLE, hostname="early", **on_volume)
    first.output("htc-pool", "wait")
    cluster = submit(first)
    second = start(default_image, *IDLE, hostname="late", **on_volume)
    second.output("htc-pool", "wait")
    (line,) = lines(second, "state")
    assert re.fullmatch(
        rf"{EPHEMERAL}{AT_HOME} is in use by the pool of container early since "
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
        line,
    )
    assert second.output("condor_q", "-af", "ClusterId") == ""
    assert first.output("condor_q", "-af", "ClusterId") == cluster
    assert lines(first, "state") == []
    first.container.kill()
    third = start(default_image, *IDLE, **on_volume)
    third.output("htc-pool", "wait")
    assert third.output("condor_q", "-af", "ClusterId") == cluster
    assert lines(third, "state") == []


def test_one_container_has_one_pool_however_often_it_is_started(start, default_image):
    running = start(default_image, "infinity", entrypoint="sleep")
    said = []
    threads = [
        threading.Thread(target=lambda: said.append(running.exec("htc-pool", "start")))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.code for result in said] == [0] * 3, said
    assert running.output("htc-launch", "condor_status", "-af", "Name") == "slot1@htc-notebook"
    assert len(running.output("pgrep", "-x", "condor_master").split()) == 1
    assert len(running.output("pgrep", "-x", "condor_schedd").split()) == 1


@pytest.mark.parametrize(
    ("directory", "options", "reason"),
    [
        ("/root/htc", {}, "/root/htc cannot be used (Permission denied)"),
        ("/var/lib", {}, "/var/lib belongs to user 0, not to this one (1000)"),
        ("/full/p", {"tmpfs": {"/full": "size=64k,uid=1000"}}, "/full/p is full"),
    ],
)
def test_a_place_that_cannot_hold_the_state_is_told_by_its_reason(
    start, default_image, directory, options, reason
):
    environment = {"HTC_POOL_DIR": directory}
    command = ("condor_q", "-af", "ClusterId")
    ended = start(default_image, *command, environment=environment, **options).wait()
    assert (ended.code, ended.stdout) == (0, ""), ended
    assert ended.stderr == f"htc: {EPHEMERAL}{reason}\n", ended


def test_what_another_user_planted_in_tmp_is_refused(start, default_image):
    planted = f"ln -s /etc {KNOWN} && exec setpriv --reuid 1000 --regid 100 --clear-groups"
    running = start(
        default_image, "-c", f"{planted} htc-launch echo hello", entrypoint="sh", user="root"
    )
    ended = running.wait()
    assert (ended.code, ended.stdout) == (0, "hello\n"), ended
    assert f"{KNOWN} belongs to user 0, not to this one (1000): it has to go" in ended.stderr


GARBAGE = "middle=$(($(wc -l < q) / 2)); sed -i ${middle}'i garbage' q"


def damage(running, script):
    """Change the queue, which nobody has open, by a shell script that knows it as q."""
    spool = shlex.quote(f"{AT_HOME}/spool")
    running.output("sh", "-c", f"cd {spool} && mv job_queue.log q && {script}; mv q job_queue.log")
    return running.output("sha256sum", f"{AT_HOME}/spool/job_queue.log").split()[0]


def kept(running):
    return running.output("sh", "-c", f"sha256sum {AT_HOME}/damaged-queue-*/job_queue.log").split()


def test_a_damaged_queue_is_kept_and_told_and_the_pool_starts_anew(on_volume, start, image):
    first = start(image, "infinity", entrypoint="sleep", **on_volume)
    first.output("htc-pool", "start")
    clusters = [int(submit(first)) for _ in range(2)]
    first.output("htc-pool", "stop")
    # What a spooled job brought.
    first.output("sh", "-c", f"mkdir {AT_HOME}/spool/2 && echo precious > {AT_HOME}/spool/2/input")
    digest = damage(first, GARBAGE)
    first.container.kill()

    second = start(image, *IDLE, **on_volume)
    second.output("htc-pool", "wait")
    (line,) = lines(second, "damaged")
    found, path = kept(second)
    assert found == digest
    assert re.fullmatch(
        rf"the queue {AT_HOME}/spool/job_queue.log is damaged \(at byte \d+ of \d+\): it is kept "
        rf"in {path.removesuffix('/job_queue.log')}, and the pool starts with an empty one",
        line,
    )
    assert second.output("condor_q", "-af", "ClusterId") == ""
    assert second.output("cat", path.replace("job_queue.log", "2/input")) == "precious"
    # No two jobs of one home have the same number.
    assert int(submit(second)) == max(clusters) + 1


def test_a_queue_that_only_the_schedd_finds_damaged_does_not_keep_the_pool_down(
    on_volume, start, image
):
    running = start(image, *IDLE, **on_volume)
    running.output("htc-pool", "wait")
    submit(running)
    running.output("htc-pool", "stop")
    digest = damage(running, """printf '105 \\n103 1.0 Foo "open\\n106 \\n' >> q""")
    running.output("htc-pool", "start")
    assert kept(running)[0] == digest
    (line,) = lines(running, "damaged")
    assert "says the schedd" in line
    assert running.output("condor_q", "-af", "ClusterId") == ""


def test_a_queue_whose_end_was_torn_off_by_a_power_cut_is_left_to_the_schedd(
    on_volume, start, image
):
    running = start(image, *IDLE, **on_volume)
    running.output("htc-pool", "wait")
    cluster = submit(running)
    running.wait_until(lambda: job_status(running) == RUNNING)
    running.output("htc-pool", "stop")
    damage(running, "printf '105 \\n103 1.0 Fo' >> q && head -c 4096 /dev/zero >> q")
    running.output("htc-pool", "start")
    assert running.output("condor_q", "-af", "ClusterId") == cluster
    assert lines(running, "damaged") == []


TINY = {
    "tmpfs": {"/tiny": "size=12m,uid=1000,mode=0700"},
    "environment": {"HTC_POOL_DIR": "/tiny/p"},
}
FILL = "head -c 100M /dev/zero > /tiny/rest"


def test_a_pool_whose_disk_fills_up_waits_for_space_and_loses_nothing(start, image):
    running = start(image, *IDLE, **TINY)
    running.output("htc-pool", "wait")
    cluster = submit(running)
    running.exec("sh", "-c", FILL)
    refusals = []

    def is_told():
        # The last page of a log may still have room for one.
        asked = running.exec("python", "-c", "import htmap; htmap.map(str, [1])")
        refusals.extend(asked.stderr.splitlines()[-1:])
        return lines(running, "full")

    running.wait_until(is_told, timeout=60)
    assert refusals
    assert all(line.startswith("htmap.exceptions.") for line in refusals), refusals
    # By the schedd, which ends first, and perhaps by the master too.
    told = {"/tiny/p is full: the pool starts when there is space again"}
    assert set(lines(running, "full")) == told
    assert running.exec("htc-pool", "status").code == 1
    running.output("rm", "/tiny/rest")
    running.output("htc-pool", "wait")
    assert cluster in running.output("condor_q", "-af", "ClusterId").split()
    assert int(submit(running)) > int(cluster)


def test_a_disk_that_is_full_at_the_start_is_told(start, default_image):
    running = start(
        default_image, "-c", f"{FILL}; exec htc-launch sleep infinity", entrypoint="sh", **TINY
    )
    running.output("htc-pool", "wait")
    assert lines(running, "full") == [f"{EPHEMERAL}/tiny/p is full"]


def test_a_file_system_behind_fuse_is_not_trusted_with_the_queue(start, test_image):
    mount = "mkdir /real /home/alice && chown 1000:100 /real && bindfs /real /home/alice"
    become = "exec setpriv --reuid 1000 --regid 100 --clear-groups"
    running = start(
        test_image,
        "-c",
        f"{mount} && {become} htc-launch sleep infinity",
        entrypoint="sh",
        user="root",
        environment={"HOME": "/home/alice"},
        devices=["/dev/fuse"],
        cap_add=["SYS_ADMIN"],
        security_opt=["apparmor=unconfined"],
    )
    running.output("htc-pool", "wait", user="1000:100")
    (line,) = lines(running, "state")
    assert line.startswith(
        f"{EPHEMERAL}/home/alice/.local/state/htc-pool is on a file system (fuse, mounted at "
        "/home/alice) on which no queue is safe"
    )
    assert running.output("ls", "-A", "/real", user="root") == ""


def test_no_log_grows_beyond_a_megabyte_and_what_was_in_it_before(start, default_image):
    running = start(default_image, *IDLE)
    running.output("htc-pool", "wait")
    names = ("CollectorLog", "MasterLog", "NegotiatorLog", "SchedLog", "StartLog")
    for name in names:
        running.output("sh", "-c", f"yes full | head -c 1100000 >> {KNOWN}/log/{name}")
    running.output("condor_reconfig")
    old = [f"{KNOWN}/log/{name}.old" for name in names]
    running.wait_until(lambda: running.exec("ls", *old).code == 0)
    assert running.output("find", f"{KNOWN}/log", "-size", "+1200k", "-o", "-name", "*.old.*") == ""
    assert running.output("condor_config_val", "MAX_HISTORY_LOG") == "10000000"

"""What an administrator's hooks do: those of jupyter/docker-stacks, by the same names."""

import shlex

import pytest

BEFORE_THE_USER = "/usr/local/bin/start-notebook.d"
BEFORE_THE_COMMAND = "/usr/local/bin/before-notebook.d"
NO_POOL = {"HTC_POOL": "none"}
STEPS = {**NO_POOL, "JUPYTER_DOCKER_STACKS_QUIET": "no"}


@pytest.fixture
def run(start, default_image):
    """Return a function that runs a command in a container with hooks and waits for its end.

    ``hooks`` are the texts by path; a path that does not end in ``.sh`` or ``.txt`` is made
    executable. The container's user is ``user``.
    """

    def run(
        hooks, command, *, user="1000:100", may_say="^ERROR: .*continuing", environment=NO_POOL
    ):
        lines = []
        for path, text in hooks.items():
            mode = 644 if path.endswith((".sh", ".txt")) else 755
            lines.append(f"printf %s {shlex.quote(text)} > {path} && chmod {mode} {path}")
        uid, _, gid = user.partition(":")
        become = f"setpriv --reuid {uid} --regid {gid} --clear-groups -- " if gid else ""
        lines.append(f"exec {become}start.sh {command}")
        entrypoint = ["tini", "-g", "--", "sh", "-c", "\n".join(lines)]
        options = {"user": "root", "environment": environment, "may_say": may_say}
        return start(default_image, entrypoint=entrypoint, **options).wait()

    return run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "ERROR: Should pass exactly one directory"),
        ("/tmp /tmp", "ERROR: Should pass exactly one directory"),
        ("/no/such", "ERROR: Directory /no/such doesn't exist or is not a directory"),
        ("/etc/passwd", "ERROR: Directory /etc/passwd doesn't exist or is not a directory"),
    ],
)
def test_wrong_use_of_run_hooks_is_told(run, arguments, said):
    for how in ("run-hooks.sh", "source run-hooks.sh"):
        script = f"{how} {arguments}; echo $?"
        ended = run({}, f"bash -c {shlex.quote(script)}", may_say="^ERROR: ")
        assert (ended.stdout, ended.stderr) == ("1\n", f"{said}\n"), ended


def test_folders_without_hooks_change_and_say_nothing(run):
    assert run({}, "echo mine").stderr == ""
    ended = run({}, "echo mine", environment=STEPS)
    assert f"Running hooks in: {BEFORE_THE_USER} as uid: 1000 gid: 100\n" in ended.stderr
    assert f"Done running hooks in: {BEFORE_THE_COMMAND}\n" in ended.stderr


def test_scripts_are_sourced_programs_run_and_the_rest_left_alone_in_the_order_of_names(run):
    say = 'echo "$(basename "$0")" >&2; export SEEN="${{SEEN}}{}"'
    hooks = {f"{BEFORE_THE_USER}/{name}": say.format(name[0]) for name in ("1.sh", "3.sh", "2.txt")}
    hooks[f"{BEFORE_THE_USER}/2-run"] = f"#!/bin/sh\n{say.format('not mine')}"
    hooks[f"{BEFORE_THE_COMMAND}/0.sh"] = say.format(0)
    ended = run(hooks, "printenv SEEN")
    assert ended.stdout == "130\n", ended
    assert ended.stderr.splitlines() == [
        f"Sourcing shell script: {BEFORE_THE_USER}/1.sh",
        "start.sh",
        f"Running executable: {BEFORE_THE_USER}/2-run",
        "2-run",
        f"Ignoring non-executable: {BEFORE_THE_USER}/2.txt",
        f"Sourcing shell script: {BEFORE_THE_USER}/3.sh",
        "start.sh",
        f"Sourcing shell script: {BEFORE_THE_COMMAND}/0.sh",
        "start.sh",
    ]


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [
        ("5-run", "#!/bin/sh\nexit 3", 3),
        ("5-run", "#!/no/such/interpreter", 127),
        ("5.sh", "return 3", 3),
        ("5.sh", "export KEPT=yes; exit 3", 3),
        ("5.sh", "export KEPT=yes; set -e; false; exit 0", 1),
        ("5.sh", "export KEPT=yes; set -u; echo $NO_SUCH", 1),
        ("5.sh", "if then", 2),
    ],
)
@pytest.mark.parametrize("user", ["1000:100", "root"])
def test_a_hook_that_fails_is_told_and_survived(run, user, name, text, status):
    count = "echo once >> /tmp/count; export AROUND=${{AROUND}}{}"
    hooks = {
        f"{BEFORE_THE_USER}/4.sh": count.format(4),
        f"{BEFORE_THE_USER}/{name}": text,
        f"{BEFORE_THE_USER}/6.sh": count.format(6),
        f"{BEFORE_THE_COMMAND}/7.sh": count.format(7),
    }
    ended = run(hooks, "sh -c 'echo $AROUND $KEPT $PATH; wc -l < /tmp/count'", user=user)
    path = "/opt/htc/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    around = "467 yes" if "KEPT" in text else "467"
    assert ended.stdout.splitlines() == [f"{around} {path}", "3"], ended
    told = [line for line in ended.stderr.splitlines() if line.startswith("ERROR")]
    assert len(told) == 1, ended
    assert told[0].startswith(f"ERROR: {BEFORE_THE_USER}/{name} has failed, continuing execution")
    assert f"exit status {status})" in told[0]


def test_what_one_hook_sets_for_its_shell_is_not_the_next_ones(run):
    hooks = {
        f"{BEFORE_THE_USER}/1.sh": "set -eux; true",
        f"{BEFORE_THE_USER}/2.sh": "false; echo $NO_SUCH > /dev/null; export REACHED=yes",
    }
    ended = run(hooks, "printenv REACHED")
    assert ended.stdout == "yes\n", ended
    assert ended.stderr.count("+ ") == 1, ended


def test_root_runs_the_first_hooks_before_and_the_second_after_the_user_is_made(run):
    say = 'export {0}="$(id -u):$HOME:$(id -u alice 2> /dev/null):${{{0}_SECRET}}"'
    hooks = {
        f"{BEFORE_THE_USER}/1.sh": f"{say.format('FIRST')}; export NB_UID=4321",
        f"{BEFORE_THE_COMMAND}/1.sh": f"{say.format('SECOND')}; PATH=$PATH:/mine",
    }
    environment = {**NO_POOL, "NB_USER": "alice", "FIRST_SECRET": "a", "SECOND_SECRET": "b",
                   "JUPYTER_ENV_VARS_TO_UNSET": "FIRST_SECRET,SECOND_SECRET"}  # fmt: skip
    ended = run(hooks, "sh -c 'id -u; echo $FIRST; echo $SECOND; echo $PATH; env | grep -c SECRET'",
                user="root", environment=environment)  # fmt: skip
    path = "/opt/htc/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/mine"
    assert ended.stdout.splitlines() == [
        "4321", "0:/home/jovyan::a", "0:/home/alice:4321:b", path, "0",
    ], ended  # fmt: skip


def test_what_a_hook_exports_reaches_the_pool_and_not_only_the_command(run):
    hooks = {f"{BEFORE_THE_COMMAND}/1.sh": "export _CONDOR_NUM_CPUS=3"}
    ended = run(hooks, "condor_status -af TotalCpus", environment={})
    assert ended.stdout.strip() == "3.0", ended


def test_a_container_that_is_stopped_during_a_hook_ends(start, default_image):
    script = (
        f"echo 'exec 3<> /dev/null; sleep 600' > {BEFORE_THE_USER}/1.sh; exec start.sh echo ran"
    )
    running = start(default_image, entrypoint=["tini", "-g", "--", "sh", "-c", script], user="root")
    running.wait_until(lambda: running.exec("pgrep", "-x", "sleep").code == 0)
    assert running.stop() < 8
    ended = running.logs()
    assert (ended.code, ended.stdout) == (143, ""), ended


def test_fix_permissions_opens_directories_to_the_group_and_touches_nothing_else(
    start, default_image
):
    script = (
        "umask 077; mkdir -p d/inner; touch d/file d/inner/program d/right\n"
        "chmod 700 d/inner/program; chgrp 100 d/right; chmod 660 d/right\n"
        "ln -s /etc/passwd d/link; touch -d @0 stamp; before=$(stat -c %Z d/right)\n"
        "fix-permissions d; stat -c '%n %A %g' d d/inner d/file d/inner/program\n"
        "stat -c '%A %g' /etc/passwd; fix-permissions d; [ $(stat -c %Z d/right) = $before ]\n"
        "NB_GID=50 fix-permissions d; stat -c %g d/file; fix-permissions; echo $?"
    )
    ended = start(default_image, entrypoint=["sh", "-c", script], user="root",
                  working_dir="/srv", environment={"NB_GID": ""}).wait()  # fmt: skip
    assert ended.stdout.splitlines() == [
        "d drwxrws--- 100",
        "d/inner drwxrws--- 100",
        "d/file -rw-rw---- 100",
        "d/inner/program -rwxrwx--- 100",
        "-rw-r--r-- 0",
        "50",
        "2",
    ], ended
    assert ended.stderr == "fix-permissions: name the directories\n"

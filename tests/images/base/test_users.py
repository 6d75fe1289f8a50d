"""Who runs in a container, and as whom its pool runs jobs: what jupyter/docker-stacks promises."""

import re

import pytest
from jobs import ONE_JOB

#: What is asked here needs no pool.
NO_POOL = {"HTC_POOL": "none"}
WHO = (
    'echo "$(id -un) $(id -u) $(id -g) $HOME $USER $LOGNAME $PWD"; getent passwd "$(id -un)"; id -G'
)
ALICE = {"NB_USER": "alice", "NB_UID": "1234", "NB_GID": "5555"}


@pytest.fixture
def run(start, default_image):
    """Return a function that runs a shell command as root's, or ``user``'s, container and waits."""

    def run(script, environment=None, *, user="root", may_say="", **options):
        environment = {**NO_POOL, **(environment or {})}
        command = ("sh", "-c", script)
        options |= {"environment": environment, "user": user, "may_say": may_say}
        return start(default_image, *command, **options).wait()

    return run


@pytest.fixture
def prepare(start, default_image):
    """Return a function that runs a shell command as root, with nothing of ours before it."""

    def prepare(script, **options):
        done = start(default_image, entrypoint=["sh", "-c", script], user="root", **options).wait()
        assert done.code == 0, done

    return prepare


def mounted(volume, place, mode="rw"):
    return {"volumes": {volume: {"bind": place, "mode": mode}}}


def test_a_container_started_as_root_runs_its_command_as_jovyan_and_says_nothing(run):
    ended = run(WHO)
    assert ended.stdout.splitlines() == [
        "jovyan 1000 100 /home/jovyan jovyan jovyan /home/jovyan",
        "jovyan:x:1000:100::/home/jovyan:/bin/bash",
        "100",
    ], ended
    assert ended.stderr == ""


def test_nb_uid_gives_the_user_another_number_and_the_home_to_it(run):
    ended = run(f"{WHO}; stat -c %u ~ ~/.bashrc", {"NB_UID": "1010"})
    assert ended.stdout.splitlines() == [
        "jovyan 1010 100 /home/jovyan jovyan jovyan /home/jovyan",
        "jovyan:x:1010:100::/home/jovyan:/bin/bash",
        "100",
        "1010",
        "1010",
    ], ended


def test_nb_gid_gives_the_user_another_group_beside_users_and_nb_group_names_it(run):
    ended = run("id -gn; id -Gn; touch ~/mine /opt/htc/mine && echo both", {"NB_GID": "1110"})
    assert ended.stdout.splitlines() == ["jovyan", "jovyan users", "both"], ended
    ended = run("id -gn", {"NB_GID": "1110", "NB_GROUP": "physics"})
    assert ended.stdout == "physics\n", ended


def test_a_group_that_the_image_has_keeps_its_name(run):
    # 20 is the first group on a Mac.
    ended = run("id -gn; id -G", {"NB_GID": "20"})
    assert ended.stdout.splitlines() == ["dialout", "20 100"], ended
    ended = run("id -gn", {"NB_GID": "20", "NB_GROUP": "staff"}, may_say="NB_GROUP=staff")
    assert ended.stdout == "dialout\n", ended
    assert "NB_GROUP=staff: group 20 is called dialout" in ended.stderr


def test_nb_user_renames_the_user_who_finds_the_home_under_the_new_name(run):
    ended = run(f"{WHO}; stat -c '%U %G' ~ ~/.bashrc", ALICE)
    assert ended.stdout.splitlines() == [
        "alice 1234 5555 /home/alice alice alice /home/alice",
        "alice:x:1234:5555::/home/alice:/bin/bash",
        "5555 100",
        "alice alice",
        "alice alice",
    ], ended
    assert len(ended.stderr.splitlines()) == 2, ended
    only_the_name = run(f"{WHO}; stat -c '%U %G' ~", {"NB_USER": "kitten"})
    assert only_the_name.stdout.splitlines() == [
        "kitten 1000 100 /home/kitten kitten kitten /home/kitten",
        "kitten:x:1000:100::/home/kitten:/bin/bash",
        "100",
        "kitten users",
    ], only_the_name


def test_a_working_directory_in_the_old_home_is_the_same_one_in_the_new(run):
    ended = run("pwd; stat -c %U .", ALICE, working_dir="/home/jovyan/data/deep")
    assert ended.stdout.splitlines() == ["/home/alice/data/deep", "alice"], ended


def test_a_home_that_the_engine_made_for_the_working_directory_becomes_the_users(run):
    ended = run("pwd; stat -c %U . .bashrc", ALICE, working_dir="/home/alice")
    assert ended.stdout.splitlines() == ["/home/alice", "alice", "alice"], ended


def test_what_is_mounted_in_the_old_home_is_neither_copied_nor_deleted(volume, run, prepare):
    mount = mounted(volume, "/home/jovyan/data")
    prepare("touch data/kept", **mount)
    ended = run("ls -A /home/jovyan/data /home/alice/data", ALICE, **mount)
    assert ended.stdout.split() == ["/home/alice/data:", "/home/jovyan/data:", "kept"], ended


def test_a_volume_over_the_old_home_is_left_to_it_and_the_user_is_told_where_to_mount_it(
    volume, run, prepare
):
    mount = mounted(volume, "/home/jovyan")
    prepare("touch kept", **mount)
    ended = run("ls -A /home/jovyan /home/alice", ALICE, may_say="mount it at /home/alice", **mount)
    assert ended.stdout.count("kept") == 1, ended
    assert "mount it at /home/alice" in ended.stderr


def test_a_home_elsewhere_that_a_spawner_mounts_is_taken_as_it_is(volume, run, prepare):
    mount = mounted(volume, "/data/alice")
    # The engine gives an empty volume an owner anew.
    prepare("touch /data/alice/kept && chown -R 1234:5555 /data/alice", **mount)
    ended = run(WHO, {**ALICE, "HOME": "/data/alice"}, working_dir="/data/alice", **mount)
    assert ended.stdout.splitlines()[:2] == [
        "alice 1234 5555 /data/alice alice alice /data/alice",
        "alice:x:1234:5555::/data/alice:/bin/bash",
    ], ended
    assert "Making" not in ended.stderr


@pytest.mark.parametrize(
    ("options", "inner"), [({}, "0:0"), ({"CHOWN_HOME_OPTS": "-R"}, "1234:5555")]
)
def test_chown_home_gives_the_user_a_mounted_home(volume, run, prepare, options, inner):
    mount = mounted(volume, "/home/alice")
    prepare("mkdir /home/alice/inner", **mount)
    ended = run("stat -c %u:%g . inner", {**ALICE, "CHOWN_HOME": "yes", **options}, **mount)
    assert ended.stdout.splitlines() == ["1234:5555", inner], ended


def test_chown_extra_gives_the_user_more_directories(run):
    extra = {"CHOWN_EXTRA": "/srv,/opt,/no/such", "CHOWN_EXTRA_OPTS": "-R -v"}
    ended = run("stat -c %u:%g /srv /opt /opt/htc", {**ALICE, **extra}, may_say="chown: .*/no/such")
    assert ended.stdout.splitlines() == ["1234:5555"] * 3, ended
    assert "Ensuring /srv is owned by 1234:5555 (chown options: -R -v)" in ended.stderr
    assert len(re.findall("(?m)^WARNING: chown: .*'/no/such'", ended.stderr)) == 1, ended


@pytest.mark.parametrize("setting", ["yes", "1"])
def test_grant_sudo_lets_the_user_be_root_and_find_our_python(run, setting):
    ended = run("sudo id -u; sudo which python; id -u", {**ALICE, "GRANT_SUDO": setting})
    assert ended.stdout.split() == ["0", "/opt/htc/bin/python", "1234"], ended


def test_without_it_sudo_gives_nobody_any_right(run):
    for user in ("root", "1000:100"):
        ended = run("sudo -n id -u || which python", user=user)
        assert ended.stdout == "/opt/htc/bin/python\n", ended


def test_the_groups_that_the_engine_was_told_to_add_stay_but_not_roots(run):
    assert run("id -G", group_add=["7777", "0"]).stdout.split() == ["100", "7777"]
    ended = run("id -G", user="1010:1010", group_add=["users"], may_say="no write")
    assert sorted(ended.stdout.split()) == ["100", "1010"], ended
    # The environment and the home are the group's.
    ended = run("touch ~/mine /opt/htc/mine && echo both", user="1010:100")
    assert (ended.stdout, ended.stderr) == ("both\n", ""), ended


@pytest.mark.parametrize("user", ["root", "1000:100"])
def test_secrets_are_unset_before_anything_of_the_users_starts(start, image, user):
    environment = {"SECRET_ONE": "of-a-hub", "SECRET.TWO": "of-a-hub", "OTHER": "shown",
                   "JUPYTER_ENV_VARS_TO_UNSET": "SECRET_ONE, SECRET.TWO"}  # fmt: skip
    running = start(image, "sleep", "infinity", user=user, environment=environment)
    running.wait_until(lambda: running.exec("pgrep", "-x", "condor_schedd").code == 0)
    programs = "sleep|condor_master|supervisord|htc-launch"
    read = f"cat $(pgrep -x '{programs}' | sed 's,.*,/proc/&/environ,')"
    seen = running.output("sh", "-c", read, user="1000:100")
    assert "OTHER=shown" in seen
    assert "of-a-hub" not in seen
    assert "JUPYTER_ENV_VARS_TO_UNSET" not in seen


def test_nb_umask_is_the_commands_umask(run):
    for user in ("root", "1000:100"):
        assert run("umask", {"NB_UMASK": "007"}, user=user).stdout == "0007\n"
    ended = run("umask", {"NB_UMASK": "0o22"}, may_say="NB_UMASK")
    assert ended.stdout == "0022\n", ended
    assert "NB_UMASK='0o22' is no octal number" in ended.stderr


def test_the_three_settings_of_a_rootless_engine_keep_root(run):
    root = {"NB_USER": "root", "NB_UID": "0", "NB_GID": "0", "HTC_POOL": ""}
    ended = run(f"{WHO}; stat -c %u ~/.bashrc", root)
    assert ended.stdout.splitlines() == [
        "root 0 0 /home/root root root /home/root",
        "root:x:0:0:root:/home/root:/bin/bash",
        "0",
        "0",
    ], ended
    assert len(re.findall("does not run as root", ended.stderr)) == 1, ended


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"NB_UID": "abc"}, "NB_UID='abc' is no number"),
        ({"NB_GID": "-1"}, "NB_GID='-1' is no number"),
        ({"NB_UID": "4294967295"}, "NB_UID='4294967295' is no number"),
        ({"NB_USER": "a b"}, "NB_USER='a b' is no name"),
        ({"NB_USER": "../etc"}, "NB_USER='../etc' is no name"),
        ({"NB_USER": "a\nb"}, "NB_USER=$'a\\nb' is no name"),
        ({"NB_GROUP": "a:b"}, "NB_GROUP='a:b' is no name"),
        ({"NB_UID": "33"}, "NB_UID=33 is www-data in this image"),
        ({"NB_USER": "condor"}, "NB_USER=condor is user 100 in this image, not 1000"),
        ({"NB_GID": "1234", "NB_GROUP": "games"}, "NB_GROUP=games is group 60 in this image"),
        ({"HOME": "/home/a:b"}, "HOME='/home/a:b' is no path"),
        ({"NB_UID": "0"}, "to stay root takes NB_USER=root, NB_UID=0 and NB_GID=0"),
        ({"NB_USER": "root"}, "to stay root takes NB_USER=root, NB_UID=0 and NB_GID=0"),
    ],
)
def test_a_user_that_cannot_be_made_is_told_in_one_line_and_nothing_runs(run, environment, said):
    ended = run("echo ran", environment, may_say="^ERROR: ")
    assert (ended.code, ended.stdout) == (1, ""), ended
    assert ended.stderr.startswith("ERROR: "), ended
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1, ended


def test_an_entry_that_cannot_be_changed_is_used_as_it_is(run):
    # As where the machine's own /etc/passwd is mounted.
    mounts = {"read_only": True, "tmpfs": {"/tmp": ""}, "may_say": "mkdir|no write access"}
    ended = run("id -un; id -g", {"NB_USER": "condor", "NB_UID": "100"}, **mounts)
    assert ended.stdout.split() == ["condor", "100"], ended


def test_starting_again_finds_the_user_already_made(start, default_image):
    running = start(default_image, "sh", "-c", f"{WHO}; touch new",
                    user="root", environment={**NO_POOL, **ALICE, "GRANT_SUDO": "yes"})  # fmt: skip
    first = running.wait()
    running.container.start()
    again = running.wait()
    assert again.code == 0, again
    assert again.stdout == first.stdout * 2
    assert again.stderr.replace(first.stderr, "", 1) == "Granting alice passwordless sudo rights\n"


def test_start_sh_in_the_command_as_well_is_told_and_harmless(run):
    ended = run(
        "start.sh id -u", {"NB_UID": "1010"}, may_say="^WARNING: start.sh is the entrypoint"
    )
    assert ended.stdout == "1010\n", ended
    assert ended.stderr.count("WARNING") == 1, ended


def test_start_sh_first_in_the_command_is_taken_away(start, default_image):
    begun = start(default_image, "start.sh", "id", "-u", user="root", environment=NO_POOL,
                  may_say="^WARNING: start.sh is the entrypoint").wait()  # fmt: skip
    assert (begun.stdout, begun.stderr.count("\n")) == ("1000\n", 1), begun


def test_without_a_command_start_sh_gives_a_shell(start, default_image):
    entrypoint = ["tini", "-g", "--", "start.sh"]
    running = start(default_image, entrypoint=entrypoint, environment=NO_POOL, tty=True)
    running.wait_until(lambda: running.exec("pgrep", "-ax", "bash").stdout.endswith(" bash\n"))


def test_what_it_says_is_on_standard_error_and_quiet_leaves_only_trouble(run):
    settings = {**ALICE, "NB_UMASK": "x"}
    counts = []
    for quiet in ({"JUPYTER_DOCKER_STACKS_QUIET": "1"}, {}, {"JUPYTER_DOCKER_STACKS_QUIET": "no"}):
        ended = run("echo mine", {**settings, **quiet}, may_say="^WARNING: NB_UMASK")
        assert ended.stdout == "mine\n", ended
        assert "WARNING: NB_UMASK='x'" in ended.stderr
        counts.append(len(ended.stderr.splitlines()))
    assert counts[0] == 1, counts
    assert counts == sorted(set(counts)), counts
    assert "Entered start.sh with args: sh -c echo mine" in ended.stderr
    assert "Executing the command: sh -c echo mine" in ended.stderr


def test_warnings_are_coloured_on_a_terminal_unless_no_color_is_set(run):
    bad = {"NB_UMASK": "x"}
    assert "\x1b[33mWARNING: NB_UMASK" in run("true", bad, tty=True).stdout
    plain = run("true", {**bad, "NO_COLOR": "1"}, tty=True, may_say="NB_UMASK")
    assert "\x1b" not in plain.stdout, plain


def test_root_runs_nothing_that_the_user_can_write(start, default_image):
    running = start(default_image, "sleep", "infinity", user="root", environment=ALICE)
    running.wait_until(lambda: running.exec("condor_q", user="1234").code == 0)
    plant = (
        "for name in tini start.sh run-hooks.sh bash env id setpriv getent chown stat sleep; do\n"
        "  printf '#!/bin/sh\\n/usr/bin/id -u >> /tmp/ran\\n/usr/bin/sleep 600\\n'"
        " > /opt/htc/bin/$name && chmod +x /opt/htc/bin/$name || exit\n"
        "done"
    )
    running.output("/bin/sh", "-c", plant, user="1234:100")
    running.container.restart(timeout=10)
    # The command itself is looked up in the user's path, by the user.
    running.wait_until(lambda: running.exec("/bin/cat", "/tmp/ran").stdout)
    assert set(running.output("/bin/cat", "/tmp/ran").split()) == {"1234"}


# --- Not root.


@pytest.mark.parametrize(
    ("user", "options", "name", "home"),
    [
        ("5000:100", {}, "user5000", "/home/jovyan"),
        ("5000:5000", {"group_add": ["users"]}, "user5000", "/home/jovyan"),
        ("1010:1010", {"environment": {"NB_USER": "kitten"}}, "kitten", "/tmp/htc-home-1010"),
        ("1000680000:100", {}, "user1000680000", "/home/jovyan"),
    ],
)
@pytest.mark.children
def test_any_user_gets_a_name_a_home_and_a_pool(start, image, user, options, name, home):
    script = f'{WHO}; exec python -c "$0" "id -un; id -u"'
    # Without the names of the hooks that an image has.
    quiet = {"JUPYTER_DOCKER_STACKS_QUIET": "1", **options.get("environment", {})}
    options = {**options, "environment": quiet, "user": user, "may_say": "no write access"}
    running = start(image, "sh", "-c", script, ONE_JOB, **options)
    ended = running.wait()
    uid, gid = user.split(":")
    assert ended.stdout.splitlines()[:2] == [
        f"{name} {uid} {gid} {home} {name} {name} {home}",
        f"{name}:x:{uid}:{gid}::{home}:/bin/bash",
    ], ended
    assert ended.stdout.splitlines()[3:] == [name, uid], ended
    assert len(ended.stderr.splitlines()) == (home != "/home/jovyan"), ended


def test_a_user_below_500_is_told_that_there_can_be_no_name(run):
    ended = run("id -u", user="101:100", may_say="has no name")
    assert ended.stdout == "101\n", ended
    assert "WARNING: user 101 has no name" in ended.stderr


def test_the_file_of_names_cannot_be_another_users(volume, run):
    mount = mounted(volume, "/tmp")
    preempted = run(
        "stat -c %U /tmp/htc-passwd; mv -f ~/.profile /tmp/htc-passwd || echo refused", **mount
    )
    assert preempted.stdout.split() == ["root", "refused"], preempted
    ended = run("id -u", user="5000:100", may_say="has no name", **mount)
    assert ended.stdout == "5000\n", ended
    assert "/tmp/htc-passwd is another user's" in ended.stderr
    # A user of the file below 500, root most of all, is none.
    forged = "echo 'eve:x:0:0::/:/bin/sh' >> /tmp/htc-passwd; getent passwd eve || echo none"
    assert run(forged, user="5000:100").stdout == "none\n"


def test_settings_that_take_root_are_told_one_line_each(run):
    settings = {
        **ALICE,
        "NB_GROUP": "x",
        "CHOWN_HOME": "yes",
        "CHOWN_EXTRA": "/srv",
        "GRANT_SUDO": "1",
    }
    ended = run("id -u", settings, user="1000:100", may_say="must be started as root")
    assert ended.stdout == "1000\n", ended
    told = re.findall(r"(?m)^WARNING: (\w+)=.* must be started as root", ended.stderr)
    assert sorted(told) == sorted(settings), ended
    assert len(ended.stderr.splitlines()) == len(settings), ended
    # What is so already needs nobody.
    own = {"NB_USER": "kitten", "NB_UID": "5000", "NB_GID": "100"}
    assert run("id -un", own, user="5000:100").stdout == "kitten\n"
    assert run("id -un", {"GRANT_SUDO": "no"}, user="1000:100").stderr == ""


def test_group_0_is_told_in_one_line_and_the_command_runs(start, image):
    running = start(
        image, "sh", "-c", "id -u; touch ~/mine && echo wrote", user="5000", group_add=["100"]
    )
    ended = running.wait()
    assert ended.stdout.split() == ["5000", "wrote"], ended
    assert len(ended.stderr.splitlines()) == 1, ended
    assert "in group 0" in ended.stderr


@pytest.mark.parametrize(
    ("user", "environment", "as_user"),
    [
        ("1000:100", {}, ""),
        ("5000:100", {}, ""),
        ("root", ALICE, "alice"),
        ("root", {**ALICE, "NB_USER": "Alice.Smith"}, "Alice.Smith"),
    ],
)
def test_docker_exec_finds_the_pool_which_runs_jobs_as_the_user(
    start, image, user, environment, as_user
):
    running = start(image, "sleep", "infinity", user=user, environment=environment)
    who = {"user": as_user} if as_user else {}
    running.wait_until(lambda: running.exec("condor_q", **who).code == 0)
    running.output("htc-pool", "wait", **who)
    job = running.output("python", "-c", ONE_JOB, "id -u", workdir="/tmp", **who)
    assert job == running.output("id", "-u", **who)

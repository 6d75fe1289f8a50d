"""Containers with few rights, networks or places to write: what still works, or what is said."""

import pytest
from jobs import ONE_JOB

JOB = ("python", "-c", ONE_JOB, "id -u")
# A resolver of an address for documentation: nobody answers there.
DEAF = {"dns": ["192.0.2.1"]}
HARDENED = {"security_opt": ["no-new-privileges"], "cap_drop": ["ALL"]}
# The engine gives a tmpfs the mode that the image's directory has, and to root.
READ_ONLY = {"read_only": True, "tmpfs": {"/tmp": "", "/home/jovyan": "gid=100"}}
NO_NETWORK = {"network_mode": "none"}
IS_UP = (
    "import urllib.request\n"
    "print(urllib.request.urlopen('http://127.0.0.1:8888/api', timeout=5).status)"
)


@pytest.mark.parametrize(
    ("options", "uid"),
    [
        (HARDENED, "1000"),
        (READ_ONLY, "1000"),
        (NO_NETWORK, "1000"),
        (DEAF, "1000"),
        ({**HARDENED, **READ_ONLY, **NO_NETWORK, "user": "5000:100"}, "5000"),
        ({**HARDENED, "user": "1010:1010", "group_add": ["users"]}, "1010"),
        ({"user": "root", "security_opt": ["no-new-privileges"]}, "1000"),
        ({"user": "root", "cap_drop": ["ALL"], "cap_add": ["SETUID", "SETGID"]}, "1000"),
        ({"user": "root", **READ_ONLY}, "1000"),
    ],
    ids=[
        "no rights", "read-only", "no network", "deaf resolver", "all of it, any user",
        "no rights, any user and group", "root, no new privileges",
        "root, two capabilities", "root, read-only",
    ],
)  # fmt: skip
def test_the_pool_runs_jobs_as_the_user_with(start, image, options, uid):
    ended = start(image, *JOB, **options).wait()
    assert (ended.code, ended.stdout, ended.stderr) == (0, f"{uid}\n", ""), ended


@pytest.mark.children
def test_jupyter_and_the_pool_start_with_next_to_nothing_allowed(start, image):
    options = {**HARDENED, **READ_ONLY, **NO_NETWORK, "user": "5000:100"}
    running = start(image, **options)
    running.wait_until(lambda: running.exec("python", "-c", IS_UP).stdout == "200\n", timeout=90)
    running.output("htc-pool", "wait")
    assert running.output(*JOB, workdir="/tmp") == "5000"


def test_root_without_capabilities_is_told_what_it_needs(start, default_image):
    ended = start(default_image, "id", user="root", cap_drop=["ALL"], may_say="^ERROR").wait()
    assert (ended.code, ended.stdout, ended.stderr.count("\n")) == (1, "", 1), ended
    assert "capabilities SETUID and SETGID" in ended.stderr
    assert "--user 1000:100" in ended.stderr
    few = {"cap_drop": ["ALL"], "cap_add": ["SETUID", "SETGID"], "may_say": "^ERROR"}
    ended = start(default_image, "id", user="root", environment={"NB_UID": "1234"}, **few).wait()
    assert (ended.code, ended.stdout, ended.stderr.count("\n")) == (1, "", 1), ended
    assert "CHOWN, DAC_OVERRIDE and FOWNER" in ended.stderr


def test_another_user_on_a_read_only_system_is_made_as_far_as_that_goes(start, default_image):
    ended = start(default_image, *JOB, user="root", environment={"NB_UID": "1234"},
                  may_say="/etc/passwd cannot be written", **READ_ONLY).wait()  # fmt: skip
    assert (ended.code, ended.stdout) == (0, "1234\n"), ended
    assert ended.stderr.count("\n") == 1, ended


@pytest.fixture
def closed_home(volume, start, default_image):
    """Return the options of a container whose home is another user's, as on a file server."""
    mount = {"volumes": {volume: {"bind": "/home/jovyan", "mode": "rw"}}}
    script = "touch /home/jovyan/kept; chown -R 4444:4444 /home/jovyan; chmod 700 /home/jovyan"
    start(default_image, entrypoint=["sh", "-c", script], user="root", **mount).wait()
    return mount


@pytest.mark.parametrize(
    ("options", "who"),
    [
        ({}, "user 1000:100"),
        # A file server that trusts no container's root, nor who comes without being the owner.
        ({"user": "root", "cap_drop": ["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER"]},
         "user 1000:100"),
    ],
    ids=["user", "root"],
)  # fmt: skip
def test_a_home_that_cannot_be_written_is_told_and_jupyter_starts(
    closed_home, start, default_image, options, who
):
    running = start(default_image, **closed_home, **options, may_say="no write access")
    running.wait_until(lambda: running.exec("python", "-c", IS_UP).stdout == "200\n", timeout=90)
    told = [line for line in running.logs().stderr.splitlines() if line.startswith("WARNING")]
    assert len(told) == 1, told
    assert f"no write access to /home/jovyan for {who}: home is /tmp/htc-home-1000" in told[0]
    assert "CHOWN_HOME=yes" in told[0]
    assert (
        running.output("stat", "-c", "%a %u", "/tmp/htc-home-1000", user="1000:100") == "700 1000"
    )
    running.output("htc-pool", "wait", user="1000:100")


def test_chown_home_that_a_file_server_refuses_is_told(closed_home, start, default_image):
    refused = {"cap_drop": ["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER"]}
    asked = {"user": "root", "environment": {"CHOWN_HOME": "yes"}}
    may_say = "^WARNING: (chown|no write)"
    ended = start(
        default_image, "id", "-u", may_say=may_say, **asked, **closed_home, **refused
    ).wait()
    assert ended.stdout == "1000\n", ended
    assert "WARNING: chown: " in ended.stderr


def test_an_empty_volume_over_the_home_works_for_any_user_of_the_group(
    volume, start, default_image
):
    mount = {"volumes": {volume: {"bind": "/home/jovyan", "mode": "rw"}}}
    ended = start(default_image, *JOB, user="5000:100", **mount).wait()
    assert (ended.stdout, ended.stderr) == ("5000\n", ""), ended


def test_a_home_and_tmp_that_cannot_be_written_are_told(start, default_image):
    ended = start(default_image, "echo", "hello", read_only=True, user="5000:100",
                  may_say="^WARNING").wait()  # fmt: skip
    assert (ended.code, ended.stdout) == (0, "hello\n"), ended
    assert "neither /home/jovyan nor /tmp can be written" in ended.stderr
    assert "user 5000 has no name, which the pool needs: /tmp cannot be written" in ended.stderr
    assert "no personal pool" in ended.stderr
    assert ended.stderr.count("\n") == 3, ended

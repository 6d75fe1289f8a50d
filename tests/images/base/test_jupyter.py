"""How Jupyter is started, and what its settings in the environment do."""

import re

import pytest

NO_POOL = {"HTC_POOL": "none"}
ASK = (
    "import ssl, sys, urllib.request\n"
    "anyone = ssl._create_unverified_context()\n"
    "for url in sys.argv[1:]:\n"
    "    print(urllib.request.urlopen(url + '/api', timeout=5, context=anyone).status)\n"
)


@pytest.fixture
def jupyter(start, default_image):
    """Return a function that starts a container without a pool and waits for its Jupyter."""

    def jupyter(*command, may_say="", **environment):
        running = start(default_image, *command, environment={**NO_POOL, **environment},
                        may_say=may_say)  # fmt: skip
        wait_for_start(running)
        return running

    return jupyter


def wait_for_start(running, times=1):
    """Wait until Jupyter has started ``times`` times."""
    started = " is running at:\n"
    running.wait_until(lambda: running.logs().stderr.count(started) == times, timeout=90)


def answers(running, *urls):
    return running.output("python", "-c", ASK, *urls).split()


def test_it_listens_on_ipv4_and_ipv6_at_the_port_that_is_asked_for(jupyter):
    running = jupyter(JUPYTER_PORT="8117")
    urls = ("http://127.0.0.1:8117", "http://[::1]:8117")
    if "::1" not in running.output("cat", "/etc/hosts"):
        urls = urls[:1]
    assert set(answers(running, *urls)) == {"200"}
    listening = running.output("cat", "/proc/net/tcp", "/proc/net/tcp6")
    # 0A is listening; any address of either family.
    assert re.search(f" 0{{8}}:{8117:04X} \\S+ 0A ", listening), listening
    assert re.search(f" 0{{32}}:{8117:04X} \\S+ 0A ", listening), listening


def test_the_port_is_8888_and_the_image_says_so(jupyter, engine, default_image):
    assert answers(jupyter(), "http://127.0.0.1:8888") == ["200"]
    assert list(engine.images.get(default_image).attrs["Config"]["ExposedPorts"]) == ["8888/tcp"]


def test_notebook_args_and_the_commands_arguments_are_added(jupyter):
    more = "--ServerApp.base_url='/deep/er/' --log-level=INFO"
    running = jupyter("start-notebook.py", "--ServerApp.port=8119", NOTEBOOK_ARGS=more)
    assert answers(running, "http://127.0.0.1:8119/deep/er") == ["200"]


def test_the_shell_scripts_of_old_are_told_and_work(jupyter, start, default_image):
    jupyter("start-notebook.sh", may_say="^WARNING: Use start-notebook.py instead")
    ended = start(default_image, "start-singleuser.sh", "--version", environment=NO_POOL,
                  may_say="^WARNING: Use start-singleuser.py instead").wait()  # fmt: skip
    assert re.fullmatch(r"5\.\d+\.\d+\n", ended.stdout), ended
    assert ended.stderr == "WARNING: Use start-singleuser.py instead\n"


def test_another_jupyter_command_can_be_asked_for(jupyter):
    running = jupyter(DOCKER_STACKS_JUPYTER_CMD="server")
    assert running.exec("pgrep", "-f", "jupyter-server").code == 0
    assert running.exec("pgrep", "-f", "jupyter-lab").code == 1


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DOCKER_STACKS_JUPYTER_CMD": "retro"}, "this image has no jupyter-retro"),
        ({"NOTEBOOK_ARGS": "--a='b"}, "NOTEBOOK_ARGS cannot be read as a shell would"),
        ({"JUPYTER_PORT": "many"}, "JUPYTER_PORT='many' is no port"),
    ],
)
def test_settings_that_jupyter_cannot_start_with_are_told_in_one_line(
    start, default_image, environment, said
):
    ended = start(default_image, environment={**NO_POOL, **environment}, may_say="^ERROR: ").wait()
    assert ended.code == 1, ended
    assert ended.stderr.count("\n") == 1, ended
    assert said in ended.stderr


def test_gen_cert_makes_a_certificate_once_and_keeps_it_to_the_user(jupyter):
    running = jupyter(GEN_CERT="yes")
    assert answers(running, "https://127.0.0.1:8888") == ["200"]
    pem = "/home/jovyan/.local/share/jupyter/notebook.pem"
    assert running.output("stat", "-c", "%a", pem) == "600"
    before = running.output("sha256sum", pem)
    running.container.restart(timeout=20)
    wait_for_start(running, 2)
    assert running.output("sha256sum", pem) == before
    assert running.output("ls", "/home/jovyan/.local/share/jupyter").count("notebook") == 1


def test_restartable_starts_it_again_when_it_has_ended_until_the_container_is_stopped(jupyter):
    running = jupyter(RESTARTABLE="yes")
    find = ("pgrep", "-f", "bin/jupyter-lab")
    first = running.output(*find)
    running.output("kill", "-9", first)
    running.wait_until(lambda: running.exec(*find).stdout.strip() not in ("", first))
    assert "ended (-9): started again in 1 s (RESTARTABLE)" in running.logs().stderr
    wait_for_start(running, 2)
    assert running.stop(20) < 15
    assert running.logs().code == 0, running.logs()


def test_restartable_ends_while_it_waits_to_start_again(start, default_image):
    broken = {**NO_POOL, "RESTARTABLE": "yes", "NOTEBOOK_ARGS": "--ServerApp.port=x"}
    running = start(default_image, environment=broken, may_say=".")
    running.wait_until(lambda: "again in 2 s" in running.logs().stderr, timeout=90)
    assert running.stop(20) < 15
    assert running.logs().code in (143, 0, 1)


def test_a_hub_gets_its_single_user_server_with_the_arguments_and_not_again(start, default_image):
    hub = {**NO_POOL, "JUPYTERHUB_API_TOKEN": "of-a-hub", "RESTARTABLE": "yes",
           "DOCKER_STACKS_JUPYTER_CMD": "server", "NOTEBOOK_ARGS": "--version"}  # fmt: skip
    ended = start(default_image, environment=hub).wait()
    assert (ended.code, ended.stderr) == (0, ""), ended
    assert re.fullmatch(r"5\.\d+\.\d+\n", ended.stdout), ended


def test_jupyter_runs_for_root_only_where_a_rootless_engine_is_meant(start, default_image):
    root = {"NB_USER": "root", "NB_UID": "0", "NB_GID": "0"}
    running = start(default_image, user="root", environment={**NO_POOL, **root})
    wait_for_start(running)
    assert answers(running, "http://127.0.0.1:8888") == ["200"]
    ended = start(default_image, "start-notebook.py", user="root", environment=NO_POOL,
                  entrypoint="tini", may_say="Running as root").wait()  # fmt: skip
    assert ended.code != 0, ended

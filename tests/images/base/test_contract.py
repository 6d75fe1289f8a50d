"""The environment contract of jupyter/docker-stacks, each variable of it, and every kernel.

What each does in detail is in the other files; here, that all of it holds in every image.
"""

import pytest

pytestmark = pytest.mark.children


def test_the_variables_about_the_user_work(start, image):
    environment = {
        "HTC_POOL": "none", "NB_USER": "alice", "NB_UID": "1234", "NB_GID": "5555",
        "NB_GROUP": "wonder", "NB_UMASK": "027", "GRANT_SUDO": "yes", "CHOWN_HOME": "yes",
        "CHOWN_HOME_OPTS": "-R", "CHOWN_EXTRA": "/srv,/opt", "CHOWN_EXTRA_OPTS": "-h",
        "JUPYTER_ENV_VARS_TO_UNSET": "SECRET", "SECRET": "of-a-hub", "NO_COLOR": "1",
    }  # fmt: skip
    script = (
        'echo "$(id -un) $(id -u) $(id -gn) $(id -g) $HOME $(umask)"; stat -c %u:%g ~ /srv /opt;'
        " sudo -n id -u; echo ${SECRET-unset}; sudo -n which python"
    )
    ended = start(image, "sh", "-c", script, environment=environment, user="root").wait()
    assert ended.stdout.splitlines() == [
        "alice 1234 wonder 5555 /home/alice 0027", *["1234:5555"] * 3, "0", "unset",
        "/opt/htc/bin/python",
    ], ended  # fmt: skip
    environment["JUPYTER_DOCKER_STACKS_QUIET"] = "1"
    ended = start(image, "true", environment=environment, user="root").wait()
    assert (ended.code, ended.stdout, ended.stderr) == (0, "", ""), ended


def test_the_variables_about_jupyter_work(start, image):
    environment = {
        "HTC_POOL": "none", "JUPYTER_PORT": "8117", "NOTEBOOK_ARGS": "--ServerApp.base_url=/deep/",
        "DOCKER_STACKS_JUPYTER_CMD": "server", "GEN_CERT": "yes", "RESTARTABLE": "yes",
    }  # fmt: skip
    ask = (
        "import ssl, urllib.request as u; anyone = ssl._create_unverified_context();"
        "print(u.urlopen('https://127.0.0.1:8117/deep/api', timeout=5, context=anyone).status)"
    )
    running = start(image, environment=environment)
    running.wait_until(lambda: running.exec("python", "-c", ask).stdout == "200\n", timeout=60)
    assert "jupyter-server" in running.output("pgrep", "-af", "jupyter-server")
    running.output("pkill", "-f", "jupyter-server")
    running.wait_until(lambda: "(RESTARTABLE)" in running.logs().stderr)


def test_a_hubs_single_user_server_answers(start, image):
    ended = start(
        image, "start-singleuser.py", "--version", environment={"HTC_POOL": "none"}
    ).wait()
    assert ended.code == 0, ended
    assert ended.stdout.startswith("5."), ended


def test_hooks_run_before_the_command_in_their_order(start, image):
    plant = "; ".join(
        f"echo 'export SEEN=\"${{SEEN-}} {name}\"' > /usr/local/bin/{name}.d/zz.sh"
        for name in ("start-notebook", "before-notebook")
    )
    running = start(image, "sh", "-c", "echo $SEEN", user="root", entrypoint=[
        "sh", "-c", f'{plant}; exec tini -g -- start.sh "$@"', "-"
    ], environment={"HTC_POOL": "none"})  # fmt: skip
    assert running.wait().stdout.split() == ["start-notebook", "before-notebook"]


def test_every_kernel_starts_and_computes(start, image):
    program = (
        "import sys\n"
        "from jupyter_client.kernelspec import KernelSpecManager\n"
        "from jupyter_client.manager import start_new_kernel\n"
        "def print_nothing(message): pass\n"
        "for name in KernelSpecManager().find_kernel_specs():\n"
        "    manager, client = start_new_kernel(60, name)\n"
        # Until it is idle: the interrupt that shutting down begins with would disturb it before.
        "    reply = client.execute_interactive('1 + 1', timeout=100, output_hook=print_nothing)\n"
        "    print(name, reply['content']['status'])\n"
        "    client.stop_channels()\n"
        "    manager.shutdown_kernel(now=True)\n"
    )
    ended = start(image, "python", "-c", program, environment={"HTC_POOL": "none"}).wait(220)
    kernels = dict(line.split() for line in ended.stdout.splitlines())
    assert "python3" in kernels, ended
    assert set(kernels.values()) == {"ok"}, ended


def test_a_map_runs_in_the_image_under_its_own_name(start, image):
    program = (
        "import htmap, os\n"
        "m = htmap.map(lambda x: os.environ['PATH'].split(':')[0], [1], quiet=True)\n"
        "print(m.get(0, timeout=60), os.environ['HTMAP_IMAGE'])"
    )
    ended = start(image, "python", "-c", program).wait()
    assert ended.stdout == f"/opt/htc/bin {image}\n", ended

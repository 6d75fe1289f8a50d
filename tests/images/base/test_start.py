"""What starts with a container, and how its command runs."""

import re

import pytest

SCHEDD_HOST_SPELLINGS = [
    "_CONDOR_SCHEDD_HOST",
    "_condor_SCHEDD_HOST",
    "_condor_schedd_host",
    "_Condor_Schedd_Host",
]
MASTER_IS_THERE = "pgrep -x condor_master > /dev/null && echo pool || echo none"
# The pool then never takes a job.
TOKEN = r"/lab\S*\?token=[0-9a-f]{48}"
NEVER_READY = {"_CONDOR_DAEMON_LIST": "MASTER"}


@pytest.mark.parametrize("name", SCHEDD_HOST_SPELLINGS)
def test_a_schedd_host_in_any_case_starts_no_pool(start, image, name):
    ended = start(image, "sh", "-c", MASTER_IS_THERE, environment={name: "ap.invalid"}).wait()
    assert (ended.code, ended.stdout) == (0, "none\n"), ended
    assert "attached to the access point ap.invalid" in ended.stderr


@pytest.mark.parametrize("name", SCHEDD_HOST_SPELLINGS)
def test_an_empty_schedd_host_starts_the_pool(start, image, name):
    ended = start(image, "sh", "-c", MASTER_IS_THERE, environment={name: ""}).wait()
    assert (ended.code, ended.stdout, ended.stderr) == (0, "pool\n", ""), ended


@pytest.mark.parametrize("name", SCHEDD_HOST_SPELLINGS)
def test_an_attached_container_has_none_of_the_personal_pools_configuration(start, image, name):
    question = "condor_config_val SCHEDD_HOST; condor_config_val SEC_FS_ENFORCE_CHANNEL_BINDING"
    ended = start(image, "sh", "-c", question, environment={name: "ap.invalid"}).wait()
    assert ended.stdout.splitlines()[0] == "ap.invalid", ended
    assert "false" not in ended.stdout.lower(), ended


def test_a_command_finds_the_pool_ready_and_standard_output_to_itself(start, image):
    ended = start(image, "condor_status", "-af", "Name").wait()
    assert (ended.code, ended.stdout, ended.stderr) == (0, "slot1@htc-notebook\n", ""), ended


@pytest.mark.children
def test_a_job_finds_the_notebooks_python(start, image):
    program = (
        "import htcondor2, pathlib, sys\n"
        "job = htcondor2.Submit({'executable': '/bin/sh', 'transfer_executable': 'false',\n"
        "    'arguments': '''\"-c 'command -v python > out'\"''', 'log': 'log',\n"
        "    'transfer_output_files': 'out'})\n"
        "cluster = htcondor2.Schedd().submit(job).cluster()\n"
        "for event in htcondor2.JobEventLog('log').events(stop_after=30):\n"
        "    if event.type == htcondor2.JobEventType.JOB_TERMINATED: break\n"
        "print(pathlib.Path('out').read_text(), end='')\n"
    )
    ended = start(image, "python", "-c", program).wait()
    assert ended.stdout == "/opt/htc/bin/python\n", ended


def test_every_core_can_have_a_job_of_a_gigabyte_of_disk_at_once(start, image):
    question = "condor_status -af TotalCpus Memory Disk"
    answer = start(image, "sh", "-c", question).wait().stdout
    cpus, memory, disk = map(float, answer.split())
    assert memory >= 128 * cpus
    assert disk >= 1024**2 * cpus


@pytest.mark.children
def test_jupyterlab_does_not_wait_for_the_pool_and_asks_for_its_token(start, image):
    running = start(image, environment=NEVER_READY, may_say="403|Forbidden")
    ask = (
        "import sys, urllib.error, urllib.request\n"
        "class Stay(urllib.request.HTTPRedirectHandler):\n"
        "    def redirect_request(self, *arguments): return None\n"
        "for path in '/api', '/lab', '/api/contents', '/api/kernels':\n"
        "    try: answer = urllib.request.build_opener(Stay).open('http://127.0.0.1:8888' + path)\n"
        "    except urllib.error.HTTPError as error: answer = error\n"
        "    print(answer.status, answer.headers.get('Location', '-'))\n"
    )
    # An image may open at a page of its own, /lab/tree/...
    running.wait_until(lambda: re.search(TOKEN, running.logs().stderr), timeout=60)
    answers = running.output("python", "-c", ask).splitlines()
    assert answers == ["200 -", "302 /login?next=%2Flab", "403 -", "403 -"]
    assert "the pool" not in running.logs().stderr


def test_jupyterlab_is_told_when_the_pool_is_ready(start, image):
    running = start(image)
    running.wait_until(lambda: "the pool is ready (" in running.logs().stderr)
    assert running.logs().stdout == ""


def test_a_hub_gets_its_single_user_server(start, image):
    hub = {"JUPYTERHUB_API_TOKEN": "of-a-hub", "JUPYTERHUB_API_URL": "http://127.0.0.1:1/hub/api"}
    ended = start(image, "start-notebook.py", "--version", environment=hub).wait()
    notebook = start(image, "start-notebook.py", "--version").wait()
    single_user = start(image, "jupyterhub-singleuser", "--version").wait()
    assert ended.stdout == single_user.stdout, ended
    assert ended.stdout != notebook.stdout, ended


def test_a_pool_that_cannot_be_is_told_and_the_command_runs(start, image):
    ended = start(image, "echo", "hello", environment={"HTC_POOL_DIR": "pool"}).wait()
    assert (ended.code, ended.stdout) == (0, "hello\n"), ended
    reason = "HTC_POOL_DIR='pool' is not an absolute path of printable characters"
    assert ended.stderr == f"htc: no personal pool: {reason}\n"


def test_group_0_gets_no_pool_but_a_sentence(start, image):
    ended = start(image, "sh", "-c", MASTER_IS_THERE, user="1000:0").wait()
    assert (ended.code, ended.stdout) == (0, "none\n"), ended
    assert "does not run as root or in group 0" in ended.stderr


def test_a_pool_that_is_not_ready_in_time_shows_its_log_and_the_command_runs(start, image):
    ended = start(image, "echo", "hello", environment={**NEVER_READY, "HTC_POOL_WAIT": "2"}).wait()
    assert (ended.code, ended.stdout) == (0, "hello\n"), ended
    assert "the pool was not ready within 2 s" in ended.stderr
    assert "--- /tmp/htc-pool-jovyan/log/MasterLog" in ended.stderr


@pytest.mark.parametrize("setting", [{"CI": "true"}, {"HTC_POOL_REQUIRED": "1"}])
@pytest.mark.parametrize("trouble", [{"HTC_POOL_DIR": "pool"}, NEVER_READY])
def test_a_command_that_requires_the_pool_does_not_run_without(start, image, setting, trouble):
    environment = {**setting, **trouble, "HTC_POOL_WAIT": "2"}
    ended = start(image, "echo", "hello", environment=environment).wait()
    assert (ended.code, ended.stdout) == (70, ""), ended

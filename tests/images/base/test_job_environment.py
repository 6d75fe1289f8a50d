"""What jobs find in their environment, and what they do not."""

import json

import pytest

SECRET = "s3cr3t"
SECRETS = {
    "JUPYTERHUB_API_TOKEN": SECRET,
    "JPY_API_TOKEN": SECRET,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "SOMETHING_OF_A_SITE": SECRET,
    "https_proxy": f"http://me:{SECRET}@proxy.invalid:3128",
}
#: Prints the names of the processes that were started with the secret.
WHO_KNOWS = (
    "import glob\n"
    "for path in glob.glob('/proc/[0-9]*'):\n"
    "    try:\n"
    f"        if b'{SECRET}' in open(path + '/environ', 'rb').read():\n"
    "            print(open(path + '/comm').read().strip())\n"
    "    except OSError: pass\n"
)
RUN = """
import htcondor2, json, os, sys, tempfile, time
os.chdir(tempfile.mkdtemp())
open("job.py", "w").write(sys.argv[1])
commands = {"executable": "/opt/htc/bin/python", "transfer_executable": "false", "output": "out",
    "error": "err", "log": "log", "transfer_output_files": "", "should_transfer_files": "YES",
    "transfer_input_files": "job.py", "arguments": "job.py"}
commands |= json.loads(sys.argv[2] if len(sys.argv) > 2 else "{}")
htcondor2.Schedd().submit(htcondor2.Submit(commands))
end = time.monotonic() + 60
while "\\n005 (" not in open("log").read():
    assert time.monotonic() < end, open("log").read()
    time.sleep(0.05)
print(open("out").read() + open("err").read())
"""
ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"
#: Prints on how many threads a product of matrices was computed.
THREADS = (
    "import os, numpy as np\n"
    "a = np.ones((600, 600)); a @ a\n"
    "print(len(os.listdir('/proc/self/task')))\n"
)


def run(running, code, **commands):
    return running.output("python", "-c", RUN, code, json.dumps(commands))


@pytest.fixture(scope="module")
def pool(start_session, image):
    """A pool of 4 CPUs in a container whose environment is full of secrets."""
    environment = {**SECRETS, "HTC_POOL_CPUS": "4", "OMP_NUM_THREADS": "13"}
    running = start_session(image, "sleep", "infinity", environment=environment)
    running.output("htc-pool", "wait")
    return running


def test_no_daemon_knows_a_secret_and_no_job_inherits_one(pool):
    assert SECRET not in run(pool, ENVIRONMENT)
    # Asked by a job, when its shadow and starter are there too.
    names = set(run(pool, WHO_KNOWS).split())
    assert names == {"tini", "htc-launch", "sleep", "python"}


def test_started_by_hand_the_pool_knows_no_secret_either(start, image):
    running = start(image, "infinity", entrypoint="sleep", environment=SECRETS)
    running.output("htc-pool", "start")
    assert int(running.output("pgrep", "-c", "^condor_")) > 3
    assert set(running.output("python", "-c", WHO_KNOWS).split()) == {"sleep", "python"}


def test_jobs_find_the_notebooks_python_and_utf_8(pool):
    seen = json.loads(run(pool, ENVIRONMENT))
    assert seen["PATH"].split(":")[0] == "/opt/htc/bin"
    assert seen["LANG"] == "C.UTF-8"
    which = "import shutil, sys; print(shutil.which('python')); print(sys.getfilesystemencoding())"
    assert run(pool, which).split() == ["/opt/htc/bin/python", "utf-8"]


def test_a_job_is_told_to_start_as_many_threads_as_its_slot_has_cpus(pool):
    for cpus in ("1", "3"):
        seen = json.loads(run(pool, ENVIRONMENT, request_cpus=cpus))
        for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR", "NUMBA"):
            assert seen[f"{library}_NUM_THREADS"] == cpus, library
        assert "OMP_THREAD_LIMIT" not in seen


def test_numpy_computes_on_the_cpus_of_the_slot_unless_the_job_itself_says_otherwise(pool):
    assert run(pool, THREADS) == "1"
    own = run(pool, THREADS, environment="OPENBLAS_NUM_THREADS=2 OMP_NUM_THREADS=2")
    assert own == "2"

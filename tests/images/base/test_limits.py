"""What the pool offers is what the container may use, and jobs keep to what they asked for."""

import json

import pytest

OFFER = ("condor_status", "-af", "Cpus", "Memory")


def offer(start, image, **options):
    """Return the CPUs and MB that the pool of a container offers."""
    ended = start(image, *OFFER, **options).wait()
    assert ended.code == 0, ended
    return tuple(map(int, ended.stdout.split()))


# --- what is offered ---


@pytest.mark.parametrize(
    ("options", "cpus", "memory"),
    [
        ({"nano_cpus": 1_000_000_000, "mem_limit": "1g"}, 1, 1024 - 256),
        ({"nano_cpus": 1_500_000_000, "mem_limit": "8g"}, 2, 8192 - 819),
        ({"cpuset_cpus": "0", "environment": {"MEM_LIMIT": str(1 << 30)}}, 1, 1024 - 256),
        ({"environment": {"CPU_LIMIT": "0.5", "MEM_LIMIT": "512M"}}, 1, 512 - 256),
    ],
    ids=["whole CPUs", "a part of a CPU", "a set of CPUs", "what a hub grants"],
)
def test_the_pool_offers_what_the_container_may_use_less_the_notebooks_memory(
    start, default_image, options, cpus, memory
):
    assert offer(start, default_image, **options) == (cpus, memory)


def test_control_groups_of_version_2_are_read_too(start, default_image, source):
    files = {str(source / "tests/images/base/cgroup2"): {"bind": "/sys/fs/cgroup", "mode": "ro"}}
    assert offer(start, default_image, volumes=files) == (1, 2048 - 256)


def test_what_is_asked_for_by_name_wins(start, image):
    environment = {"HTC_POOL_CPUS": "5", "HTC_POOL_MEMORY": "3G"}
    options = {"environment": environment, "mem_limit": "1g", "cpuset_cpus": "0"}
    assert offer(start, image, **options) == (5, 3072)


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTC_POOL_CPUS", "two"), ("HTC_POOL_MEMORY", "-1"), ("HTC_POOL_GPUS", "some")],
)
def test_a_limit_that_cannot_be_read_is_named_and_costs_the_pool_alone(
    start, default_image, name, value
):
    ended = start(default_image, "echo", "hello", environment={name: value}).wait()
    assert (ended.code, ended.stdout) == (0, "hello\n"), ended
    assert name in ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended
    required = {name: value, "HTC_POOL_REQUIRED": "1"}
    ended = start(default_image, "echo", "hello", environment=required).wait()
    assert (ended.code, ended.stdout) == (70, ""), ended


def test_a_gpu_of_the_container_is_offered_unless_that_is_switched_off(start, image):
    simulated = {"_CONDOR_GPU_DISCOVERY_EXTRA": "-simulate:4,1"}
    running = start(image, "sleep", "infinity", environment=simulated)
    running.output("htc-pool", "wait")
    assert running.output("condor_status", "-af", "GPUs") == "1"
    code = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])"
    assert running.output("python", "-c", RUN, code, '{"request_gpus": 1}').startswith("GPU-")
    switched_off = {**simulated, "HTC_POOL_GPUS": "0"}
    ended = start(image, "condor_status", "-af", "GPUs", environment=switched_off).wait()
    assert ended.stdout.split() == ["undefined"], ended


def test_jobs_run_where_there_is_little_disk(start, image):
    running = start(
        image,
        "sleep",
        "infinity",
        environment={"HTC_POOL_DIR": "/small"},
        tmpfs={"/small": "size=64m,uid=1000,mode=0700"},
    )
    running.output("htc-pool", "wait")
    assert 0 < int(running.output("condor_status", "-af", "TotalDisk")) <= 64 << 10
    assert running.output("python", "-c", RUN, "print('hello')") == "hello"
    a_map = "import htmap; print(list(htmap.map(lambda x: 2 * x, [1, 2], quiet=True)))"
    assert running.output("python", "-c", a_map) == "[2, 4]"


# --- what jobs get and keep to ---

#: Runs Python in a job with more submit commands; prints what it printed, or why it is held.
RUN = """
import htcondor2, json, os, sys, tempfile, time
os.chdir(tempfile.mkdtemp())
commands = {"executable": "/opt/htc/bin/python", "transfer_executable": "false", "output": "out",
    "error": "err", "log": "log", "transfer_output_files": "", "should_transfer_files": "YES"}
open("job.py", "w").write(sys.argv[1])
commands |= {"transfer_input_files": "job.py", "arguments": "job.py"}
commands |= json.loads(sys.argv[2] if len(sys.argv) > 2 else "{}")
cluster = htcondor2.Schedd().submit(htcondor2.Submit(commands)).cluster()
def ended():
    return "\\n005 (" in open("log").read()
def held():
    jobs = htcondor2.Schedd().query(f"ClusterId == {cluster}", ["HoldReason", "HoldReasonSubCode"])
    return "HoldReason" in jobs[0] and jobs[0] if jobs else None
end = time.monotonic() + 60
while not ended() and not held():
    assert time.monotonic() < end, open("log").read()
    time.sleep(0.05)
print(held()["HoldReason"] if held() else open("out").read() + open("err").read())
"""
#: Takes memory in a child of the job's program, and keeps it for longer than it may.
TAKE = """
import subprocess, sys
take = "b = b'x' * (%d << 20); import time; time.sleep(60)"
subprocess.run([sys.executable, "-c", take], check=True)
"""


@pytest.fixture(scope="module")
def small(start_session, image):
    """A pool of 2 CPUs and 1000 MB, so of 500 MB for each job that asks for nothing."""
    environment = {"HTC_POOL_CPUS": "2", "HTC_POOL_MEMORY": "1000"}
    running = start_session(image, "sleep", "infinity", environment=environment)
    running.output("htc-pool", "wait")
    return running


def test_a_job_that_exceeds_its_request_is_held_with_the_reason(small):
    asked = json.dumps({"request_memory": "200"})
    held = small.output("python", "-c", RUN, TAKE % 300, asked)
    # Requests are rounded up to 128 MB.
    assert "it may use 256 MB: ask for more with request_memory" in held
    used = int(held.partition("the job used ")[2].split()[0])
    assert 256 < used < 500


def test_a_job_without_a_request_is_held_when_it_exceeds_its_share(small):
    held = small.output("python", "-c", RUN, TAKE % 600)
    assert "it may use 500 MB" in held
    # Two CPUs are two shares.
    twice = json.dumps({"request_cpus": 2})
    held = small.output("python", "-c", RUN, TAKE % 1100, twice)
    assert "it may use 1000 MB" in held


#: A map whose components take memory, meet, and keep it long enough to be noticed.
MEET = """
import htmap, os, tempfile, time
def take(folder, mb):
    kept = b"x" * (mb << 20)
    open(os.path.join(folder, str(os.getpid())), "w").close()
    end = time.monotonic() + 40
    while len(os.listdir(folder)) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(3)
    return len(os.listdir(folder)), len(kept) >> 20
folder = tempfile.mkdtemp()
print(list(htmap.starmap(take, [(folder, 300), (folder, 300)], quiet=True)))
"""


def test_a_map_that_chose_no_memory_runs_on_all_cpus_with_an_equal_share_each(small):
    assert small.output("python", "-c", MEET) == "[(2, 300), (2, 300)]"


CHOSEN = """
import htmap, time
def take(mb):
    kept = b"x" * (mb << 20)
    time.sleep(60)
m = htmap.map(take, [300], map_options=htmap.MapOptions(request_memory="128MB"), quiet=True)
try:
    m.get(0)
except htmap.exceptions.MapComponentHeld as error:
    print(error)
m.remove()
"""


def test_a_map_that_chose_its_memory_is_held_to_it_and_says_so(small):
    told = small.output("python", "-c", CHOSEN)
    assert "it may use 128 MB: ask for more with request_memory" in told

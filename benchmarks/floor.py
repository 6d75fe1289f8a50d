"""The floor: the same Python jobs by bare ``condor_submit``, watched by reading the event log.

No library, no error capture, no records: what HTCondor itself costs for a function that was sent
by cloudpickle with an input and a result of its own, and explicit outputs.
"""

import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cloudpickle

JOB = """\
import sys, pickle, cloudpickle
with open("function", "rb") as file:
    function = pickle.load(file)
with open(sys.argv[1], "rb") as file:
    argument = pickle.load(file)
with open("output", "wb") as file:
    pickle.dump(function(argument), file)
"""

SUBMIT = """\
executable = {python}
transfer_executable = false
arguments = job.py $(Process) output
initialdir = {folder}
log = events
output = stdout/$(Process)
error = stderr/$(Process)
should_transfer_files = YES
when_to_transfer_output = ON_EXIT
transfer_input_files = job.py, function, inputs/$(Process)
transfer_output_files = output
transfer_output_remaps = "output = outputs/$(Process)"
request_cpus = 1
request_memory = 128MB
request_disk = 1GB
keep_claim_idle = {keep}
queue {jobs}
"""


def run_floor(function, arguments, keep=30):
    """Submit a job for each argument; return seconds to submit, seconds in all, and the results.

    The log is read as it grows, every 2 ms, which is quicker than any notification. For `keep`
    seconds a slot is claimed after the last job: as htmap has it in a personal pool, and not at a
    site.
    """
    folder = Path(tempfile.mkdtemp(prefix="floor-"))
    started = time.perf_counter()
    for name in ("inputs", "outputs", "stdout", "stderr"):
        (folder / name).mkdir()
    (folder / "job.py").write_text(JOB)
    (folder / "function").write_bytes(cloudpickle.dumps(function))
    for number, argument in enumerate(arguments):
        (folder / "inputs" / str(number)).write_bytes(pickle.dumps(argument))
    text = SUBMIT.format(python=sys.executable, folder=folder, jobs=len(arguments), keep=keep)
    subprocess.run(
        ["condor_submit", "-terse", "-"],
        input=text.encode(),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    submitted = time.perf_counter()
    _wait_for_log(folder / "events", len(arguments))
    results = [
        pickle.loads((folder / "outputs" / str(number)).read_bytes())
        for number in range(len(arguments))
    ]
    return submitted - started, time.perf_counter() - started, results


def _wait_for_log(path, jobs):
    ended, rest = 0, b""
    with path.open("rb", buffering=0) as log:
        while ended < jobs:
            block = log.read()
            if not block:
                time.sleep(0.002)
                continue
            *whole, rest = (rest + block).split(b"\n")
            ended += sum(line.startswith(b"005 (") for line in whole)

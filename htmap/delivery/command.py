"""The words after ``python3`` that run a job, the same for every method."""

from htmap.execute.places import FOLDER, OUTPUT

#: The runner, the map's function, the job's inputs, and the output that HTCondor brings back.
RUNNER_ARGUMENTS = f"runner.pyz function.pack $(Process) {FOLDER}/{OUTPUT}"

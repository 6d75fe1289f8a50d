"""The words after ``python3`` that run a job, the same for every method."""

#: The runner, the map's function, the job's inputs, and the output that HTCondor brings back.
RUNNER_ARGUMENTS = "runner.pyz function.pack $(Process) output.pack"

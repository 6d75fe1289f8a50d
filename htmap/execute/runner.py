"""Run the components of one job: read the input pack, call, write the output pack.

The output pack is made before anything else; with the other files that travel back it lies in a
folder that has to exist when the job ends, because HTCondor has been told to bring back what is in
it, and would hold the job if there were none (:mod:`htmap.execute.places`).
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any, BinaryIO, Dict, List, Tuple, Union

from . import leaving, packs, places
from .component import (
    UNLOADED,
    Caller,
    failure,
    load_function,
    with_checkpoints,
)

leave = leaving.leave


def _output_envelope(function_path: str) -> Dict[str, Any]:
    """Return the output's envelope. The cloudpickle that travels is that of the map's maker."""
    try:
        with packs.PackReader(function_path) as pack:
            sent = pack.envelope.get("cloudpickle")
    except (OSError, packs.DamagedPackError):  # told when the function is loaded
        sent = None
    return packs.versions(kind="output", cloudpickle=sent)


def _arrange() -> None:
    """Prepare this process for functions, and give it the stand-in for htmap."""
    if sys.stdout is not None:
        # Each line can be read as soon as it was printed, as at a terminal.
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.setdefault("_CONDOR_SCRATCH_DIR", os.getcwd())
    os.environ["HTMAP_ON_EXECUTE"] = "1"
    # Modules that travel as input files are imported from the job's folder.
    sys.path.insert(1, os.getcwd())
    # Before the htmap of the node, where there is one: its version may be another.
    archive = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path.insert(1, os.path.join(archive, "stand_in"))


def _resume_files(ended: Dict[int, int]) -> None:
    """Make the job's folder what it was, after an eviction."""
    if os.path.isdir(places.scratch(places.CHECKPOINTS)) or os.path.isdir(
        places.scratch(places.FILES)
    ):
        from . import checkpoints

        checkpoints.resume(map(str, ended))


def main(argv: List[str]) -> int:
    """Run one job.

    Parameters
    ----------
    argv : list of str
        Paths of the function pack, the input pack and the output pack to make; the first of the
        inputs that are the job's, counted from 0, and how many these are.

    Returns
    -------
    int
        0 if every component returned, else 1; what :func:`htmap.execute.leaving.leave` takes.
    """
    function_path, input_path, output_path = (os.path.abspath(path) for path in argv[:3])
    first, count = (int(number) for number in argv[3:])
    _arrange()
    os.makedirs(os.path.dirname(output_path), exist_ok=True)
    # Where HTCondor keeps what such a job has done, it has to be told by an exit status of the
    # job's own, which the function must not take.
    is_shared = count > 1 or places.may_checkpoint()
    with _open_output(output_path, _output_envelope(function_path), is_shared) as output:
        ended = output.endings()
        _resume_files(ended)
        try:
            inputs = packs.PackReader(input_path)
            job = slice(first, first + count)
            components, offsets = inputs.index.components[job], inputs.index.offsets[job]
            todo = list(zip(components, offsets))  # noqa: B905 - Python 3.9
            if len(todo) < count:
                raise packs.DamagedPackError(f"{input_path} was cut off: it lacks inputs")
        except (OSError, packs.DamagedPackError) as error:
            failure(error, "The job's input pack could not be read.").write(
                output, packs.ALL_COMPONENTS
            )
            leaving.finish(output, has_failed=True)
            return 1
        with inputs:
            if is_shared:
                from .shared_job import SharedJob

                todo = [each for each in todo if each[0] not in ended]
                has_failed = packs.ERROR in ended.values()
                status = SharedJob(function_path, inputs, todo, output, has_failed).run()
            else:
                status = _run_alone(function_path, inputs, todo[0], output)
        leaving.put_back(output.fileno())
    return status


def _open_output(path: str, envelope: Dict[str, Any], is_shared: bool) -> packs.PackWriter:
    if is_shared:
        from . import resuming

        return resuming.output(path, envelope)
    return packs.PackWriter(path, envelope)


def _run_alone(
    function_path: str, inputs: packs.PackReader, todo: Tuple[int, int], output: packs.PackWriter
) -> int:
    """Run the one component of a job, in this process; return the exit status."""
    component, offset = todo
    try:
        call = Caller(load_function(function_path), inputs.envelope)
    except BaseException as error:
        failure(error, UNLOADED).write(output, packs.ALL_COMPONENTS)
        leaving.finish(output, has_failed=True)
        return 1

    def read(offset: int) -> Union[packs.Payload, BinaryIO]:
        with_checkpoints("restore", component)
        record = inputs.record_at(offset)
        is_large = record.length > packs.LARGE
        return inputs.opened(record) if is_large else inputs.payload(record)

    os.environ["HTMAP_COMPONENT"] = str(component)
    output.add(component, packs.STARTED)
    began, cpu = time.perf_counter(), _cpu_seconds()
    ending = call(component, read, offset)
    ending.write(output, component, time.perf_counter() - began, _cpu_seconds() - cpu)
    with_checkpoints("forget", component)
    has_failed = ending.kind == packs.ERROR
    leaving.finish(output, has_failed)
    return int(has_failed)


def _cpu_seconds() -> float:
    """Return the CPU time of this process and, by hundredths, of those that it has waited for."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system

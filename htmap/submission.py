"""Submitting a run of a map, with what is written down about it kept true at every step."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path

from htmap.chunking import FixedSizes, ShrinkingSizes, Sizes
from htmap.exceptions import HTMapException, InvalidMapOption
from htmap.options import Chunksize, MapOptions, ResolvedOptions
from htmap.pool import file_system, loss, queue, seen, slots
from htmap.pool.schedd import locate
from htmap.pool.submit import submit
from htmap.resources import RESOURCES
from htmap.store import timings
from htmap.store.directory import writing
from htmap.store.files import sync_tree
from htmap.store.folder import MapFolder
from htmap.store.input_packs import copy_inputs
from htmap.store.inputs import check_function
from htmap.store.journal import Intent
from htmap.store.looks import Looks
from htmap.store.run import Run

#: Why jobs of a run that was not completely made leave the queue.
ABANDONED = "the map was not completely made"


def sizes_for(options: MapOptions, function: str | None) -> Sizes:
    """Return what says how many components of a map share a job.

    Parameters
    ----------
    options : MapOptions
    function : str or None
        The fingerprint of the mapped function (:mod:`htmap.store.timings`).
    """
    chunksize = 1 if options.chunksize is None else options.chunksize
    cpus = options.get("request_cpus", "1")
    return _sizes(chunksize, function, cpus if isinstance(cpus, str) else "1")


def _sizes(chunksize: Chunksize, function: str | None, cpus: str) -> Sizes:
    if chunksize != "auto":
        return FixedSizes(chunksize)
    return ShrinkingSizes(slots.for_jobs_of(cpus), timings.recorded(function))


def write_run(run: Run, options: ResolvedOptions, command: Mapping[str, str], sizes: Sizes) -> None:
    """Write down a run whose inputs are there, so that any process could submit it.

    Parameters
    ----------
    command : mapping
        What the delivery method says that each job runs. It is written down, not the method's
        name: a rerun runs the same Python, though settings and images change.
    sizes : Sizes
        What said how many components a job has.

    Raises
    ------
    UnusableDirectory
        If the disk does not let it.
    """
    with writing():
        sync_tree(run.folder)
        chunking = {"chunksize": sizes.chunksize, "why": sizes.why}
        run.write({**vars(options), "delivery": dict(command), "chunking": chunking})


def options_of(run: Run) -> tuple[ResolvedOptions, dict[str, str]]:
    """Return the options and the command that a run was written with."""
    saved = run.submit
    more = saved["input_files"]
    options = ResolvedOptions(
        fixed=saved["fixed"],
        per_component=saved["per_component"],
        fixed_input_files=tuple(saved["fixed_input_files"]),
        input_files=None if more is None else [tuple(paths) for paths in more],
        arrivals=saved["arrivals"],
        fixed_output_remaps=saved["fixed_output_remaps"],
        output_remaps=saved["output_remaps"],
    )
    return options, dict(saved["delivery"])


def submit_run(folder: MapFolder, run: Run, tag: str) -> None:
    """Submit a run that is written down, and record its cluster.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had.
    SubmitFailed
        If it does not take the jobs. Whatever is raised, none of them stays in the queue.
    """
    options, command = options_of(run)
    _make_folders(options)
    if run.spooled:
        with writing():
            for folder_of in (run.job_log(0), run.remapped(0, 0)):
                folder_of.parent.mkdir(mode=0o700, exist_ok=True)
    schedd = locate()
    try:
        cluster = submit(schedd, folder, run, tag, command, options)
        with writing():
            run.record_cluster(cluster, loss.queue_of(schedd))
        if run.spooled:
            with writing():
                folder.write_events(seen.submissions(cluster, run, time.time()), safely=True)
            Looks(folder.looks).expect()
    except BaseException:
        # The schedd may have taken the jobs even though its answer did not arrive.
        intent = Intent("abandon", folder.map_id, tag, run.number)
        try:
            queue.act(folder.map_id, "Remove", ABANDONED, run.number)
        except HTMapException:
            with contextlib.suppress(OSError):
                intent.begin()
        raise


def _make_folders(options: ResolvedOptions) -> None:
    """Make the folders that output files go to: HTCondor of 23.9.6 holds a job for want of one."""
    remaps = [options.fixed_output_remaps, *(options.output_remaps or ())]
    for folder in {Path(to).parent for each in remaps for to in each.values() if to[0] == "/"}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidMapOption(
                f"output_remaps send a file to {folder}, which cannot be made: {error.strerror}",
                path=folder,
            ) from error


def submit_rerun(folder: MapFolder, tag: str, earlier: Mapping[int, tuple[Run, int]]) -> None:
    """Run components again, with their inputs and the options of the map's first run.

    What jobs were told to ask for since then, they ask for.

    Parameters
    ----------
    earlier : mapping
        Component to the run and job that ran it last.

    Raises
    ------
    UnusableDirectory, CorruptPack
        If the inputs cannot be written, or they or the function cannot be read.
    NoScheduler, SchedulerRefused, SubmitFailed
        If the jobs cannot be submitted. Nothing has changed then.
    """
    options, command = options_of(folder.runs()[0])
    requests = folder.requests
    for resource in RESOURCES:
        if resource.command in requests:
            options = resource.replaced(options, requests[resource.command])
    chunking = folder.runs()[0].submit["chunking"]
    cpus = options.fixed.get("request_cpus", "1")
    sizes = _sizes(chunking["chunksize"], folder.about["function"], cpus)
    must_spool = file_system.is_apart()
    with writing():
        number, run_folder = folder.create_run()
    components = sorted(earlier)
    intent = Intent("rerun", folder.map_id, tag, number)
    try:
        with writing():
            intent.begin()
        check_function(folder.function, tag)
        inputs = (
            (i, run.input(job), options.alike(i))
            for i, (run, job) in ((i, earlier[i]) for i in components)
        )
        divided = copy_inputs(run_folder / "inputs", inputs, sizes, tag)
        run = Run(run_folder, number, components, *divided, must_spool)
        write_run(run, options, command, sizes)
        submit_run(folder, run, tag)
    except BaseException:
        folder.remove_run(number)
        raise
    finally:
        intent.end()

"""Submitting a run of a map, with what is written down about it kept true at every step."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from htmap import delivery
from htmap.exceptions import HTMapException
from htmap.options import ResolvedOptions
from htmap.pool import loss, queue
from htmap.pool.schedd import locate
from htmap.pool.submit import submit
from htmap.resources import RESOURCES
from htmap.store.directory import writing
from htmap.store.files import sync_tree
from htmap.store.folder import MapFolder, Run
from htmap.store.inputs import check_function, copy_inputs
from htmap.store.journal import Intent

#: Why jobs of a run that was not completely made leave the queue.
ABANDONED = "the map was not completely made"


def write_run(run: Run, options: ResolvedOptions, method: str) -> None:
    """Write down a run whose inputs are there, so that any process could submit it.

    Raises
    ------
    UnusableDirectory
        If the disk does not let it.
    """
    with writing():
        sync_tree(run.folder)
        run.write({**vars(options), "delivery": method})


def options_of(run: Run) -> tuple[ResolvedOptions, str]:
    """Return the options and the delivery method that a run was written with."""
    saved = run.submit
    more = saved["input_files"]
    options = ResolvedOptions(
        fixed=saved["fixed"],
        per_component=saved["per_component"],
        fixed_input_files=tuple(saved["fixed_input_files"]),
        input_files=None if more is None else [tuple(paths) for paths in more],
    )
    return options, str(saved["delivery"])


def submit_run(folder: MapFolder, run: Run, tag: str) -> None:
    """Submit a run that is written down, and record its cluster.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had.
    SubmitFailed
        If it does not take the jobs. Whatever is raised, none of them stays in the queue.
    """
    options, method = options_of(run)
    schedd = locate()
    try:
        cluster = submit(schedd, folder, run, tag, delivery.descriptors(method), options)
        with writing():
            run.record_cluster(cluster, loss.queue_of(schedd))
    except BaseException:
        # The schedd may have taken the jobs even though its answer did not arrive.
        intent = Intent("abandon", folder.map_id, tag, run.number)
        try:
            queue.act(folder.map_id, "Remove", ABANDONED, run.number)
        except HTMapException:
            with contextlib.suppress(OSError):
                intent.begin()
        raise


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
    options, method = options_of(folder.runs()[0])
    requests = folder.requests
    for resource in RESOURCES:
        if resource.command in requests:
            options = resource.replaced(options, requests[resource.command])
    with writing():
        number, run_folder = folder.create_run()
    run = Run(run_folder, number, sorted(earlier))
    intent = Intent("rerun", folder.map_id, tag, number)
    try:
        with writing():
            intent.begin()
        inputs = ((i, earlier[i][0].input(earlier[i][1])) for i in run.components)
        check_function(folder.function, tag)
        copy_inputs(run.folder / "inputs", inputs, tag)
        write_run(run, options, method)
        submit_run(folder, run, tag)
    except BaseException:
        folder.remove_run(number)
        raise
    finally:
        intent.end()

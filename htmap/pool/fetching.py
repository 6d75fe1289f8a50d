"""Fetching the output of jobs that have completed from the schedd's spool, and letting them go.

In this order, so that whatever breaks, the next one who tries finds all that is not safe yet: the
files are fetched, they and the map's event log are safe on this disk, the job may leave the queue.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from htmap.exceptions import HTMapException
from htmap.pool import seen, spool
from htmap.pool.schedd import Schedd
from htmap.pool.spool import AT_HOME
from htmap.store.files import sync_tree
from htmap.store.folder import MapFolder
from htmap.store.run import Run

logger = logging.getLogger(__name__)

Ad = Mapping[str, Any]

# What the bindings say if the connection is well, and a file of a job cannot be sent or written.
_OF_A_JOB = "for target job"

# What is fetched by one request: a connection that breaks costs that much, and the bindings let no
# other thread run meanwhile.
_JOBS, _BYTES = 200, 32 * 1024 * 1024


def batches(ads: Iterable[Ad]) -> Iterator[list[Ad]]:
    """Divide jobs into those that are fetched together, of one run each."""
    batch: list[Ad] = []
    size = 0.0
    for ad in sorted(ads, key=lambda ad: (ad["HTMapRun"], ad["ProcId"])):
        more = float(ad.get("BytesSent", 0))
        is_full = len(batch) == _JOBS or size + more > _BYTES
        if batch and (is_full or ad["HTMapRun"] != batch[0]["HTMapRun"]):
            yield batch
            batch, size = [], 0.0
        batch.append(ad)
        size += more
    if batch:
        yield batch


def fetch(schedd: Schedd, folder: MapFolder, run: Run, ads: Sequence[Ad]) -> bool:
    """Fetch the output of jobs of a run, write down that they have ended, and let them go.

    Parameters
    ----------
    schedd : Schedd
    folder : MapFolder
        The map's.
    run : Run
    ads : sequence of mapping
        Those of jobs that have completed.

    Returns
    -------
    bool
        Whether that is true of all of them; of others a warning tells.

    Raises
    ------
    NoScheduler, SchedulerRefused, HTMapException
        If the connection breaks.
    OSError
        If the disk does not let it.
    """
    for ad in ads:
        # What somebody fetched in part who did not live to the end.
        for path in (run.output(ad["ProcId"]), run.job_log(ad["ProcId"])):
            path.unlink(missing_ok=True)
    which = constraint(ads)
    try:
        schedd.call(
            lambda target: target.retrieve(which),
            f"fetching the output of {len(ads)} jobs of the map {folder.map_id}",
        )
    except HTMapException as error:
        if _OF_A_JOB not in str(error):
            raise
        if len(ads) == 1:
            return _stays(run, ads[0], error)
        # One of them is in the way.
        half = len(ads) // 2
        is_done = fetch(schedd, folder, run, ads[:half])
        return fetch(schedd, folder, run, ads[half:]) and is_done
    here = [ad for ad in ads if _has_arrived(run, ad["ProcId"])]
    if len(here) < len(ads):
        for ad in ads:
            if ad not in here:
                _stays(run, ad, "the schedd did not send it")
    for ad in here:
        try:
            spool.deliver(run, ad["ProcId"])
        except OSError as error:
            where = run.remapped(0, 0).parent
            warnings.warn(f"an output file stays in {where}: {error}", stacklevel=2)
    sync_tree(run.folder)
    folder.write_events(b"".join(_told(run, ad) for ad in here), safely=True)
    for ad in here:
        run.job_log(ad["ProcId"]).unlink(missing_ok=True)
    return let_go(schedd, here) and len(here) == len(ads)


def _has_arrived(run: Run, job: int) -> bool:
    return run.job_log(job).exists() or run.output(job).exists()


def _stays(run: Run, ad: Ad, why: object) -> bool:
    """Tell of an output that cannot be had now; return False."""
    warnings.warn(
        f"the output of component {run.components_of(ad['ProcId'])[0]} cannot be fetched now, and "
        f"waits in the schedd's spool: {why}",
        stacklevel=3,
    )
    return False


def _told(run: Run, ad: Ad) -> bytes:
    """Return the events of a job that has completed: its own, or what its ad tells."""
    try:
        told = run.job_log(ad["ProcId"]).read_bytes()
    except FileNotFoundError:
        told = b""
    head = b"\n005 (%03d.%03d." % (ad["ClusterId"], ad["ProcId"])
    return told if head in told and told.endswith(b"\n...\n") else seen.termination(ad)


def let_go(schedd: Schedd, ads: Sequence[Ad]) -> bool:
    """Let jobs leave the queue whose output is safe at home, within a minute.

    (Manual, section "Job ClassAd Attributes", ``LeaveJobInQueue``.)

    Returns
    -------
    bool
        Whether that succeeded; if not, the next look does it.
    """
    if ads:
        try:
            schedd.call(
                lambda target: target.edit(constraint(ads), AT_HOME, "true"),
                "letting jobs leave the queue whose output has been fetched",
            )
        except HTMapException as error:
            logger.info("%s", error)
            return False
    return True


def constraint(ads: Sequence[Ad]) -> str:
    """Return the constraint for jobs of one map, by their ads."""
    # The number alone could be another map's: a queue that is made anew counts from 1 again.
    jobs = ((ad["ClusterId"], ad["ProcId"]) for ad in ads)
    return constraint_by("ClusterId", ads[0]["HTMapID"], jobs)


def constraint_by(attribute: str, map_id: str, jobs: Iterable[tuple[int, int]]) -> str:
    """Return the constraint for jobs of one map, by a number that some share, and their own."""
    processes: dict[int, list[int]] = {}
    for shared, process in jobs:
        processes.setdefault(shared, []).append(process)
    ours = " || ".join(
        f"({attribute} == {shared} && ({ranges(own)}))" for shared, own in processes.items()
    )
    return f'HTMapID == "{map_id}" && ({ours})'


def ranges(numbers: Iterable[int]) -> str:
    """Return the constraint for the processes of some numbers."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " || ".join(
        f"ProcId == {a}" if a == b else f"(ProcId >= {a} && ProcId <= {b})" for a, b in found
    )

"""Turning a run of a map into an HTCondor cluster.

Nothing that a user wrote is ever part of a line here except through :func:`literal`, or as the
value of an option that is submit language by its nature; a line break is refused everywhere.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from htmap.exceptions import DaemonFailed, InvalidMapOption, SubmitFailed
from htmap.execute import places
from htmap.options import ResolvedOptions
from htmap.pool import remaps, spool
from htmap.pool.language import literal
from htmap.pool.schedd import Schedd
from htmap.store.directory import writing
from htmap.store.folder import MapFolder
from htmap.store.run import Run

logger = logging.getLogger(__name__)

#: Runs of more jobs than this are materialized by the schedd as earlier jobs leave.
#: (https://htcondor.readthedocs.io, users' manual, "Submitting Lots of Jobs")
EAGER_JOBS = 100
# How many idle jobs the schedd then keeps ready: a twentieth of the run, within these bounds.
# Making them is part of the submission; a large pool starts a thousand in one negotiation.
_LEAST_IDLE, _MOST_IDLE = 100, 1000

# Jobs that are spooled are made all at once; a schedd limits how many (MAX_JOBS_PER_SUBMISSION).
_FEWER = ', or let components share jobs: chunksize="auto"'

# Between the values of a row: what HTCondor splits at if it is there, whatever else is.
_SEPARATOR = "\x1f"

#: From this version on a schedd starts jobs at once only after a queue action, not after a
#: submission; before it, a submission starts them and held jobs wait.
_STARTS_ON_ACTION = (25, 0, 0)

#: With the run's number behind it, a note in the events that tell of a run's submission.
RUN_NOTE = "htmap run"


def submit(
    schedd: Schedd,
    folder: MapFolder,
    run: Run,
    tag: str,
    command: Mapping[str, str],
    options: ResolvedOptions,
) -> int:
    """Submit a run; return its cluster.

    Raises
    ------
    NoScheduler, SchedulerRefused, SubmitFailed
        If the schedd does not take the jobs; it may have some of them nevertheless.
    """
    if run.spooled:
        options = spool.options_for(run, options)
    lines = describe(folder, run, tag, command, options)
    # The user's own `hold` is theirs to release; what is spooled, the schedd holds and releases.
    briefly_held = schedd.version >= _STARTS_ON_ACTION and not (run.has_own_hold or run.spooled)
    if briefly_held:
        lines["hold"] = "true"
    if run.spooled:
        spool.adapt(lines, run)
    submitted = _submit(schedd, lines, run, options, tag)
    cluster, jobs = submitted.cluster(), submitted.num_procs()
    if jobs != run.jobs:
        raise SubmitFailed(
            f"the schedd {schedd.name} took {jobs} of the {run.jobs} jobs of map {tag!r}. Bindings "
            "that are older than the schedd do that: install the `htcondor` wheel from PyPI",
            tag=tag,
        )
    if run.spooled:
        spool.send_inputs(schedd, run, submitted, tag)
    if briefly_held:
        release_submitted(folder.map_id, cluster, schedd)
    return int(cluster)


def release_submitted(map_id: str, cluster: int, schedd: Schedd) -> None:
    """Release the jobs of a cluster that were submitted on hold, by us and for a moment."""
    import htcondor2

    schedd.call(
        # The number alone could be another map's: a queue that is made anew counts from 1 again.
        lambda target: target.act(
            htcondor2.JobAction.Release, f'ClusterId == {cluster} && HTMapID == "{map_id}"'
        ),
        f"starting the jobs of the map {map_id}",
    )


def describe(
    folder: MapFolder,
    run: Run,
    tag: str,
    command: Mapping[str, str],
    options: ResolvedOptions,
) -> dict[str, str]:
    """Return the submit description of a run, command by command.

    Every path but the first is relative to ``initialdir``, so that the user's own path occurs
    once.
    """
    here = f"runs/{run.number}"
    inputs = ["runner.pyz", "function.pack", f"{here}/inputs/$(inputpack)", places.FOLDER]
    lines = {
        "universe": "vanilla",
        "JobBatchName": literal(tag),
        "initialdir": literal(str(folder.path)),
        "log": "events",
        # Not `submit_event_notes`: in those, 25.14 writes the batch's name instead.
        "submit_event_user_notes": f"{RUN_NOTE} {run.number}",
        "output": f"{here}/stdout/$(Process)",
        "error": f"{here}/stderr/$(Process)",
        "should_transfer_files": "YES",
        # What it brings back on an eviction goes along to the next node: checkpoints do.
        "when_to_transfer_output": "ON_EXIT_OR_EVICT",
        "transfer_input_files": ", ".join([*inputs, *map(literal, options.fixed_input_files)]),
        # Named, or the starter waits a second to see which files are new. The slash means what is
        # in the folder, of which nothing is missed.
        "transfer_output_files": f"{places.FOLDER}/",
        "transfer_output_remaps": '"' + remaps.outputs(here, options) + '"',
        "MY.IsHTMapJob": "True",
        # How jobs are found again if nobody lived to write down their cluster.
        "MY.HTMapID": f'"{folder.map_id}"',
        "MY.HTMapRun": str(run.number),
        # The first, where several share the job.
        "MY.component": "$(component)",
    }
    if run.chunks.largest > 1:
        # For the loss of a node, of which nothing is brought home. (Users' manual,
        # "Self-Checkpointing Applications") Together with the line about evictions above.
        lines["checkpoint_exit_code"] = str(places.CHECKPOINT_STATUS)
        lines["transfer_checkpoint_files"] = f"{places.FOLDER}/"
    lines.update(remaps.lines(options))
    if options.input_files is not None:
        lines["transfer_input_files"] += "$(moreinputfiles)"
    if run.jobs > EAGER_JOBS:
        lines["max_idle"] = str(min(_MOST_IDLE, max(_LEAST_IDLE, run.jobs // 20)))
    lines.update(options.fixed)
    lines.update({key: f"$(option{number})" for number, key in enumerate(options.per_component)})
    lines.update(command)
    return lines


def rows(run: Run, options: ResolvedOptions) -> tuple[list[str], Iterator[tuple[str, ...]]]:
    """Return what differs between the jobs of a run: names, and the values of each job in turn.

    The names have no underscore: with one, HTCondor cannot read a list of them.
    """
    names = ["component", "inputpack", "firstinput", "inputcount"]
    common = ((str(c), str(pack), str(first), str(n)) for c, pack, first, n in run.job_inputs())
    varies = bool(options.per_component) or options.input_files is not None
    if not (varies or options.output_remaps is not None):
        return names, common
    more = {f"option{n}": values for n, values in enumerate(options.per_component.values())}

    def of(component: int) -> dict[str, str]:
        row = {name: values[component] for name, values in more.items()}
        if options.input_files is not None:
            files = options.input_files[component]
            row["moreinputfiles"] = "".join(f", {literal(path)}" for path in files)
        row.update(remaps.row(options, component))
        return row

    # What is said of a job's first component holds for all that share it.
    names += of(run.components[0])
    return names, ((*row, *of(int(row[0])).values()) for row in common)


@contextlib.contextmanager
def _statement(run: Run, options: ResolvedOptions) -> Iterator[str]:
    """Give the statement that queues the jobs of a run, one for each line of a file.

    The bindings' ``itemdata`` would take ten microseconds a job, and more the more there are.
    """
    names, values = rows(run, options)
    with contextlib.ExitStack() as closing:
        with writing():
            file = closing.enter_context(
                tempfile.TemporaryFile("w", encoding="utf-8", dir=run.folder)
            )
            file.writelines(f"{_SEPARATOR.join(row)}\n" for row in values)
            file.flush()
            file.seek(0)
        # An open file has a name that HTCondor's language can hold, wherever it lies.
        yield f"queue {','.join(names)} from /dev/fd/{file.fileno()}"


def _submit(
    schedd: Schedd, lines: Mapping[str, str], run: Run, options: ResolvedOptions, tag: str
) -> Any:
    import htcondor2

    for key, value in lines.items():
        if "\n" in value or "\r" in value:
            raise InvalidMapOption(f"the option {key!r} of map {tag!r} has a line break: {value!r}")

    def send(target: Any) -> Any:
        description = htcondor2.Submit(dict(lines))
        with _statement(run, options) as queue:
            return target.submit(description, queue=queue, spool=run.spooled)

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            answer = schedd.call(send, f"submitting the map {tag!r}")
        except (ValueError, TypeError, RuntimeError) as error:
            raise SubmitFailed(
                f"HTCondor cannot submit the map {tag!r}: {error}. Check its map options", tag=tag
            ) from error
        except DaemonFailed as error:
            if type(error) is DaemonFailed:  # neither absent nor refusing: it cannot do that
                hint = _FEWER if run.spooled and run.jobs > EAGER_JOBS else ""
                raise SubmitFailed(f"{error}. Check its map options{hint}", tag=tag) from error
            raise
    for warning in said:
        logger.warning("HTCondor on submitting the map %r: %s", tag, warning.message)
    return answer

"""Jobs of a schedd that does not see the map's folder: their files travel there and back.

(Users' manual, "Remote job submission".) The schedd keeps them in its spool: the inputs from the
submission on, the outputs until they are safe at home, whoever is offline meanwhile.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from typing import Any

from htmap.exceptions import HTMapException, NoScheduler, SchedulerRefused, SubmitFailed
from htmap.execute import places
from htmap.file_options import URL
from htmap.options import ResolvedOptions
from htmap.pool.job_status import JobStatus
from htmap.pool.schedd import Schedd, locate
from htmap.store.run import Run

#: The attribute of a job whose output is safe at home, so that it may leave the queue.
AT_HOME = "HTMapAtHome"

#: Seconds for which a job that has completed waits in the queue for its output to be fetched.
KEPT = 60 * 24 * 60 * 60

#: HoldReasonCode of a job whose inputs are still to arrive, and of one submitted on hold: the
#: user's, or ours for the milliseconds until the release.
SPOOLING, SUBMITTED_ON_HOLD = 16, 15

# The attribute of a job that the user's own options hold from the start, until it is held: the
# schedd refuses to spool one that is, and releases those that it has spooled.
_TO_BE_HELD = "HTMapToBeHeld"

# How many seconds the schedd may take to take in what was sent.
_SECONDS = 10.0

#: What is said of a job that is held from the start.
OWN_HOLD = "submitted on hold, as the map option `hold` says"


def options_for(run: Run, options: ResolvedOptions) -> ResolvedOptions:
    """Return the options of jobs whose files travel.

    An attribute of ours stands in place of ``hold``; and what goes somewhere else arrives in the
    run's folder first, from where :func:`deliver` brings it there as a whole.
    """
    if options.fixed_output_remaps or options.output_remaps is not None:
        by_component = [
            {
                name: to if URL.match(to) else str(run.remapped(component, number))
                for number, (name, to) in enumerate(run.output_remaps(component).items())
            }
            for component in range(run.components[-1] + 1)
        ]
        options = dataclasses.replace(options, fixed_output_remaps={}, output_remaps=by_component)
    if not run.has_own_hold:
        return options
    fixed, each = dict(options.fixed), dict(options.per_component)
    if fixed.pop("hold", None) is not None:
        fixed[f"MY.{_TO_BE_HELD}"] = _said(run, 0)
    if values := each.pop("hold", None):
        each[f"MY.{_TO_BE_HELD}"] = [_said(run, component) for component in range(len(values))]
    return dataclasses.replace(options, fixed=fixed, per_component=each)


def _said(run: Run, component: int) -> str:
    return str(run.is_submitted_on_hold(component)).lower()


def deliver(run: Run, job: int) -> None:
    """Bring what a job's components sent somewhere else from the run's folder to there.

    Raises
    ------
    OSError
        If that cannot be written; what was not delivered stays where it is.
    """
    for component in run.components_of(job):
        for number, to in enumerate(run.output_remaps(component).values()):
            arrived = run.remapped(component, number)
            if arrived.is_dir():
                shutil.copytree(arrived, to, dirs_exist_ok=True)
                shutil.rmtree(arrived)
            elif arrived.exists():
                temporary = f"{to}.{os.urandom(4).hex()}.tmp"
                shutil.move(arrived, temporary)
                os.replace(temporary, to)  # noqa: PTH105 - a str


def adapt(lines: dict[str, str], run: Run) -> None:
    """Change the submit description of a run into that of jobs whose files travel."""
    # Each has a log of its own: in the spool they have nothing in common.
    lines["log"] = f"runs/{run.number}/{places.EVENTS}/{places.EVENTS}.$(Process)"
    # A factory makes jobs whose inputs nobody would send, and nothing streams into the spool.
    for impossible in ("max_idle", "stream_output", "stream_error"):
        lines.pop(impossible, None)
    lines["leave_in_queue"] = (
        f"JobStatus == {JobStatus.COMPLETED:d} && {AT_HOME} =!= true "
        f"&& time() - EnteredCurrentStatus < {KEPT}"
    )
    if run.has_own_hold:
        wanted = lines.get("requirements", "true")
        lines["requirements"] = f"({wanted}) && MY.{_TO_BE_HELD} =!= true"


def send_inputs(schedd: Schedd, run: Run, submitted: Any, tag: str) -> None:
    """Send the inputs of a run that was submitted, and let its jobs start.

    Parameters
    ----------
    submitted : htcondor2.SubmitResult

    Raises
    ------
    NoScheduler, SchedulerRefused, HTMapException
        If they do not all arrive.
    """
    try:
        schedd.call(
            lambda target: target.spool(submitted), f"sending the inputs of the map {tag!r}"
        )
    except (NoScheduler, SchedulerRefused):
        raise
    except HTMapException as error:
        raise SubmitFailed(str(error), tag=tag) from error
    if run.has_own_hold:
        _hold(schedd, submitted.cluster(), tag)


def _hold(schedd: Schedd, cluster: int, tag: str) -> None:
    """Hold the jobs that are to be held from the start, as soon as the schedd has their inputs."""
    import htcondor2

    doing = f"holding the jobs of the map {tag!r}"
    ours = f"ClusterId == {cluster} && {_TO_BE_HELD} =?= true"
    if not _has_taken(schedd, f"{ours} && HoldReasonCode =?= {SPOOLING}", doing):
        raise SubmitFailed(
            f"the schedd {schedd.name} has not taken in the inputs of the map {tag!r} within "
            f"{_SECONDS:.0f} s, so that its jobs could not be held. Make it again",
            tag=tag,
        )
    schedd.call(
        lambda target: target.act(htcondor2.JobAction.Hold, ours, reason=(OWN_HOLD, "1")), doing
    )
    # As HTCondor says of other jobs that were submitted so.
    code = str(SUBMITTED_ON_HOLD)
    schedd.call(lambda target: target.edit(ours, "HoldReasonCode", code), doing)
    schedd.call(lambda target: target.edit(ours, _TO_BE_HELD, "false"), doing)


def _has_taken(schedd: Schedd, lacking: str, doing: str) -> bool:
    """Wait for a while until no job is ``lacking`` something; tell whether that came true.

    What was sent, the schedd takes in a second later, and tells nobody.
    """
    deadline, pause = time.monotonic() + _SECONDS, 0.1
    while schedd.has_job(lacking, doing):
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(2 * pause, 1)
    return True


def wait_until_taken(map_id: str) -> None:
    """Wait for a while until no job of a map is held for want of its inputs.

    Until then it cannot be held for another reason.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had.
    """
    spooling = f'HTMapID == "{map_id}" && HoldReasonCode =?= {SPOOLING}'
    _has_taken(locate(), spooling, f"waiting for the inputs of the map {map_id}")


def is_sent(map_id: str, run: int) -> bool:
    """Tell whether the inputs of a run are all there, and its jobs are as they are to be.

    If the schedd may be taking them in at the moment, that is waited for.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd cannot be had.
    """
    schedd = locate()
    doing = f"looking whether the inputs of the map {map_id} have arrived"
    jobs = f'HTMapID == "{map_id}" && HTMapRun == {run}'
    never = f"{jobs} && (StageInStart =?= undefined || {_TO_BE_HELD} =?= true)"
    if schedd.has_job(never, doing):
        return False
    return _has_taken(schedd, f"{jobs} && StageInFinish =?= undefined", doing)

"""Jobs that run until something happens to them, and what their log says of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from containers import Running

SUBMITTED, RUNS, EVICTED, TERMINATED = "000", "001", "004", "005"

#: A Python program: submits as many jobs as its first argument says, each running the shell command
#: that is its second, with their log in `log`.
SUBMIT = """\
import htcondor2, sys
job = htcondor2.Submit({
    'executable': '/bin/sh', 'transfer_executable': 'false',
    'arguments': f'''"-c '{sys.argv[2]}'"''',
    'log': 'log', 'transfer_output_files': '',
})
htcondor2.Schedd().submit(job, count=int(sys.argv[1]))
"""
#: Notes each request to end, and does not.
STUBBORN = 'trap "echo asked >> /home/jovyan/asked" TERM; while :; do sleep 1; done'


def submit(running: Running, count: int, command: str = "sleep 600") -> None:
    """Submit jobs from the container's home, once its pool is ready, and wait until all run."""
    running.output("htc-pool", "wait", "--timeout", "60")
    running.output("python", "-c", SUBMIT, str(count), command.replace('"', '""'))
    running.wait_until(lambda: events(running, RUNS) == count)


def events(running: Running, number: str) -> int:
    """Return how often the jobs' log in the container's home tells of an event."""
    return len(re.findall(rf"(?m)^{number} \(", running.exec("cat", "log").stdout))

#!/opt/htc/bin/python3 -I
"""Become the Jupyter that DOCKER_STACKS_JUPYTER_CMD names, or a hub's single-user server."""

import os
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path


def main(arguments):
    """Run Jupyter and return its exit status, or why it cannot run."""
    if os.environ.get("JUPYTERHUB_API_TOKEN"):
        os.execv("/usr/local/bin/start-singleuser.py", ["start-singleuser.py", *arguments])
    name = os.environ.get("DOCKER_STACKS_JUPYTER_CMD") or "lab"
    if not shutil.which(f"jupyter-{name}"):
        return f"ERROR: DOCKER_STACKS_JUPYTER_CMD={name!r}: this image has no jupyter-{name}"
    try:
        more = shlex.split(os.environ.get("NOTEBOOK_ARGS", ""))
    except ValueError as error:
        return f"ERROR: NOTEBOOK_ARGS cannot be read as a shell would: {error}"
    command = ["jupyter", name, *more, *arguments]
    if os.environ.get("RESTARTABLE", "").lower() not in ("1", "yes", "on", "true"):
        os.execvp(command[0], command)
    return run_again_and_again(command)


def run_again_and_again(command):
    """Run `command` each time that it has ended, until this process is asked to end."""
    ends = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*ends, signal.SIGCHLD})
    pause = asked = 0
    while True:
        began = time.monotonic()
        child = os.posix_spawnp(
            command[0], command, os.environ,
            # As this process found them, and what Python ignores for itself.
            setsigmask=mask, setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
        )  # fmt: skip
        while True:
            got = signal.sigwaitinfo({*ends, signal.SIGCHLD})
            if got.si_signo in ends:
                asked = got.si_signo
            # tini and the terminal signal the whole group, somebody with `kill` this process alone.
            # Jupyter, told twice, would be disturbed while it ends.
            if got.si_signo == signal.SIGTERM and not is_tini(got.si_pid):
                os.kill(child, signal.SIGTERM)
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
        code = os.waitstatus_to_exitcode(status)
        if asked:
            return code if code >= 0 else 128 - code
        # One that ran for a minute was not broken from the start.
        pause = min(2 * pause, 60) if pause and time.monotonic() - began < 60 else 1
        print(
            f"{shlex.join(command)} ended ({code}): started again in {pause} s (RESTARTABLE)",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        got = signal.sigtimedwait(ends, pause)
        if got:
            return 128 + got.si_signo


def is_tini(process):
    """Say whether `process` is a tini: those of these images signal whole groups."""
    try:
        return Path(f"/proc/{process}/comm").read_text() == "tini\n"
    except OSError:
        return False


sys.exit(main(sys.argv[1:]))

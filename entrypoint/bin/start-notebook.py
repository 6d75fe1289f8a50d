#!/opt/htc/bin/python3 -I
"""Become the Jupyter that DOCKER_STACKS_JUPYTER_CMD names, or a hub's single-user server."""

import os
import shlex
import shutil
import signal
import sys
import time


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
    port = os.environ.get("JUPYTER_PORT") or "8888"
    if not port.isdecimal() or int(port) > 65535:
        # Jupyter would show a traceback of its configuration file, and go on without it.
        return f"ERROR: JUPYTER_PORT={port!r} is no port: give a number up to 65535"
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
            number = signal.sigwait({*ends, signal.SIGCHLD})
            if number in ends:
                asked = number
            # tini and the terminal signal the whole group, somebody with `kill` this process alone.
            # Only TERM is passed on: Jupyter takes a second Ctrl-C for the answer to its question.
            if number == signal.SIGTERM:
                os.kill(child, number)
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


sys.exit(main(sys.argv[1:]))

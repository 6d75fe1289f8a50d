"""The command `htc-pool`: look after the personal pool of this container."""

import argparse
import contextlib
import glob
import os
import pwd
import signal
import subprocess
import sys

from htc_pool import environment, launcher, readiness, settings, state, supervisor

# The logs in the order in which a pool comes up, by what people call their writers.
LOGS = {
    "supervisord": ("supervisord.out", "supervisord.log"),
    "master": ("condor_master.out", "log/MasterLog"),
    "collector": ("log/CollectorLog",),
    "negotiator": ("log/NegotiatorLog",),
    "schedd": ("log/SchedLog",),
    "startd": ("log/StartLog",),
    "shadow": ("log/ShadowLog",),
    "starter": ("log/StarterLog*",),
}


def main(arguments):
    """Run one `htc-pool` command and return its exit status."""
    options = parser().parse_args(arguments)
    failed = launcher.NO_POOL if options.run is around else 1
    directory = ""
    try:
        if settings.mode(os.environ) == "attached":
            return attached(options)
        if options.run in (start, around):
            # By the name the directory is called.
            _be_named()
        directory = settings.pool_dir(os.environ)
        _refuse_strangers(directory)
        return options.run(directory, options)
    except (settings.SettingError, state.StateError) as error:
        print(f"htc-pool: {error}", file=sys.stderr)
    except readiness.NotReadyError as error:
        print(f"htc-pool: {error}", file=sys.stderr)
        print(readiness.log_tails(directory), file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return failed


def parser():
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="htc-pool",
        description="Look after this container's personal pool.",
        epilog="Exit status: 0, it is as asked for; 1, it is not, and why; 2, the command line is "
        "wrong. Of `with`: the command's own; 70, there is no pool, and the command was not run; "
        "126 and 127, it cannot be run or found. Where the container is attached to a site's "
        "access point there is nothing to do, and the status is 0.",
    )
    commands = top.add_subparsers(required=True, metavar="command")
    add = commands.add_parser
    add("status", help="say whether it takes jobs (0) or not (1)").set_defaults(run=status)
    for name, run, help_text in (
        ("wait", wait, "wait until it takes jobs"),
        ("start", start, "start it, where it was stopped or never started, and wait"),
    ):
        command = add(name, help=help_text)
        command.add_argument("--timeout", type=_seconds, default=30, metavar="SECONDS")
        command.add_argument("--quiet", action="store_true", help="say nothing if all is well")
        command.set_defaults(run=run)
    add("stop", help="evict the jobs, save the queue and stop").set_defaults(run=stop)
    command = add("logs", help="show the ends of its logs")
    command.add_argument("names", nargs="*", metavar="name", help=f"of: {', '.join(LOGS)}")
    command.add_argument("--lines", type=int, default=20, metavar="N", help="of each (20)")
    command.add_argument("--follow", action="store_true", help="go on as they grow, until Ctrl-C")
    command.set_defaults(run=logs)
    command = add(
        "with",
        usage="htc-pool with [--] COMMAND [ARGUMENT ...]",
        help="run a command with the pool, which is started for it and stopped after it unless it "
        "is there already (HTC_POOL_WAIT: seconds to wait for it)",
    )
    command.add_argument("command", nargs=argparse.REMAINDER)
    command.set_defaults(run=around, usage=command.error)
    return top


def _seconds(text):
    with contextlib.suppress(ValueError):
        if 0 <= float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")


def attached(options):
    """Do what there is to do where a site's access point takes the jobs."""
    line = f"no personal pool here: attached to the access point {settings.site_schedd(os.environ)}"
    if options.run is around:
        print(f"htc-pool: {line}", file=sys.stderr, flush=True)
        return launcher.become(_command(options))
    print(line)
    return 0


def status(directory, options):
    """Say whether the pool takes jobs."""
    ads = readiness.slots(directory)
    if ads:
        print(f"the pool is ready ({readiness.describe(ads)})")
        return 0
    known = supervisor.program_state(directory)
    if not known and settings.mode(os.environ) == "none":
        print("HTC_POOL=none: no pool was started here, and `htc-pool start` starts one")
    else:
        why = supervisor.gave_up(directory) or f"its master: {known or 'not supervised'}"
        print(f"the pool is not ready ({why})")
    return 1


def wait(directory, options):
    """Wait until the pool takes jobs."""
    ads = readiness.wait(directory, options.timeout)
    if not options.quiet:
        print(f"the pool is ready ({readiness.describe(ads)})")
    return 0


def start(directory, options):
    """Start the pool and wait until it takes jobs."""
    if supervisor.wake(directory):
        supervisor.start_program(directory)
    else:
        # Nothing to do where somebody else is starting it.
        with contextlib.suppress(state.RunningError):
            state.prepare(os.environ)
            supervisor.start(directory, environment.of_daemons(os.environ, directory))
            supervisor.wake_when_up(directory)
    return wait(directory, options)


def stop(directory, options):
    """Stop the pool; its queue is kept."""
    if not supervisor.wake(directory):
        print("the pool is not supervised: nothing to stop")
        return 0
    supervisor.stop_program(directory)
    print("the pool is stopped")
    return 0


def logs(directory, options):
    """Show the ends of the pool's logs."""
    unknown = [name for name in options.names if name not in LOGS]
    if unknown:
        print(f"htc-pool: no log of {unknown[0]}, but of {', '.join(LOGS)}", file=sys.stderr)
        return 2
    patterns = [pattern for name in options.names or LOGS for pattern in LOGS[name]]
    paths = [path for each in patterns for path in sorted(glob.glob(f"{directory}/{each}"))]
    if not paths:
        print(f"htc-pool: there are no logs in {directory}: no pool was started", file=sys.stderr)
        return 1
    follow = ["--follow=name", "--retry"] if options.follow else []
    return os.execvp("tail", ["tail", "--verbose", f"--lines={options.lines}", *follow, *paths])


def around(directory, options):
    """Run a command with the pool and return its exit status."""
    command = _command(options)
    if not supervisor.wake(directory):
        # Or somebody is just starting it.
        with contextlib.suppress(state.RunningError):
            return With(command, os.environ).run()
    # Whoever started it stops it.
    start(directory, argparse.Namespace(timeout=_wait(), quiet=True))
    return launcher.become(command)


class With(launcher.Launch):
    """One run of a command with a pool, where neither tini nor start.sh stands before it."""

    def __init__(self, command, environ):
        super().__init__(command, environ)
        self.required = True
        self.wait = _wait()

    def pass_on(self, number):
        """Pass on what was sent to this process alone."""
        super().pass_on(number)
        if number in (signal.SIGINT, signal.SIGQUIT) and os.isatty(0):
            # The terminal sends these to everyone in front of it.
            return
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(self.child) == os.getpgrp():
                os.kill(self.child, number)


def _wait():
    return settings.wait_seconds(os.environ, 30.0) or 30.0


def _command(options):
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        options.usage("what is to be run? for example: htc-pool with -- pytest")
    return command


def _refuse_strangers(directory):
    """Tell root and others whose the pool is, instead of that there is none."""
    if os.path.lexists(directory):
        return
    for path in glob.glob("/tmp/htc-pool-*"):
        owner = os.lstat(path).st_uid
        if owner != os.getuid():
            with contextlib.suppress(KeyError):
                owner = pwd.getpwuid(owner).pw_name
            raise state.StateError(
                f"the pool of this container belongs to {owner}: ask as that user (docker exec "
                f"--user {owner})"
            )


def _be_named():
    """Give a user without a name one, as start.sh does: HTCondor's daemons do not run without."""
    if _has_name():
        return
    script = "source log.sh && source names.sh && _name_user $EUID $(id -g)"
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        cwd="/usr/local/lib/htc",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if not _has_name():
        raise state.StateError(done.stderr.strip().removeprefix("WARNING: "))


def _has_name():
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwuid(os.getuid()))
    return False

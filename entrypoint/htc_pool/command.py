"""The command `htc-pool`: look after the personal pool of this container."""

import argparse
import os
import sys

from htc_pool import environment, readiness, settings, state, supervisor


def main(arguments):
    """Run one `htc-pool` command and return its exit status."""
    options = parser().parse_args(arguments)
    site = settings.site_schedd(os.environ)
    if site:
        print(f"no personal pool here: attached to the access point {site}")
        return 0
    try:
        directory = settings.pool_dir(os.environ)
        return options.run(directory, options)
    except (settings.SettingError, state.StateError) as error:
        print(f"htc-pool: {error}", file=sys.stderr)
        return 1
    except readiness.NotReadyError as error:
        print(f"htc-pool: {error}", file=sys.stderr)
        print(readiness.log_tails(directory), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser():
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="htc-pool", description="This container's personal pool.")
    commands = top.add_subparsers(required=True, metavar="command")
    add = commands.add_parser
    status_parser = add("status", help="say whether it takes jobs (exit status 0) or not (1)")
    status_parser.set_defaults(run=status)
    for name, run, help_text in (
        ("wait", wait, "wait until it takes jobs"),
        ("start", start, "start it, where it was stopped or never started, and wait"),
    ):
        command = add(name, help=help_text)
        command.add_argument("--timeout", type=float, default=30, metavar="SECONDS")
        command.add_argument("--quiet", action="store_true", help="say nothing if all is well")
        command.set_defaults(run=run)
    add("stop", help="evict the jobs, save the queue and stop").set_defaults(run=stop)
    add("logs", help="show the ends of its logs").set_defaults(run=logs)
    return top


def status(directory, options):
    """Say whether the pool takes jobs."""
    ads = readiness.slots(directory)
    if ads:
        print(f"the pool is ready ({readiness.describe(ads)})")
        return 0
    known = supervisor.program_state(directory)
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
    print(readiness.log_tails(directory, lines=40))
    return 0

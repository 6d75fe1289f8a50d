"""The command `htc-doctor`: what works here, what does not, and what to do about it."""

import argparse
import os
import pwd
import sys
import time

from htc_pool import access, readiness, settings, supervisor, surroundings
from htc_pool.findings import FAIL, OK, WARN, Check, Finding, run

# Five seconds in all, with the start of Python and of the bindings.
SECONDS = 4.5


def main(arguments):
    """Examine this container; return 1 if anything fails, else 0."""
    options = parser().parse_args(arguments)
    if options.site:
        for finding in run([SITE], os.environ, SECONDS):
            if finding.level != OK:
                print(f"htc: {finding.text}", file=sys.stderr, flush=True)
        return 0
    findings = run(checks(os.environ), os.environ, SECONDS)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for finding in findings:
        print(finding.line(colour))
    return int(any(finding.level == FAIL for finding in findings))


def parser():
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="htc-doctor",
        description="Say what works in this container, what does not, and what to do about it.",
        epilog="Each line: ok, warn or FAIL; what it is about; what is so. The exit status is 1 if "
        "anything fails, else 0. It takes at most five seconds.",
    )
    made.add_argument(
        "--site",
        action="store_true",
        help="as a container does at its start: look at the site's access point alone, and say "
        "only what is wrong, on standard error",
    )
    return made


def checks(environ):
    """Return what there is to look at."""
    try:
        mode = settings.mode(environ)
    except settings.SettingError as error:
        text = f"{error}: set it otherwise and start the container again"
        return [Check("mode", lambda _: [Finding(FAIL, "mode", text)], ""), *EVERYWHERE]
    return [*BY_MODE[mode], *EVERYWHERE]


def site(environ):
    """Look at the site's access point and at what it grants."""
    host = settings.site_schedd(environ)
    yield Finding(OK, "mode", f"attached to the access point {host}; no pool in this container")
    yield from access.site(environ)


def personal(environ):
    """Look at the pool in this container."""
    directory = settings.pool_dir(environ)
    yield Finding(OK, "mode", f"a personal pool, whose state is in {directory}")
    yield from _pool(directory)


def no_pool(environ):
    """Look at a container that was asked to have no pool; one may have been started by hand."""
    directory = settings.pool_dir(environ)
    yield Finding(OK, "mode", "HTC_POOL=none: no pool is started here, unless by `htc-pool start`")
    if supervisor.wake(directory):
        yield from _pool(directory)


def _pool(directory):
    ads = readiness.slots(directory)
    if not ads:
        yield Finding(FAIL, "pool", why_no_pool(directory))
        return
    yield Finding(OK, "pool", f"takes jobs: {readiness.describe(ads)}")
    import htcondor2

    ad = htcondor2.Collector().locate(htcondor2.DaemonType.Schedd)
    yield from access.schedd(ad, "the pool", "pool")


def why_no_pool(directory):
    """Say why the pool does not take jobs and what to do."""
    if os.getuid() == 0 or os.getgid() == 0:
        return (
            "root, and any user in group 0, have no pool: start the container, or use `docker "
            "exec`, as another user (--user 1000:100)"
        )
    if not supervisor.wake(directory):
        return f"nothing keeps a pool running in {directory}: `htc-pool start` starts one"
    state = supervisor.program_state(directory)
    if state == "STOPPED":
        return "it was stopped by hand: `htc-pool start` starts it again"
    if state == "RUNNING":
        return (
            "its master runs, but it does not take jobs yet: `htc-pool wait` waits for it, "
            "`htc-pool logs` shows what it says"
        )
    return f"its master does not stay up ({state or 'unknown'}): `htc-pool logs` shows why"


def tokens_of_user(environ):
    """Look at the files of tokens and at what each says."""
    from htc_pool import tokens
    from htmap.pool import identity

    folder = tokens.directory(environ)
    found = identity.look(folder)
    if not found:
        if not settings.site_schedd(environ):
            yield Finding(OK, "tokens", f"none in {folder}; a personal pool needs none")
            return
        source = environ.get("HTC_TOKEN_SOURCE") or tokens.DEFAULT_SOURCE
        yield Finding(
            WARN, "tokens",
            f"none in {folder}: unless the site knows you otherwise, mount one at {source} and "
            "start the container again, or put one there (mode 0600)",
        )  # fmt: skip
    for file in found:
        yield from about_token(file, time.time())


def about_token(file, now):
    """Yield what there is to say about one file of tokens."""
    from htmap.pool.identity import expired, until

    if file.problem:
        remedy = f"chmod 600 {file.path}" if "mode" in file.problem else "replace or remove it"
        yield Finding(
            FAIL, "tokens", f"{file.path} {file.problem}, so HTCondor passes over it: {remedy}"
        )
        return
    for claims in file.claims:
        who = f"{claims.get('sub', 'nobody')} by {claims.get('iss', 'nobody')}"
        text = f"{file.path}: {who}, {until(claims, now)}"
        if expired(claims, now):
            yield Finding(FAIL, "tokens", f"{text}: ask the site for a new one")
        else:
            yield Finding(OK, "tokens", text)


def user(environ):
    """Look at who runs this."""
    uid, gid = os.getuid(), os.getgid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        yield Finding(
            FAIL, "user",
            f"{uid} has no name here, and HTCondor's daemons do not run without: the image's own "
            "entrypoint and `htc-pool start` give it one",
        )  # fmt: skip
        return
    if uid == 0 or gid == 0:
        yield Finding(
            WARN, "user",
            f"{entry.pw_name} ({uid}:{gid}): root, and any user in group 0, can run no personal "
            "pool; use --user 1000:100 (Kubernetes: runAsUser, runAsGroup)",
        )  # fmt: skip
        return
    home = os.path.expanduser("~")
    if not os.access(home, os.W_OK | os.X_OK):
        yield Finding(
            FAIL, "user",
            f"{entry.pw_name} ({uid}:{gid}) cannot write to the home {home}: mount one that "
            f"belongs to {uid}, or start the container as root with NB_UID={uid} CHOWN_HOME=yes",
        )  # fmt: skip
        return
    yield Finding(OK, "user", f"{entry.pw_name} ({uid}:{gid}), home {home}")


def delivery(environ):
    """Say how a map's Python reaches its jobs."""
    from htmap.delivery import check
    from htmap.exceptions import HTMapException
    from htmap.settings import settings as chosen

    method = chosen["DELIVERY_METHOD"]
    try:
        check(method)
    except HTMapException as error:
        yield Finding(FAIL, "delivery", str(error))
        return
    words = {
        "shared": f"every job runs {sys.executable}, by that path",
        "assume": "every job runs the python3 that its node has",
        "container": f"every job runs in the image {chosen['CONTAINER.IMAGE']}",
        "docker": f"every job runs in the Docker image {chosen['DOCKER.IMAGE']}",
        "singularity": f"every job runs in the image {chosen['SINGULARITY.IMAGE']}",
        "transplant": f"every job unpacks a copy of {sys.prefix}",
    }
    yield Finding(OK, "delivery", f"{method}: {words.get(method, 'see the manual')}")


SITE = Check(
    "site", site, "the access point does not answer in time: is it up, and does a firewall or a "
    "network policy let this container reach it and its name server?",
)  # fmt: skip
POOL_LATE = "the pool does not answer in time: `htc-pool logs` shows why"
HERE = [
    Check("limits", surroundings.shares, POOL_LATE),
    Check("files", surroundings.state, "the pool's directory does not answer: a file server?"),
]
BY_MODE = {
    "personal": [Check("pool", personal, POOL_LATE), *HERE],
    "attached": [SITE],
    "none": [Check("pool", no_pool, POOL_LATE), *HERE],
}
EVERYWHERE = [
    Check("user", user, "nobody answers who this user is: is a directory service (LDAP) down?"),
    Check("files", surroundings.home, "the home does not answer: is its file server down?"),
    Check("files", surroundings.maps, "HTMAP_DIR does not answer: is its file server down?"),
    Check("tokens", tokens_of_user, "where tokens are does not answer: is a file server down?"),
    Check("delivery", delivery, "htmap's settings do not answer: is the home's file server down?"),
]

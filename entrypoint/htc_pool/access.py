"""Whether a schedd, the personal pool's or a site's, does what this user wants of it."""

import re
import socket
import time

from htc_pool import settings
from htc_pool.findings import FAIL, OK, WARN, Finding

# Tokens and leases are compared with the clock of the other side.
_SKEW_SEEN, _SKEW_TOO_LARGE = 5, 60


def site(environ):
    """Yield what is found on the way to the site's access point, up to the first thing missing."""
    import htcondor2

    from htmap.pool.reach import host, unreachable, unresolved

    name = settings.site_schedd(environ)
    collector = htcondor2.param.get("COLLECTOR_HOST") or htcondor2.param.get("CONDOR_HOST")
    if not collector:
        yield Finding(
            FAIL, "site",
            f"no collector is named; the access point {name} cannot be found by its name alone: "
            "set _CONDOR_COLLECTOR_HOST to the site's collector",
        )  # fmt: skip
        return
    for what, address in (("collector", collector), ("access point", name)):
        trouble = unresolved(address)
        if trouble:
            yield Finding(
                FAIL, "site",
                f"the name of the {what}, {host(address)}, cannot be resolved ({trouble}): "
                f"correct _CONDOR_{'SCHEDD' if address == name else 'COLLECTOR'}_HOST or the "
                "container's name server",
            )  # fmt: skip
            return
    if not _has_domain(host(name), htcondor2.param.get("DEFAULT_DOMAIN_NAME")):
        yield Finding(
            WARN, "site",
            f"the access point's name {host(name)} has no domain, and condor_q calls such a host "
            "unknown: let _CONDOR_SCHEDD_HOST be its full name",
        )  # fmt: skip
    trouble = unreachable(collector)
    if trouble:
        yield Finding(
            FAIL, "site",
            f"the collector {collector} cannot be reached ({trouble}): is it up, and does a "
            "firewall or a network policy let this container reach it?",
        )  # fmt: skip
        return
    try:
        known = htcondor2.Collector().query(htcondor2.AdType.Schedd, projection=["Name"])
    except htcondor2.HTCondorException as error:
        yield Finding(
            FAIL, "site",
            f"the collector {collector} does not answer this user ({_plain(error)}): there "
            "is no token that HTCondor reads, or the site does not take it",
        )  # fmt: skip
        return
    try:
        ad = htcondor2.Collector().locate(htcondor2.DaemonType.Schedd)
    except htcondor2.HTCondorException:
        names = ", ".join(sorted(str(each.get("Name")) for each in known)[:5])
        yield Finding(
            FAIL, "site",
            f"the collector {collector} knows no schedd {name}, but {names or 'none at all'}: "
            "let _CONDOR_SCHEDD_HOST name one of those, or is it down?",
        )  # fmt: skip
        return
    yield from schedd(ad, f"the access point {name}", "site")


def schedd(ad, what, about):
    """Yield what a schedd grants this user, its clock and its version."""
    import htcondor2

    try:
        answer = htcondor2.ping(ad, "READ")
    except htcondor2.HTCondorException as error:
        yield Finding(
            FAIL, about,
            f"{what} does not let you in ({_plain(error)}): " + (
                "`htc-pool logs schedd` shows why" if about == "pool" else
                "it knows none of your tokens; `condor_ping -debug READ` tells more"
            ),
        )  # fmt: skip
        return
    identity = answer.get("MyRemoteUserName", "somebody unknown")
    if not _may_write(ad):
        yield Finding(
            FAIL, about,
            f"{what} knows you as {identity}, who may look at jobs there and submit none: who runs "
            "it has to allow that (ALLOW_WRITE)",
        )  # fmt: skip
        return
    methods = answer.get("AuthMethods", "no authentication")
    yield Finding(OK, about, f"{what} grants READ and WRITE to {identity} ({methods})")
    yield from _clock(ad, what)
    yield _versions(str(answer.get("RemoteVersion") or ad.get("CondorVersion", "")))


def _may_write(ad):
    import htcondor2

    try:
        return bool(htcondor2.ping(ad, "WRITE").get("AuthorizationSucceeded"))
    except htcondor2.HTCondorException:
        return False


def _clock(ad, what):
    import htcondor2

    before = time.time()
    summary = htcondor2.Schedd(ad).query(opts=htcondor2.QueryOpt.SummaryOnly)
    after = time.time()
    theirs = summary[0].get("ServerTime") if summary else None
    if theirs is not None:
        yield clock(int(theirs), before, after, what)


def clock(theirs, before, after, what):
    """Return what the time that another side said, between two times here, says about the clocks.

    Theirs is in whole seconds, cut off.
    """
    skew = max(0.0, before - (theirs + 1)) or -max(0.0, theirs - after)
    if abs(skew) < _SKEW_SEEN:
        return Finding(OK, "clock", f"that of {what} and this one agree")
    return Finding(
        FAIL if abs(skew) >= _SKEW_TOO_LARGE else WARN,
        "clock",
        f"this machine's is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} that of "
        f"{what}, and tokens and leases need both to agree: let the host's clock be set (NTP)",
    )


def _versions(theirs):
    import htcondor2

    return versions(version(htcondor2.version()), version(theirs))


def version(text):
    """Return the numbers in ``$CondorVersion: 23.9.6 ... $``, or an empty tuple."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, found.groups())) if found else ()


def versions(bindings, daemons):
    """Return what is known about a pair of versions."""
    pair = f"bindings (the htcondor wheel) {dotted(bindings)}, daemons {dotted(daemons)}"
    if bindings < (25, 0, 10):
        return Finding(
            FAIL, "versions", f"{pair}: htmap needs bindings of at least 25.0.10: "
            "pip install 'htcondor>=25.0.10'",
        )  # fmt: skip
    if daemons and daemons < (23, 9, 6):
        return Finding(
            WARN, "versions", f"{pair}: nobody has tried daemons older than 23.9.6 with htmap"
        )
    if daemons and daemons[0] > bindings[0]:
        return Finding(
            WARN, "versions", f"{pair}: newer daemons than bindings are not tried: "
            "pip install --upgrade htcondor",
        )  # fmt: skip
    return Finding(OK, "versions", pair)


def dotted(numbers):
    """Return a version as people write it."""
    return ".".join(map(str, numbers)) or "unknown"


def _has_domain(host, default):
    # As HTCondor decides it: by the name, what the name server calls it, or a domain for all.
    found = socket.getaddrinfo(host, None, flags=socket.AI_CANONNAME)
    return bool(default) or "." in host + found[0][3] or ":" in host


def _plain(error):
    return str(error).strip().rstrip(".")

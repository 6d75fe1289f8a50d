"""What is wrong when a schedd or collector does not do as asked: where, as whom, what to do next.

The bindings tell little ("Failed communication with collector."), so after a failure it is looked
at once more: whether the name can be resolved, whether anything listens, whether we are let in.
"""

from __future__ import annotations

import re
import time
from typing import NamedTuple

from htmap.exceptions import DaemonFailed, NoScheduler, SchedulerRefused
from htmap.pool import identity, reach
from htmap.settings import settings

_REFUSALS = re.compile(
    r"authenticat|AUTHENTICAT|DENIED|denied|permission|not authorized|FS:100|AUTHORIZ",
)
_NOT_THERE = re.compile(
    r"[Uu]nable to (locate|determine|connect)|[Ff]ailed (communication|to connect|to start)|"
    r"[Ff]ailed to fetch ads|TCP connection|[Cc]onnection (refused|closed)|[Cc]an't find address|"
    r"performing action on the schedd|did not respond",
)
#: Whom the other side took us for: ``Received "DENIED" from server for user alice@site using ...``.
_TAKEN_FOR = re.compile(r"(?:from server for|DENIED to) user (\S+?)[.,]?(?:\s|$)")
# Bindings that were let down at once give up within a second; one that hears nothing waits for 20.
_SLOW = 5.0

#: From this version on daemons take part in the bindings' check of who asks for file system
#: authentication (SEC_FS_ENFORCE_CHANNEL_BINDING).
_SAYS_ITS_ADDRESS = (25, 14, 0)


class Asked(NamedTuple):
    """A daemon that was asked for something.

    Attributes
    ----------
    kind : str
        ``Scheduler`` or ``Collector``, as its ad has it.
    name : str
        Its name in the pool; empty where it has none.
    address : str
        Where it listens: a host, with or without a port, or a sinful string. Empty for one of this
        machine that has not been found.
    version : tuple of int
        Such as ``(23, 9, 6)``.
    """

    kind: str
    name: str
    address: str
    version: tuple[int, ...] = _SAYS_ITS_ADDRESS

    @property
    def where(self) -> str | None:
        """Host and port, or None where these are not known."""
        return reach.plain(self.address) if self.address else None

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine."""
        return not self.address or reach.is_here(self.address)

    @property
    def words(self) -> str:
        """What and where it is, in words."""
        parts = ["the", "schedd" if self.kind == "Scheduler" else "collector", self.name]
        if self.where:
            parts += ["at", self.where]
        return " ".join(part for part in parts if part)


def collector(named: object = None) -> Asked:
    """Return the collector that was asked: the one that is ``named``, or the configured one."""
    address = str(named or _configured("COLLECTOR_HOST") or "")
    if re.search(r":0\b", address):
        # A personal pool's has another port each time that it is started, and says it in a file.
        try:
            with open(_configured("COLLECTOR_ADDRESS_FILE") or "") as file:  # noqa: PTH123
                address = file.readline().strip()
        except OSError:
            address = ""
    return Asked("Collector", "", address)


def explained(error: BaseException, doing: str, asked: Asked, began: float) -> DaemonFailed:
    """Turn an error of the bindings into one that says where, as whom, and what to do next.

    Parameters
    ----------
    error : BaseException
        What the bindings raised.
    doing : str
        What was being done ("submitting the map 'a'").
    asked : Asked
        Who was asked.
    began : float
        When, by ``time.monotonic()``.

    Returns
    -------
    DaemonFailed
        :class:`NoScheduler` or :class:`SchedulerRefused`, or, where something else is wrong, their
        base.
    """
    seconds = time.monotonic() - began
    text = str(error).strip() or type(error).__name__
    # A schedd that refuses is there, though the bindings say "failed to connect" then too.
    if _REFUSALS.search(text):
        return _refused(doing, asked, text)
    if not _NOT_THERE.search(text):
        return _failed(doing, asked, text)
    if not asked.address:
        return _not_there(doing, asked, text, _local_advice())
    trouble = reach.unresolved(asked.address)
    if trouble:
        return _not_there(
            doing, asked,
            f"the name {reach.host(asked.address)} cannot be resolved ({trouble})",
            f"Correct it where it is named, or this machine's name server. {_named_by(asked.kind)}",
            here=False,  # a name server that is down is not asked again
        )  # fmt: skip
    trouble = reach.unreachable(asked.address)
    if trouble:
        return _not_there(
            doing, asked, f"{asked.words} cannot be reached ({trouble})",
            "See that it is up, and that no firewall or network policy keeps this machine from it: "
            f"nothing is lost, try again then. {_named_by(asked.kind)}",
        )  # fmt: skip
    if seconds >= _SLOW:
        return _not_there(
            doing, asked, f"{asked.words} did not answer within {seconds:.0f} s ({text})",
            "It has too much to do, or something in between swallows what is sent: nothing is "
            "lost, try again later",
        )  # fmt: skip
    level = "WRITE" if asked.kind == "Scheduler" else "READ"
    said = reach.ask_again(asked.address, asked.kind, level)
    if _REFUSALS.search(said):
        return _refused(doing, asked, said)
    if said == "granted":
        return _failed(doing, asked, text)
    return _not_there(
        doing, asked,
        f"something listens at {reach.plain(asked.address)}, but {asked.words} does not answer "
        f"({said or text})",
        "It is starting, or has ended behind a port that it shares with others: try again. "
        f"{_named_by(asked.kind)}",
    )  # fmt: skip


def out_of_reach(pool: object) -> NoScheduler | None:
    """Return what to raise where the collector cannot be reached; None where it may be.

    Parameters
    ----------
    pool : str or None
        What the settings call the collector.
    """
    asked = collector(pool)
    trouble = reach.trouble(asked.address) if asked.address else ""
    if not trouble:
        return None
    return _not_there(
        "looking for the schedd", asked, f"{asked.words} cannot be reached ({trouble})",
        "See that this machine has a network and the host is up: nothing is lost, try again then. "
        f"{_named_by('Collector')}",
        here=False,
    )  # fmt: skip


def not_found(error: BaseException, name: object, pool: object, began: float) -> DaemonFailed:
    """Turn an error of looking for a schedd into one that says what is wrong on the way to it.

    Parameters
    ----------
    error, began
        As of :func:`explained`.
    name, pool : str or None
        What the settings call the schedd and the collector.
    """
    doing = "looking for the schedd"
    named, asked = str(name or _configured("SCHEDD_HOST") or ""), collector(pool)
    if not named and not pool:
        # This machine's own, which is found by a file.
        return _not_there(doing, Asked("Scheduler", "", ""), str(error), _local_advice())
    if not asked.address:
        return _not_there(
            doing, Asked("Scheduler", named, ""),
            f"no collector is known that could tell where the schedd {named} is",
            _local_advice(),
        )  # fmt: skip
    if not isinstance(error, LookupError):
        found = explained(error, doing, asked, began)
        if isinstance(found, (NoScheduler, SchedulerRefused)):
            return found
    # The collector lets us in: it is the schedd that it does not know.
    trouble = reach.unresolved(named) if named else ""
    return _not_there(
        doing, Asked("Scheduler", named, ""),
        f"{asked.words} knows no schedd {named}"
        + (f", and that name cannot be resolved ({trouble})" if trouble else ""),
        "Is it down, or has it another name? `condor_status -schedd` lists those that there are; "
        f"HTCondor wants the full name, with its domain. {_named_by('Scheduler')}",
    )  # fmt: skip


def _failed(doing: str, asked: Asked, text: str) -> DaemonFailed:
    return DaemonFailed(
        f"HTCondor failed while {doing} at {asked.words}: {text}",
        address=asked.where,
        identity=identity.of_user(asked.is_here).name,
    )


def _not_there(
    doing: str, asked: Asked, wrong: str, advice: str, here: bool | None = None
) -> NoScheduler:
    return NoScheduler(
        f"no HTCondor schedd answered while {doing}: {wrong.rstrip('.')}. {advice}",
        address=asked.where,
        identity=identity.of_user(asked.is_here if here is None else here).name,
    )


def _refused(doing: str, asked: Asked, text: str) -> SchedulerRefused:
    taken = _TAKEN_FOR.search(text)
    who = identity.of_user(asked.is_here)
    if "server's network address" in text or (
        asked.version < _SAYS_ITS_ADDRESS and asked.is_here and _checks_address()
    ):
        advice = (
            f"{who.text} These bindings check which address asked for file system authentication, "
            "and daemons before 25.14 do not say. Use an IDTOKEN (https://htcondor.readthedocs.io, "
            "`condor_token_fetch`), or, only where the daemons listen on loopback alone, set "
            "SEC_FS_ENFORCE_CHANNEL_BINDING = false in HTCondor's configuration"
        )
    elif taken:
        advice = (
            f"It knows us as {taken[1]}, who may not do that there. {who.text} Ask those who run "
            "it to allow that (ALLOW_WRITE, ALLOW_READ), or use a token of somebody who may"
        )
    else:
        advice = f"{who.text} What to do: {who.remedy}. `condor_ping -debug WRITE` tells more"
    return SchedulerRefused(
        f"{asked.words} refused while {doing}: {text.rstrip('.')}. {advice}",
        address=asked.where,
        identity=taken[1] if taken else who.name,
    )


def _checks_address() -> bool:
    return (_configured("SEC_FS_ENFORCE_CHANNEL_BINDING") or "false").lower() != "false"


def _named_by(kind: str) -> str:
    """Say which settings name a daemon."""
    short = kind.upper()
    macro = "SCHEDD_HOST" if kind == "Scheduler" else "COLLECTOR_HOST"
    chosen = settings[f"HTCONDOR.{short}"]
    if chosen:
        return f"The setting HTCONDOR.{short} is {chosen}"
    return (
        f"{macro} is {_configured(macro) or 'not set'}: by _CONDOR_{macro} in the environment, or "
        f"by HTCONDOR.{short} in ~/.htmaprc, it can be changed"
    )


def _local_advice() -> str:
    where = ", ".join(
        f"{macro} is {_configured(macro) or 'not set'}"
        for macro in ("SCHEDD_HOST", "COLLECTOR_HOST", "SCHEDD_ADDRESS_FILE")
    )
    return (
        f"In HTCondor's configuration {where}. In a notebook image, `htc-pool status` says whether "
        "its pool runs and `htc-pool start` starts it; at a site, set _CONDOR_SCHEDD_HOST and "
        "_CONDOR_COLLECTOR_HOST, or HTCONDOR.SCHEDULER and HTCONDOR.COLLECTOR in ~/.htmaprc; "
        "`condor_q` must work in the same shell"
    )


def _configured(macro: str) -> str | None:
    import htcondor2

    try:
        return str(htcondor2.param[macro])
    except KeyError:
        return None

"""The schedd: finding it, and saying what is wrong when it does not answer.

The bindings are imported when the first call needs them: they cost 25 to 60 ms.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from htmap.exceptions import HTMapException, NoScheduler, SchedulerRefused
from htmap.settings import settings

T = TypeVar("T")

_REFUSALS = re.compile(
    r"authenticat|AUTHENTICAT|DENIED|denied|permission|not authorized|FS:100|AUTHORIZ",
)
_NOT_THERE = re.compile(
    r"[Uu]nable to (locate|determine|connect)|[Ff]ailed (communication|to connect|to start)|"
    r"TCP connection|[Cc]onnection refused|[Cc]an't find address|performing action on the schedd",
)


# What a schedd that was started anew answers to a session with the one before. It has done nothing
# then, and the next call begins another session.
_FORGOTTEN = "SECMAN:2004"

#: From this version on daemons take part in the bindings' check of who asks for file system
#: authentication (SEC_FS_ENFORCE_CHANNEL_BINDING).
_SAYS_ITS_ADDRESS = (25, 14, 0)


class Schedd:
    """A schedd that has been located.

    Attributes
    ----------
    version : tuple of int
        Of the schedd, such as ``(23, 9, 6)``.
    name : str
        Its name in the pool, or its address where it has none.
    address : str
        Where it listens; another one each time that it is started.
    born : int or None
        When its queue was made, in seconds since the epoch; None where it does not say.
    started : float
        When it was started, likewise.
    """

    def __init__(self, ad: Any) -> None:
        import htcondor2

        self._schedd = htcondor2.Schedd(ad)
        self.address = str(ad["MyAddress"])
        self.name = str(ad.get("Name") or self.address)
        born = ad.get("JobQueueBirthdate")
        self.born = born if isinstance(born, int) else None
        started = ad.get("DaemonStartTime")
        # Its first ad, of its first seconds, does not say.
        self.started = float(started) if isinstance(started, int) else time.time()
        found = re.search(r"(\d+)\.(\d+)\.(\d+)", str(ad.get("CondorVersion", "")))
        self.version = tuple(int(part) for part in found.groups()) if found else (0, 0, 0)

    def call(self, method: Callable[[Any], T], doing: str) -> T:
        """Call ``method`` with the bindings' schedd object.

        Parameters
        ----------
        method : callable
            Takes an ``htcondor2.Schedd``.
        doing : str
            What is being done, for the error message ("submitting the map 'a'").

        Raises
        ------
        NoScheduler
            If the schedd does not answer.
        SchedulerRefused
            If it does not accept who we are.
        HTMapException
            If it answers that it cannot do that.
        """
        import htcondor2

        failures = (htcondor2.HTCondorException, OSError)
        try:
            try:
                return method(self._schedd)
            except failures as error:
                if _FORGOTTEN not in str(error):
                    raise
            return method(self._schedd)
        except failures as error:
            # A schedd that was started anew has another address: look again next time.
            forget()
            raise explained(error, f"{doing} at the schedd {self.name}", self.version) from error


_known: dict[tuple[object, object], Schedd] = {}


def forget() -> None:
    """Forget which schedd was found; the next :func:`locate` looks anew."""
    _known.clear()


def is_local() -> bool:
    """Tell whether the schedd to use is that of this machine, by HTCondor's own configuration."""
    import htcondor2

    if settings["HTCONDOR.SCHEDULER"] or settings["HTCONDOR.COLLECTOR"]:
        return False
    return not htcondor2.param.get("SCHEDD_HOST")


def locate() -> Schedd:
    """Return the schedd that the settings or HTCondor's own configuration name.

    Raises
    ------
    NoScheduler
        If there is none, or the collector that should know it does not answer.
    SchedulerRefused
        If the collector does not accept who we are.
    """
    name = settings["HTCONDOR.SCHEDULER"] or None
    pool = settings["HTCONDOR.COLLECTOR"] or None
    # This machine's own is found in a file, in half a millisecond, and has another address each
    # time that its pool is started; a conversation with the old one ends in all sorts of errors.
    if (name, pool) not in _known or is_local():
        import htcondor2

        try:
            collector = htcondor2.Collector(pool) if pool else htcondor2.Collector()
            kind = htcondor2.DaemonType.Schedd
            ad = collector.locate(kind, name) if name else collector.locate(kind)
            if ad is None:
                raise LookupError("the collector knows no such schedd")
            _known[name, pool] = Schedd(ad)
        except (htcondor2.HTCondorException, OSError, LookupError) as error:
            raise explained(error, f"looking for the schedd ({_where(name, pool)})") from error
    return _known[name, pool]


def explained(
    error: BaseException, doing: str, version: tuple[int, ...] = _SAYS_ITS_ADDRESS
) -> HTMapException:
    """Turn an error of the bindings into one that says what to do next."""
    text = str(error).strip() or type(error).__name__
    # A schedd that refuses is there, though the bindings say "failed to connect" then too.
    if _REFUSALS.search(text):
        if "server's network address" in text or (
            version < _SAYS_ITS_ADDRESS and _checks_address()
        ):
            return SchedulerRefused(
                f"authentication failed while {doing}: {text}. These bindings check which address "
                "asked for file system authentication, and daemons before 25.14 do not say. Use "
                "an IDTOKEN (https://htcondor.readthedocs.io, `condor_token_fetch`), or, only "
                "where the daemons listen on loopback alone, set SEC_FS_ENFORCE_CHANNEL_BINDING = "
                "false in HTCondor's configuration"
            )
        return SchedulerRefused(
            f"HTCondor refused while {doing}: {text}. It did not accept who you are, or does not "
            "let you do that. Look at `condor_ping -type schedd WRITE`; a token must lie in "
            "~/.condor/tokens.d, belong to you and have mode 0600"
        )
    if isinstance(error, LookupError) or _NOT_THERE.search(text):
        return NoScheduler(
            f"no HTCondor schedd answered while {doing}: {text}. In a notebook image, "
            "`htc-pool status` says whether its pool runs and `htc-pool start` starts it; at a "
            "site, set _CONDOR_SCHEDD_HOST and _CONDOR_COLLECTOR_HOST, or "
            "HTCONDOR.SCHEDULER and HTCONDOR.COLLECTOR in ~/.htmaprc; `condor_q` must work in "
            "the same shell"
        )
    return HTMapException(f"HTCondor failed while {doing}: {text}")


def _checks_address() -> bool:
    import htcondor2

    try:
        return str(htcondor2.param["SEC_FS_ENFORCE_CHANNEL_BINDING"]).lower() != "false"
    except KeyError:  # bindings from before the check
        return False


def _where(name: object, pool: object) -> str:
    import htcondor2

    def setting(key: str) -> str:
        try:
            return str(htcondor2.param[key])
        except KeyError:
            return "not set"

    if name or pool:
        return f"schedd {name or 'unnamed'}, collector {pool or setting('COLLECTOR_HOST')}"
    return (
        f"in HTCondor's configuration: SCHEDD_HOST is {setting('SCHEDD_HOST')}, COLLECTOR_HOST "
        f"is {setting('COLLECTOR_HOST')}, SCHEDD_ADDRESS_FILE is {setting('SCHEDD_ADDRESS_FILE')}"
    )

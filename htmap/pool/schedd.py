"""The schedd: finding it, and asking it.

The bindings are imported when the first call needs them: they cost 25 to 60 ms.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from htmap.pool.refusals import Asked, explained, not_found, out_of_reach
from htmap.settings import settings

T = TypeVar("T")

# What a schedd that was started anew answers to a session with the one before. It has done nothing
# then, and the next call begins another session.
_FORGOTTEN = "SECMAN:2004"

# Seconds for which a schedd on another machine that has answered is taken to be there. For one that
# says nothing the bindings wait without end, but for the answer to a query, which they give 20 s.
_THERE = 5.0


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
        self._answered = -_THERE
        self.address = str(ad["MyAddress"])
        self.name = str(ad.get("Name") or self.address)
        born = ad.get("JobQueueBirthdate")
        self.born = born if isinstance(born, int) else None
        started = ad.get("DaemonStartTime")
        # Its first ad, of its first seconds, does not say.
        self.started = float(started) if isinstance(started, int) else time.time()
        found = re.search(r"(\d+)\.(\d+)\.(\d+)", str(ad.get("CondorVersion", "")))
        self.version = tuple(int(part) for part in found.groups()) if found else (0, 0, 0)

    def call(self, method: Callable[[Any], T], doing: str, *, is_query: bool = False) -> T:
        """Call ``method`` with the bindings' schedd object.

        Parameters
        ----------
        method : callable
            Takes an ``htcondor2.Schedd``.
        doing : str
            What is being done, for the error message ("submitting the map 'a'").
        is_query : bool
            Whether ``method`` does nothing but a query, which needs no other before it.

        Raises
        ------
        NoScheduler
            If the schedd does not answer.
        SchedulerRefused
            If it does not accept who we are.
        DaemonFailed
            If it answers that it cannot do that.
        """
        import htcondor2

        failures = (htcondor2.HTCondorException, OSError)
        began = time.monotonic()
        try:
            try:
                answer = self._ask(method, is_query)
            except failures as error:
                if _FORGOTTEN not in str(error):
                    raise
                answer = self._ask(method, is_query)
            self._answered = time.monotonic()
            return answer
        except failures as error:
            # A schedd that was started anew has another address: look again next time.
            forget()
            asked = Asked("Scheduler", self.name, self.address, self.version)
            raise explained(error, doing, asked, began) from error

    def has_job(self, constraint: str, doing: str) -> bool:
        """Tell whether a job fulfils a constraint; raises what :meth:`call` does."""
        return bool(self.call(lambda target: target.query(constraint, ["ProcId"], limit=1), doing))

    def _ask(self, method: Callable[[Any], T], is_query: bool) -> T:
        is_sure = is_query or time.monotonic() - self._answered <= _THERE
        if not is_sure and not is_local():
            self._schedd.query("false", ["ClusterId"], limit=1)
        return method(self._schedd)


_known: dict[tuple[object, object], Schedd] = {}


def forget() -> None:
    """Forget which schedd was found; the next :func:`locate` looks anew."""
    _known.clear()


def read_configuration() -> None:
    """Read HTCondor's configuration anew: it may say something else now.

    It names directories by the user's name, and a container gives one to a user that had none.
    """
    import htcondor2

    htcondor2.reload_config()
    forget()


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

        began = time.monotonic()
        if not is_local() and (absent := out_of_reach(pool)) is not None:
            raise absent
        try:
            collector = htcondor2.Collector(pool) if pool else htcondor2.Collector()
            kind = htcondor2.DaemonType.Schedd
            ad = collector.locate(kind, name) if name else collector.locate(kind)
            if ad is None:
                raise LookupError("the collector knows no such schedd")
            _known[name, pool] = Schedd(ad)
        except (htcondor2.HTCondorException, OSError, LookupError) as error:
            raise not_found(error, name, pool, began) from error
    return _known[name, pool]

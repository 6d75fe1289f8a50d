"""What the status bar of JupyterLab says of the pool: words, from a few questions to HTCondor."""

import asyncio
import contextlib
import threading
from time import monotonic

from htc_pool import readiness, settings

#: Seconds from one look to the next. A site's schedd is asked by everybody who is there.
_PERSONAL, _ATTACHED, _LONGEST = 5, 30, 300
#: Seconds that a window waits for a look that takes long.
_PATIENCE = 4


class Look:
    """Looks at the pool, once for all windows, and keeps what it saw for a while.

    Parameters
    ----------
    environ : Mapping[str, str]
        The environment.

    Attributes
    ----------
    mode : str
        ``personal``, ``attached`` or ``none``.
    seconds : int
        From one look to the next.
    """

    def __init__(self, environ):
        self._environ = dict(environ)
        try:
            self.mode = settings.mode(environ)
        except settings.SettingError:  # the launcher has said so
            self.mode = "none"
        self.seconds = _ATTACHED if self.mode == "attached" else _PERSONAL
        self._failures = 0
        self._state = None
        self._until = 0.0
        self._running = None

    async def latest(self):
        """Return the pool's state, at most some seconds old.

        Returns
        -------
        dict
            ``text``, for the status bar; ``more``, a list of sentences; ``ok``, whether the pool
            could be asked.
        """
        if self.mode == "none":
            return told("No pool here", ["HTC_POOL=none: this container starts none."], ok=False)
        if self._state is None or monotonic() >= self._until:
            if self._running is None:
                self._running = asyncio.ensure_future(in_thread(self._ask))
                self._running.add_done_callback(self._keep)
            # One that takes longer goes on, and is what the next window gets.
            await asyncio.wait([self._running], timeout=_PATIENCE)
            if self._running is not None:
                words = f"HTCondor has not answered for {_PATIENCE} s. It is asked on."
                return told(f"{self._name()}: no answer yet", [words], ok=False)
        return self._state

    def _keep(self, looked):
        self._running = None
        self._state = looked.result()
        self._failures = 0 if self._state["ok"] else self._failures + 1
        # What is down is asked less and less often: explaining why costs more than an answer.
        pause = min(self.seconds * 2 ** max(0, self._failures - 1), _LONGEST)
        # A little less than a window waits before it asks again.
        self._until = monotonic() + pause - 0.5

    def _ask(self):
        """Ask HTCondor; runs in a thread, for as long as that takes."""
        # Here and not above: a server that nobody looks at needs no HTCondor.
        from htmap.exceptions import HTMapException
        from htmap.pool import glance

        try:
            try:
                jobs, cores = glance.jobs(), glance.cores()
            except HTMapException as error:
                return self._absent(error)
            if cores is not None and not cores.total:
                return told("Pool: starting", ["The pool has no slots yet."], ok=False)
            return described(self._name(), jobs, cores)
        except Exception as error:  # whatever it is, the page must be told something
            return told(f"{self._name()}: unknown", [f"{type(error).__name__}: {error}"], ok=False)

    def _absent(self, error):
        if self.mode == "attached":
            return told(f"{self._name()}: cannot be had", [str(error)], ok=False)
        why = readiness.not_coming(settings.pool_dir(self._environ))
        if not why:
            return told("Pool: starting", ["The pool does not answer yet."], ok=False)
        return told(f"Pool: {'stopped' if 'stopped' in why else 'down'}", [sentence(why)], ok=False)

    def _name(self):
        return "Pool" if self.mode == "personal" else settings.site_schedd(self._environ)


def described(name, jobs, cores):
    """Say how busy a pool is that could be asked.

    Parameters
    ----------
    name : str
        What it is called.
    jobs : htmap.pool.glance.Jobs
    cores : htmap.pool.glance.Cores or None
        None where they are not known.
    """
    held = f", {jobs.held} held" if jobs.held else ""
    if jobs.running or jobs.waiting:
        running = f"{counted(jobs.running)} running"
        text = f"{name}: {running}, {jobs.waiting} waiting{held}"
    else:
        text = f"{name}: no jobs{held}" if not held else f"{name}: {counted(jobs.held)} held"
    more = [
        f"{counted(jobs.running)} running, {jobs.waiting} waiting, {jobs.held} held, in the queue "
        f"of the schedd {jobs.schedd} at {jobs.address}."
    ]
    if cores is not None:
        busy = f"{cores.busy} of {cores.total} cores"
        more.insert(0, f"{busy} of the pool in this container are busy.")
    else:
        more.insert(0, f"Attached to the access point {name}: no pool in this container.")
    if jobs.held:
        more.append("htmap holds MAP, or Map.holds, says why they are held.")
    return told(text, more, ok=True)


def told(text, more, ok):
    """Return a state as the page gets it."""
    return {"text": text, "more": more, "ok": ok}


def counted(jobs):
    """Return a number of jobs in words."""
    return f"{jobs} job" if jobs == 1 else f"{jobs} jobs"


def sentence(words):
    """Return words as a sentence."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


async def in_thread(function):
    """Return what `function` returns in a thread of its own, that holds up nobody's end."""
    loop = asyncio.get_running_loop()
    result = loop.create_future()

    def give(value):
        if not result.done():
            result.set_result(value)

    def run():
        value = function()
        with contextlib.suppress(RuntimeError):  # the server has ended meanwhile
            loop.call_soon_threadsafe(give, value)

    threading.Thread(target=run, name="htc-pool", daemon=True).start()
    return await result

"""What a check found, and running checks so that none can hold the others up."""

import json
import os
import selectors
import signal
import time
from dataclasses import asdict, dataclass

OK, WARN, FAIL = "ok", "warn", "FAIL"
_COLOURS = {OK: "32", WARN: "33", FAIL: "31"}


@dataclass(frozen=True)
class Finding:
    """One line of a report: how bad, about what, and what is so, where, and what to do."""

    level: str
    about: str
    text: str

    def line(self, colour=False):
        """Return the finding as one line."""
        level = f"{self.level:<4}"
        if colour:
            level = f"\033[{_COLOURS[self.level]}m{level}\033[0m"
        return f"{level}  {self.about:<8}  {' '.join(self.text.split())}"


@dataclass(frozen=True)
class Check:
    """A question: a function of the environment that yields findings, and what it asks about.

    `late` is the finding of a check that has not ended in time.
    """

    about: str
    ask: object
    late: str


def run(checks, environ, seconds):
    """Ask everything at once and return all findings, in the order of the checks.

    Each check is a process of its own: a name server, an access point or a network file system that
    does not answer blocks a process beyond the reach of its own clock.

    Parameters
    ----------
    checks : iterable of Check
        What to ask.
    environ : Mapping[str, str]
        The environment.
    seconds : float
        When a check is given up.

    Returns
    -------
    list of Finding
        What was found.
    """
    deadline = time.monotonic() + seconds
    running = [(check, *_start(check, environ)) for check in checks]
    texts = {pipe: b"" for _, _, pipe in running}
    with selectors.DefaultSelector() as waiting:
        for pipe in texts:
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map() and time.monotonic() < deadline:
            for key, _ in waiting.select(deadline - time.monotonic()):
                part = os.read(key.fd, 1 << 16)
                texts[key.fd] += part
                if not part:
                    waiting.unregister(key.fd)
        late = set(waiting.get_map())
    findings = []
    for check, process, pipe in running:
        os.close(pipe)
        findings += [Finding(**json.loads(line)) for line in texts[pipe].splitlines()]
        if pipe in late:
            os.kill(process, signal.SIGKILL)
            findings.append(Finding(FAIL, check.about, check.late))
        else:
            os.waitpid(process, 0)
    return findings


def _start(check, environ):
    """Start a check; return its process and where its findings can be read."""
    readable, writable = os.pipe()
    process = os.fork()
    if process:
        os.close(writable)
        return process, readable
    try:
        os.close(readable)
        for finding in _asked(check, environ):
            os.write(writable, json.dumps(asdict(finding)).encode() + b"\n")
    finally:
        # Nothing that belongs to the parent, such as text not yet written, ends twice.
        os._exit(0)


def _asked(check, environ):
    try:
        yield from check.ask(environ)
    except Exception as error:
        yield Finding(FAIL, check.about, f"cannot be looked at: {type(error).__name__}: {error}")

"""How the pool speaks to the person who started the container."""

import contextlib
import os
import sys
import time


def say(text):
    """Speak on standard error: standard output is the command's."""
    with contextlib.suppress(OSError):
        print(f"htc: {text}", file=sys.stderr, flush=True)


def tell(directory, text):
    """Say one line in the container's log, and in what `htc-pool logs` shows.

    For what supervisord and HTCondor start, whose own output goes nowhere.
    """
    line = f"htc: {text}\n".encode()
    places = [os.path.join(directory, "condor_master.out")]
    launcher = _launcher(os.getppid())
    if launcher:
        # Closed to this user where root started the container for somebody.
        places.append(f"/proc/{launcher}/fd/2")
    for place in places:
        with contextlib.suppress(OSError):
            descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY | os.O_NONBLOCK)
            with open(descriptor, "wb", buffering=0) as file:
                file.write(line)


def age(pid):
    """Return the seconds since process `pid` began; 0 if it is not there."""
    try:
        ticks = int(_stat(pid)[19])
    except OSError:
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def _launcher(pid):
    """Return the nearest of `pid` and its ancestors that is a launcher, or None."""
    with contextlib.suppress(OSError):
        while pid > 1:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            if any(os.path.basename(word) == b"htc-launch" for word in words[:4]):
                return pid
            pid = int(_stat(pid)[1])
    return None


def _stat(pid):
    # After the name, which may hold anything: state, parent ... and the 20th, when it began.
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()

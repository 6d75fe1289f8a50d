"""Whether a daemon of HTCondor's can be reached, and in its own words why it does not let us in.

The bindings say of most failures that there was one, and try for a minute where there is no network
at all.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading

# Seconds for a name server and a connection, and for asking again.
_CONNECT, _AGAIN = 3, 10
_PORT = 9618

# In a process of its own, for the bindings say what went wrong only to standard error.
_ASK = """
import sys, classad2, htcondor2
htcondor2.enable_debug()
ad = classad2.ClassAd({"MyAddress": sys.argv[1], "MyType": sys.argv[2], "Name": sys.argv[3]})
answer = htcondor2.ping(ad, sys.argv[4])
print(answer.get("AuthorizationSucceeded"), answer.get("MyRemoteUserName"))
"""


def host(address: str) -> str:
    """Return the host of what HTCondor takes for one: a name, name:port, user@name or a sinful.

    Examples
    --------
    >>> [host(each) for each in ("cm:9618", "me@ap", "<[::1]:9618?noUDP>", "a, b")]
    ['cm', 'ap', '::1', 'a']
    """
    plain = _plain(address).rpartition("@")[2]
    if plain.startswith("["):
        return plain[1:].partition("]")[0]
    return plain if plain.count(":") > 1 else plain.partition(":")[0]


def port(address: str) -> int:
    """Return its port; where it has none, or 0, HTCondor's own.

    Examples
    --------
    >>> port("cm"), port("cm:4080"), port("<[::1]:4081>")
    (9618, 4080, 4081)
    """
    found = re.search(r"(?:^[^:]*|\]):(\d+)", _plain(address))
    return int(found[1]) if found and int(found[1]) else _PORT


def plain(address: str) -> str:
    """Return host and port as people write them.

    Examples
    --------
    >>> plain("<10.0.0.3:9618?addrs=10.0.0.3-9618&sock=schedd_1>"), plain("cm.example.org")
    ('10.0.0.3:9618', 'cm.example.org:9618')
    """
    name = host(address)
    return f"[{name}]:{port(address)}" if ":" in name else f"{name}:{port(address)}"


def unresolved(address: str) -> str:
    """Return why the name of a host cannot be resolved; empty if it can."""
    try:
        socket.getaddrinfo(host(address), None)
    except (OSError, UnicodeError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""


def unreachable(address: str) -> str:
    """Return why no connection can be had; empty if one can."""
    # Such a daemon calls back, by a broker in between.
    if "CCBID=" in address:
        return ""
    try:
        socket.create_connection((host(address), port(address)), timeout=_CONNECT).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def trouble(address: str) -> str:
    """Return, within seconds, why nothing can be had from an address; empty if something may.

    A name server that is silent takes as long as this machine's resolver has patience.
    """
    found: list[str] = []

    def look() -> None:
        name = unresolved(address)
        unknown = f"the name {host(address)} cannot be resolved: {name}"
        found.append(unknown if name else unreachable(address))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(2 * _CONNECT)
    return found[0] if found else f"no name server or host answers within {2 * _CONNECT} s"


def is_here(address: str) -> bool:
    """Say whether an address is this machine's own."""
    try:
        found = socket.getaddrinfo(host(address), 0, type=socket.SOCK_STREAM)
        # Nobody else's can be bound to.
        with socket.socket(found[0][0], socket.SOCK_STREAM) as bound:
            bound.bind(found[0][4])
    except (OSError, UnicodeError):
        return False
    return True


def ask_again(address: str, kind: str, level: str) -> str:
    """Ask a daemon what it would grant us, and return what HTCondor says about that.

    Parameters
    ----------
    address : str
        Of a daemon that can be reached.
    kind : str
        ``Collector`` or ``Scheduler``.
    level : str
        ``READ`` or ``WRITE``.

    Returns
    -------
    str
        ``granted``, or what went wrong, in HTCondor's words.
    """
    sinful = address
    if not sinful.startswith("<"):
        # By its first address, as HTCondor would.
        found = socket.getaddrinfo(host(address), port(address), type=socket.SOCK_STREAM)
        number = str(found[0][4][0])
        number = f"[{number}]" if ":" in number else number
        sinful = f"<{number}:{port(address)}?alias={host(address)}>"
    try:
        asked = subprocess.run(
            [sys.executable, "-c", _ASK, sinful, kind, host(address), level],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_AGAIN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_AGAIN} s"
    except OSError as error:
        return str(error)
    if asked.returncode == 0:
        granted, _, name = asked.stdout.strip().partition(" ")
        return "granted" if granted == "True" else f"{level} is DENIED to user {name}"
    said = re.findall(r"(?m)^\S+ \S+ ERROR: (.+)$", asked.stderr)
    return said[-1] if said else asked.stderr.strip().rpartition("\n")[2]


def _plain(address: str) -> str:
    return address.split(",")[0].strip().strip("<>").split("?")[0]

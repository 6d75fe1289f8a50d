"""The container's HEALTHCHECK: whether what is meant to run does.

What is meant to run is read off the tree of processes, which cannot be out of date: below tini is
htc-launch with the pool and the command, or, where no pool is meant to run, the command itself.
A probe runs every half minute for as long as the container lives, so it imports next to nothing.
"""

import os

# Who stands between the container's first process and what it is there for.
_INITS = ("tini", "docker-init", "dumb-init", "catatonit")
# What `jupyter` is told when it is to serve, and commands that do.
_SERVERS = ("lab", "notebook", "server", "nbclassic", "labhub")
_SERVING = (
    "start-notebook.py", "start-notebook.sh", "start-singleuser.py", "start-singleuser.sh",
    "jupyterhub-singleuser", *(f"jupyter-{server}" for server in _SERVERS),
)  # fmt: skip
# What htc-launch runs that is told nothing.
_DEFAULT = ["start-notebook.py"]
_SECONDS = 3


class UnhealthyError(Exception):
    """What is not as it is meant to be; its text is a whole sentence."""


def main():
    """Return 0 if all that is meant to run does, else 1 with a line that says what does not."""
    try:
        print(look())
    except UnhealthyError as error:
        print(error)
        return 1
    return 0


def look():
    """Say what runs.

    Raises
    ------
    UnhealthyError
        If something that is meant to run does not.
    """
    tree = Tree()
    first = tree.first()
    launcher = tree.named(first, "htc-launch")
    words = tree.words(first)
    command = words if launcher is None else words[launcher + 1 :] or _DEFAULT
    if any(word.endswith("/start.sh") for word in words[:2]):
        raise UnhealthyError("the container is still being prepared (start.sh)")
    healthy = [pool(tree)] if launcher is not None else []
    if serves(command):
        healthy.append(jupyter(tree, first))
    return "; ".join(healthy) or "nothing here is looked after"


def serves(command):
    """Say whether `command` is a Jupyter server, by its words."""
    words = [os.path.basename(word) for word in command[:6]]
    # What runs a script, as the kernel shows it, is not the script.
    while words and words[0].startswith(("-", "python", "run-one", "sh", "bash")):
        del words[0]
    if words[:1] == ["jupyter"]:
        return len(words) > 1 and words[1] in _SERVERS
    return bool(words) and words[0] in _SERVING


def pool(tree):
    """Say that the pool is up, or was stopped by hand."""
    # Anywhere: `htc-pool start` starts another where the launcher's own has ended.
    supervisors = [each for each in tree.parents if tree.runs(each, "supervisord")]
    if not supervisors:
        raise UnhealthyError("the pool has ended (no supervisord): see `htc-pool logs`")
    masters = tree.below(supervisors[0], "condor_master")
    if masters and any(tree.below(master, "condor_schedd") for master in masters):
        return "the pool is up"
    state = state_of_master(supervisors[0])
    if state == "STOPPED":
        # Whoever stopped it knows, and the notebook beside it is none the worse.
        return "the pool was stopped by hand"
    raise UnhealthyError(
        f"the pool is not up (its master: {state or 'unknown'}): see `htc-pool logs`"
    )


def state_of_master(supervisor):
    """Ask supervisord for the state of the pool's master as it calls it."""
    body = (
        b"<methodCall><methodName>supervisor.getProcessInfo</methodName>"
        b"<params><param><value><string>condor</string></value></param></params></methodCall>"
    )
    head = b"POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    become_owner(supervisor)
    home = environment(supervisor).get("HTC_POOL_DIR", "")
    try:
        answer = ask(f"{home}/supervisor.sock", head + body)
    except OSError:
        return ""
    return answer.partition("<name>statename</name>")[2].partition("<string>")[2].partition("<")[0]


def jupyter(tree, first):
    """Say that the Jupyter server below `first` answers."""
    become_owner(first)
    for process in tree.everything_below(first):
        # Another process may have the number that a server had before the last restart.
        info = serves(tree.words(process)) and server_info(process)
        if info:
            return answers(info)
    raise UnhealthyError("Jupyter does not run yet, or not any more")


def server_info(process):
    """Return what the Jupyter server `process` has written about itself, or the empty string."""
    variables = environment(process)
    data = variables.get("JUPYTER_DATA_DIR") or os.path.join(
        variables.get("XDG_DATA_HOME") or os.path.join(variables.get("HOME", "/"), ".local/share"),
        "jupyter",
    )
    folder = variables.get("JUPYTER_RUNTIME_DIR") or os.path.join(data, "runtime")
    return read(f"{folder}/jpserver-{process}.json") if variables else ""


def answers(info):
    """Say that the server that `info` describes answers a request."""
    url, socket_file = field(info, "url"), field(info, "sock")
    scheme, _, rest = url.partition("://")
    place, _, path = rest.partition("/")
    request = f"GET /{path}api HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()
    try:
        if socket_file:
            answer = ask(socket_file, request)
        else:
            answer = ask_at(place, request, scheme == "https")
    except (OSError, ValueError) as error:
        raise UnhealthyError(f"Jupyter does not answer at {url}api: {error}") from error
    status = answer.partition(" ")[2][:3]
    # Behind a Hub it wants to know who asks; that is an answer too.
    if not status.isdigit() or int(status) >= 500:
        raise UnhealthyError(f"Jupyter answers at {url}api with {answer[:60]!r}")
    return "Jupyter answers"


def ask_at(place, request, secure):
    """Send a request to ``host:port`` and return the answer's beginning, asking no name server."""
    host, _, port = place.rpartition(":")
    host = host.strip("[]")
    if host in ("localhost", os.uname().nodename):
        try:
            return ask(("127.0.0.1", int(port)), request, secure)
        except ConnectionRefusedError:
            host = "::1"
    return ask((host, int(port)), request, secure)


def field(text, name):
    """Return a string in Jupyter's flat JSON file; `json` costs 10 ms to import."""
    return text.partition(f'"{name}": "')[2].partition('"')[0]


def ask(address, request, secure=False):
    """Send a request to a Unix socket's path or a host and port; return the answer's beginning."""
    # Without the module that wraps it, which costs as much to import as all the rest.
    import _socket

    if isinstance(address, str):
        family = _socket.AF_UNIX
    else:
        family = _socket.AF_INET6 if ":" in address[0] else _socket.AF_INET
    there = _socket.socket(family, _socket.SOCK_STREAM)
    there.settimeout(_SECONDS)
    there.connect(address)
    if secure:
        import socket
        import ssl

        context = ssl.create_default_context()
        # It is this container's own, and GEN_CERT signs it itself.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        wrapped = socket.socket(fileno=there.detach())
        wrapped.settimeout(_SECONDS)
        there = context.wrap_socket(wrapped)
    there.sendall(request)
    answer = b""
    while len(answer) < 4096:
        part = there.recv(4096)
        if not part:
            break
        answer += part
    return answer.decode(errors="replace")


def become_owner(process):
    """Become the user of a process, where this runs as root: only they may look at it closely."""
    if os.getuid() == 0:
        owner = os.stat(f"/proc/{process}")
        if owner.st_uid:
            os.setgroups([])
            os.setgid(owner.st_gid)
            os.setuid(owner.st_uid)


def environment(process):
    """Return the environment that a process started with, or nothing if that is not to be seen."""
    pairs = (entry.partition("=") for entry in read(f"/proc/{process}/environ").split("\0"))
    return {name: value for name, _, value in pairs if name}


def read(path):
    """Return a file's text, or the empty string if it cannot be read."""
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Tree:
    """The processes of this container, as /proc shows them."""

    def __init__(self):
        self.parents = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                # pid (name) state parent ...: a name may hold anything.
                words = read(f"/proc/{name}/stat").rpartition(")")[2].split()
                if words and words[0] != "Z":
                    self.parents[int(name)] = int(words[1])

    def children(self, process):
        """Return the children of a process, oldest first."""
        return sorted(child for child, parent in self.parents.items() if parent == process)

    def first(self):
        """Return the process that the container is there for."""
        process = 1
        while read(f"/proc/{process}/comm").strip() in _INITS and self.children(process):
            process = self.children(process)[0]
        return process

    def words(self, process):
        """Return the words of a process's command line."""
        return read(f"/proc/{process}/cmdline").split("\0")[:-1]

    def named(self, process, name):
        """Return where among the first words of a command line `name` is, or None."""
        for place, word in enumerate(self.words(process)[:4]):
            if os.path.basename(word) == name:
                return place
        return None

    def runs(self, process, name):
        """Say whether a process runs the program or script `name`."""
        return self.named(process, name) is not None

    def below(self, process, name):
        """Return the processes below one that run `name`."""
        return [each for each in self.everything_below(process) if self.runs(each, name)]

    def everything_below(self, process):
        """Return a process and its descendants, the nearest first."""
        found = [process]
        for each in found:
            found += self.children(each)
        return found

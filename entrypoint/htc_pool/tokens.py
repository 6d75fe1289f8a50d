"""The tokens (IDTOKENS) by which a site's access point knows this user: found, read, copied.

What a token says is shown; a token itself never is.
"""

import base64
import hashlib
import json
import os
import re
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

DEFAULT_SOURCE = "/etc/htc/tokens"

# HTCondor passes over such names in its directories (LOCAL_CONFIG_DIR_EXCLUDE_REGEXP).
_PASSED_OVER = re.compile(r"\..*|.*~|#.*|.*\.rpmsave|.*\.rpmnew")
# Which files are copies: a person's own is never taken for one. HTCondor passes over it.
_COPIES = ".copied-by-htc"


@dataclass
class TokenFile:
    """One file of tokens as HTCondor would see it.

    Attributes
    ----------
    path : str
        Where it is.
    problem : str
        Why HTCondor does not read it; empty if it does.
    claims : list of dict
        What each token in it says: ``sub``, ``iss``, ``exp`` and so on.
    """

    path: str
    problem: str = ""
    claims: list = field(default_factory=list)

    @property
    def identities(self):
        """The subjects of its tokens, without those that have expired."""
        now = time.time()
        return [
            str(each["sub"]) for each in self.claims if "sub" in each and not expired(each, now)
        ]


def directory(environ):
    """Return the directory in which HTCondor looks for this user's tokens."""
    # For root it looks elsewhere.
    macro = "SEC_TOKEN_DIRECTORY" if os.getuid() else "SEC_TOKEN_SYSTEM_DIRECTORY"
    for name, value in environ.items():
        if name.upper() == f"_CONDOR_{macro}" and value:
            return value
    configured = _configured(macro)
    if configured:
        return configured
    return os.path.expanduser("~/.condor/tokens.d") if os.getuid() else "/etc/condor/tokens.d"


def _configured(macro):
    try:
        asked = subprocess.run(
            ["condor_config_val", macro],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
            # A name server that does not answer can hold up every program of HTCondor's.
            timeout=2,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def claims(token):
    """Return what a token says, unverified, or an empty dict if it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}


def expired(claimed, now):
    """Say whether a token with these claims is past its ``exp``."""
    end = claimed.get("exp")
    return isinstance(end, (int, float)) and end <= now


def names(folder):
    """Return the names in a directory that HTCondor would look at, or none if there is none."""
    try:
        found = sorted(os.listdir(folder))
    except OSError:
        return []
    return [name for name in found if not _PASSED_OVER.fullmatch(name)]


def look(folder):
    """Return a `TokenFile` for each file in `folder`."""
    return [look_at(os.path.join(folder, name)) for name in names(folder)]


def look_at(path):
    """Return what HTCondor makes of the file `path`."""
    found = TokenFile(path)
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            found.problem = "is no file"
        elif status.st_uid != os.getuid():
            found.problem = f"belongs to user {status.st_uid}, not to this one ({os.getuid()})"
        elif status.st_mode & 0o077:
            found.problem = f"has mode {stat.S_IMODE(status.st_mode):04o}, which others can use"
        if stat.S_ISREG(status.st_mode):
            found.claims = _claims_of(_content(path).decode(errors="replace"))
            if not found.claims:
                found.problem = found.problem or "holds no token"
    except OSError as error:
        found.problem = f"cannot be read ({error.strerror})"
    return found


def _claims_of(text):
    lines = (line.strip() for line in text.splitlines())
    read = (claims(line) for line in lines if line and not line.startswith("#"))
    return [each for each in read if each]


def _content(path):
    # A token is a few hundred bytes; whatever else was mounted there is not read whole.
    with open(path, "rb") as file:
        return file.read(1 << 20)


def copy(source, target):
    """Copy the token files of `source` to `target`, readable by this user alone.

    A Kubernetes secret is mounted as links to files of root that everyone can read; HTCondor takes
    none of these without a word. A copy is replaced when its source has changed and removed when
    that is gone; a file that somebody else put there is left alone.

    Parameters
    ----------
    source, target : str
        Directories; `target` is made with mode 0700.

    Returns
    -------
    list of str
        A sentence for each file that could not be copied.

    Raises
    ------
    OSError
        If `target` cannot be made or written.
    """
    wanted, problems = {}, []
    for name in names(source):
        path = os.path.join(source, name)
        try:
            if os.path.isfile(path):
                wanted[name] = _content(path)
        except OSError as error:
            problems.append(f"the token {path} cannot be read: {error.strerror}")
    if not wanted:
        return problems
    os.makedirs(target, exist_ok=True)
    os.chmod(target, 0o700)
    copies = _read_copies(target)
    for name, digest in list(copies.items()):
        if name not in wanted and not problems:
            if _digest_of(os.path.join(target, name)) == digest:
                os.unlink(os.path.join(target, name))
            del copies[name]
    for name, content in wanted.items():
        path = os.path.join(target, name)
        there = _digest_of(path)
        ours = there is not None and there in (copies.get(name), _digest(content))
        if os.path.lexists(path) and not ours:
            problems.append(f"{path} is not a copy of {source}/{name}: it is left as it is")
            continue
        if there != _digest(content) or look_at(path).problem:
            _write(path, content)
        copies[name] = _digest(content)
    text = json.dumps(copies, indent=1, sort_keys=True).encode()
    if _digest_of(os.path.join(target, _COPIES)) != _digest(text):
        _write(os.path.join(target, _COPIES), text)
    return problems


def _read_copies(target):
    try:
        with open(os.path.join(target, _COPIES), encoding="utf-8") as file:
            read = json.load(file)
    except (OSError, ValueError):
        return {}
    return {
        name: read[name] for name in read if not _PASSED_OVER.fullmatch(name) and "/" not in name
    }


def _digest(content):
    return hashlib.sha256(content).hexdigest()


def _digest_of(path):
    """Return the digest of a plain file, or None if there is none that can be read."""
    try:
        return None if os.path.islink(path) else _digest(_content(path))
    except OSError:
        return None


def _write(path, content):
    """Write a file whole or not at all, of mode 0600 whatever was there before."""
    folder, name = os.path.split(path)
    # Not by a number of this process: another container may share the home, and have the same.
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)

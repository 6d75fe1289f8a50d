"""The tokens (IDTOKENS) by which a site's access point knows this user: found, read, copied.

What a token says is shown; a token itself never is.
"""

import hashlib
import json
import os
import subprocess
import tempfile

# How HTCondor sees a file of tokens is said where htmap explains a refusal by it.
from htmap.pool.identity import content_of, home, in_home, is_passed_over, look_at, names

DEFAULT_SOURCE = "/etc/htc/tokens"

# Which files are copies: a person's own is never taken for one. HTCondor passes over it.
_COPIES = ".copied-by-htc"


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
    return in_home(home()) if os.getuid() else "/etc/condor/tokens.d"


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
                wanted[name] = content_of(path)
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
    return {name: read[name] for name in read if not is_passed_over(name) and "/" not in name}


def _digest(content):
    return hashlib.sha256(content).hexdigest()


def _digest_of(path):
    """Return the digest of a plain file, or None if there is none that can be read."""
    try:
        return None if os.path.islink(path) else _digest(content_of(path))
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

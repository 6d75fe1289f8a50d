"""Who we are to a pool: the tokens by which HTCondor says so, read without being trusted.

(HTCondor's manual, "Security", IDTOKENS.) A token is a JSON Web Token of a line. What it says is
shown, and a token itself never is. Of files that are not their reader's alone HTCondor reads none,
and does not say so.
"""

from __future__ import annotations

import base64
import json
import os
import pwd
import re
import stat
import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# HTCondor passes over such names in its directories (LOCAL_CONFIG_DIR_EXCLUDE_REGEXP).
_PASSED_OVER = re.compile(r"\..*|.*~|#.*|.*\.rpmsave|.*\.rpmnew")
# A token is a few hundred bytes; whatever else lies there is not read whole.
_MOST = 1 << 20

_DAY = 86400
# Where tokens come from.
_SOURCES = "by `condor_token_fetch` or from those who run the site"


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
    claims: list[dict[str, Any]] = field(default_factory=list)

    @property
    def identities(self) -> list[str]:
        """The subjects of its tokens, without those that have expired."""
        now = time.time()
        return [
            str(each["sub"]) for each in self.claims if "sub" in each and not expired(each, now)
        ]


class Identity(NamedTuple):
    """As whom a daemon was asked, as far as the tokens here say.

    Attributes
    ----------
    name : str or None
        The subjects of the tokens that HTCondor would show, with ``or`` between them.
    text : str
        Sentences about it: by which files, and what is wrong with these.
    remedy : str
        What to do if that was refused, as part of a sentence.
    """

    name: str | None
    text: str
    remedy: str


def of_user(here: bool = False) -> Identity:
    """Return as whom a daemon is asked by this user.

    Parameters
    ----------
    here : bool
        Whether the daemon runs on this machine, where it can also see by files who we are.

    Examples
    --------
    >>> of_user().name  # doctest: +SKIP
    'alice@site.example'
    """
    folder = directory()
    files = look(folder)
    now = time.time()
    ignored = "".join(
        f" HTCondor passes over {_short(each.path)}, which {each.problem}."
        for each in files
        if each.problem
    )
    tokens = [(each, claims) for each in files if not each.problem for claims in each.claims]
    if not tokens:
        return _without_token(folder, here, ignored)
    subjects = sorted({str(claims.get("sub", "nobody")) for _, claims in tokens})
    by = ", ".join(
        f"{_short(file.path)} (issued by {claims.get('iss', 'nobody')}, {until(claims, now)})"
        for file, claims in tokens
    )
    if all(expired(claims, now) for _, claims in tokens):
        remedy = f"get another one, {_SOURCES}"
    else:
        remedy = (
            "if it was not revoked, and is of this site, ask those who run the site what their "
            f"logs say of it, or get another one, {_SOURCES}"
        )
    name = " or ".join(subjects)
    text = f"It was asked as {name}, by the token{'s' * (len(tokens) > 1)} {by}.{ignored}"
    return Identity(name, text, remedy)


def _without_token(folder: str, here: bool, ignored: str) -> Identity:
    if ignored:
        remedy = f"make a token this user's alone (chown {os.getuid()}, chmod 600)"
    else:
        remedy = f"put a token there with mode 0600, {_SOURCES}"
    none = f"There is no token that HTCondor would read in {_short(folder)}"
    if here:
        name = user_name()
        return Identity(name, f"{none}; it was asked as {name} of this machine.{ignored}", remedy)
    return Identity(None, f"{none}, so it was asked as nobody.{ignored}", remedy)


def directory() -> str:
    """Return the directory in which HTCondor looks for this user's tokens."""
    import htcondor2

    # For root it looks elsewhere.
    macro = "SEC_TOKEN_DIRECTORY" if os.getuid() else "SEC_TOKEN_SYSTEM_DIRECTORY"
    configured = htcondor2.param.get(macro)
    if configured:
        return str(configured)
    return in_home(home()) if os.getuid() else "/etc/condor/tokens.d"


def in_home(folder: str) -> str:
    """Return the directory of tokens in a home."""
    return os.path.join(folder, ".condor", "tokens.d")  # noqa: PTH118


def home() -> str:
    """Return the home by which HTCondor finds tokens: it asks who the user is, and not HOME."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return os.path.expanduser("~")  # noqa: PTH111 - never fails without a home


def user_name() -> str:
    """Return the name of the user who runs this process, or its number."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def names(folder: str | os.PathLike[str]) -> list[str]:
    """Return the names in a directory that HTCondor would look at, or none if there is none."""
    try:
        found = sorted(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return []
    return [name for name in found if not is_passed_over(name)]


def is_passed_over(name: str) -> bool:
    """Say whether HTCondor does not look at files of this name."""
    return _PASSED_OVER.fullmatch(name) is not None


def look(folder: str | os.PathLike[str]) -> list[TokenFile]:
    """Return a `TokenFile` for each file in ``folder``."""
    return [look_at(os.path.join(folder, name)) for name in names(folder)]  # noqa: PTH118


def look_at(path: str) -> TokenFile:
    """Return what HTCondor makes of the file ``path``."""
    found = TokenFile(path)
    try:
        status = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(status.st_mode):
            found.problem = "is no file"
        elif status.st_uid != os.getuid():
            found.problem = f"belongs to user {status.st_uid}, not to this one ({os.getuid()})"
        elif status.st_mode & 0o077:
            found.problem = f"has mode {stat.S_IMODE(status.st_mode):04o}, which others can use"
        if stat.S_ISREG(status.st_mode):
            found.claims = _claims_of(content_of(path).decode(errors="replace"))
            if not found.claims:
                found.problem = found.problem or "holds no token"
    except OSError as error:
        found.problem = f"cannot be read ({error.strerror})"
    return found


def content_of(path: str) -> bytes:
    """Return what is in a file of tokens."""
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(_MOST)


def _claims_of(text: str) -> list[dict[str, Any]]:
    lines = (line.strip() for line in text.splitlines())
    read = (claims(line) for line in lines if line and not line.startswith("#"))
    return [each for each in read if each]


def claims(token: str) -> dict[str, Any]:
    """Return what a token says, unverified, or an empty dict if it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}


def expired(claimed: dict[str, Any], now: float) -> bool:
    """Say whether a token with these claims is past its ``exp``."""
    end = claimed.get("exp")
    return isinstance(end, (int, float)) and end <= now


def until(claimed: dict[str, Any], now: float) -> str:
    """Say in words how long a token with these claims is good.

    Examples
    --------
    >>> until({"exp": 0}, 3 * 86400), until({"exp": 86400 * 365}, 0), until({}, 0)
    ('expired 3 days ago', 'good until 1971-01-01', 'without an end')
    """
    end = claimed.get("exp")
    if not isinstance(end, (int, float)):
        return "without an end"
    if not expired(claimed, now):
        return f"good until {time.strftime('%Y-%m-%d', time.gmtime(end))}"
    days, hours = divmod(int(now - end), _DAY)
    hours //= 3600
    ago = f"{days} day{'s' * (days != 1)}" if days else f"{hours} h" if hours else "minutes"
    return f"expired {ago} ago"


def _short(path: str) -> str:
    """Return a path as people write it."""
    return re.sub(f"^{re.escape(home())}(?=/)", "~", path)

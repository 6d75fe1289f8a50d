"""A container that uses a site's access point instead of a pool of its own."""

import os
import subprocess

from htc_pool import settings, tokens
from htmap.pool import identity


def prepare(environ, say):
    """Make this process and its children attached to the site, and tell the person so.

    It asks nothing of the network, so that a site that is down holds nobody up: what is wrong there
    is looked for, and told, beside the command.

    Parameters
    ----------
    environ : MutableMapping[str, str]
        The environment; it is completed.
    say : Callable[[str], None]
        Prints one line.
    """
    site = settings.site_schedd(environ)
    # The one spelling that the personal pool's configuration is sure to see.
    environ["_CONDOR_SCHEDD_HOST"] = site
    trouble, target = copy_tokens(environ)
    say(f"no personal pool here: attached to the access point {site}{whom(identity.look(target))}")
    for line in trouble:
        say(line)
    try:
        # The shell ends at once, and what it leaves behind is tini's to look after, not the
        # command's. It speaks only of what is wrong, and ends within seconds.
        subprocess.run(["/bin/sh", "-c", "htc-doctor --site &"], check=False, env=environ)
    except OSError as error:
        say(f"nobody looks whether the access point can be reached: {error.strerror}")


def copy_tokens(environ):
    """Copy the tokens that the site mounted to where HTCondor reads them.

    Where that is no place that can be written, `environ` names another.

    Returns
    -------
    list of str
        A sentence for each thing that went wrong.
    str
        Where HTCondor reads tokens.
    """
    source = environ.get("HTC_TOKEN_SOURCE") or tokens.DEFAULT_SOURCE
    target = tokens.directory(environ)
    trouble = []
    if environ.get("HTC_TOKEN_SOURCE") and not os.path.isdir(source):
        trouble.append(f"HTC_TOKEN_SOURCE={source} is no directory: no token is copied")
    try:
        trouble += tokens.copy(source, target)
    except OSError as error:
        # start.sh gives a home to a user who has none that can be written.
        instead = identity.in_home(environ.get("HOME") or "/")
        try:
            trouble += tokens.copy(source, instead)
        except OSError:
            trouble.append(
                f"the tokens in {source} cannot be copied to {target} ({error.strerror}): make "
                f"{error.filename or target} writable for user {os.getuid()}, or let "
                "_CONDOR_SEC_TOKEN_DIRECTORY name another directory"
            )
        else:
            environ["_CONDOR_SEC_TOKEN_DIRECTORY"] = target = instead
    if not trouble and not any(not found.problem for found in identity.look(target)):
        trouble.append(
            f"there is no token that HTCondor would read, neither in {source} nor in {target}"
        )
    return trouble, target


def whom(found):
    """Say in a few words whom the site will see, by the tokens `found`."""
    identities = {identity for file in found if not file.problem for identity in file.identities}
    if not identities:
        return ""
    return ", as " + " or ".join(sorted(identities))

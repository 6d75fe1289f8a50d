"""A container that uses a site's access point instead of a pool of its own."""

from htc_pool import settings


def prepare(environ, say):
    """Make this process and its children attached to the site, and tell the person so.

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
    say(f"no personal pool here: attached to the access point {site}")

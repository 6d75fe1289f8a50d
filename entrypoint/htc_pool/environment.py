"""What the pool's daemons are started with."""


def of_daemons(environ, directory):
    """Return the environment of supervisord, of HTCondor's daemons, and so of what jobs may see.

    Parameters
    ----------
    environ : Mapping[str, str]
        The container's environment.
    directory : str
        The pool's state directory.

    Returns
    -------
    dict of str to str
        The variables.
    """
    return {**environ, "HTC_POOL_DIR": directory}

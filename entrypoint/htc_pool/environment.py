"""What the pool's daemons are started with: what they need, and nothing that could be a secret.

A container's environment is full of what jobs have no business with: the token of the Hub, keys of
a cloud. Jobs do not inherit the daemons' environment, but run as the same user, and what a daemon
was started with can be read in ``/proc`` as long as it runs.
"""

from htc_pool import limits

_PASSED = {
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR",
    "LD_LIBRARY_PATH",  # where some clusters put the GPU's driver
    "CONDOR_CONFIG",
    # What HTCondor's file transfer asks for on the way to a URL.
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "X509_CERT_DIR", "X509_USER_PROXY",
}  # fmt: skip
_FAMILIES = ("LC_", "HTC_POOL", "_CONDOR_", "CUDA_", "NVIDIA_", "ROCR_")


def of_daemons(environ, directory):
    """Return the environment of supervisord and HTCondor's daemons.

    Parameters
    ----------
    environ : Mapping[str, str]
        The container's environment.
    directory : str
        The pool's state directory.

    Returns
    -------
    dict of str to str
        The variables that are passed on, and the limits of what the pool offers.

    Raises
    ------
    SettingError
        If a limit in the environment cannot be read.
    """
    passed = {name: value for name, value in environ.items() if _is_passed(name, value)}
    return {**passed, **_offer(environ), "HTC_POOL_DIR": directory}


def _is_passed(name, value):
    # HTCondor reads the names of its own in any case, and curl those of proxies.
    name = name.upper()
    if name.endswith("_PROXY") and "@" in value:
        return False  # the address has a password in it
    return name in _PASSED or name.startswith(_FAMILIES)


def _offer(environ):
    """Return the pool's limits as HTCondor's settings, without those that are set already."""
    offer = {
        "_CONDOR_NUM_CPUS": str(limits.cpus(environ).amount),
        "_CONDOR_MEMORY": str(limits.memory(environ).amount),
    }
    if not limits.gpus(environ):
        offer["_CONDOR_STARTD_DETECT_GPUS"] = "false"
    given = {name.upper() for name, value in environ.items() if value}
    return {name: value for name, value in offer.items() if name not in given}

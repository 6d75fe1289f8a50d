"""HTCondor's Python bindings themselves."""


def condor_version() -> str:
    """Return the version string of the bindings, ``$CondorVersion: 25.14.1 ... $``."""
    import htcondor2

    return str(htcondor2.version())

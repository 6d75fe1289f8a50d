"""The version of htmap, in the three forms that HTMap 0.6 offered."""

import re

__version__ = "1.0.0.dev0"

_PATTERN = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:\.?(a|b|rc|dev)(\d+))?")


def version() -> str:
    """Return a sentence such as ``"HTMap version 1.0.0"``.

    Examples
    --------
    >>> version().startswith("HTMap version ")
    True
    """
    return f"HTMap version {__version__}"


def version_info() -> tuple[int, int, int, str | None, int | None]:
    """Return the version as ``(major, minor, micro, prerelease, number)``.

    The last two are None in a release; ``prerelease`` is one of ``"a"``, ``"b"``, ``"rc"`` and
    ``"dev"``.

    Examples
    --------
    >>> version_info()[:2] >= (1, 0)
    True
    """
    match = _PATTERN.fullmatch(__version__)
    if match is None:  # only a broken release can get here; the tests read this function
        raise ValueError(f"the version {__version__!r} is not of the form 1.2.3 or 1.2.3.dev0")
    major, minor, micro, prerelease, number = match.groups()
    return (
        int(major),
        int(minor),
        int(micro or 0),
        prerelease,
        int(number) if number is not None else None,
    )

"""Packages that some parts of htmap need and others do not."""

from __future__ import annotations

import importlib
from typing import Any

from htmap.exceptions import MissingPackage


def require(module: str, what: str, how: str = "htmap[plots]") -> Any:
    """Return a module of a package that may not be installed.

    Parameters
    ----------
    module : str
        Such as ``matplotlib.figure``.
    what : str
        What needs it, for the error.
    how : str
        What to tell pip to install.

    Raises
    ------
    MissingPackage
        If it is not installed.

    Examples
    --------
    >>> require("no_such_package", "a table of components")
    Traceback (most recent call last):
    htmap.exceptions.MissingPackage: a table of components needs no_such_package, ...
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise  # it is installed, and broken
        raise MissingPackage(
            f"{what} needs {package}, which is not installed: run `pip install '{how}'`"
        ) from error

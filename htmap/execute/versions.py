"""Whether a pickle that one end of a map made can be loaded by the other, told before it is tried.

Plain pickles can be read by every Python 3. What cloudpickle sends by value holds bytecode, which
differs between minor versions of Python, and asks for functions of cloudpickle, which may differ
between its major versions: loading such a thing fails somewhere inside, or not until it is called.
"""

from __future__ import annotations

import pickle
import sys
from typing import Any, Dict, Optional

from . import packs


def is_portable(data: bytes) -> bool:
    """Tell whether a pickle can be read by any version of Python 3."""
    return b"cloudpickle" not in data


def mismatch(envelope: Dict[str, Any], data: bytes) -> Optional[str]:
    """Return why a pickle cannot be loaded here, or None if nothing speaks against it.

    Parameters
    ----------
    envelope : dict
        That of the pack in which the pickle is: it names who made it.
    data : bytes
        The pickle.

    Returns
    -------
    str or None
        A sentence that names both ends.
    """
    there = str(envelope.get("python", "unknown"))
    if _minor(there) != _minor(packs.PYTHON):
        if is_portable(data):
            return None
        return (
            f"it was pickled by value by Python {there}, and is to be loaded by Python "
            f"{packs.PYTHON} ({sys.executable}): Python's bytecode differs between the two"
        )
    sent = envelope.get("cloudpickle")
    if not sent or is_portable(data):
        return None
    import cloudpickle  # loading what it made imports it anyway

    here = str(cloudpickle.__version__)
    if str(sent).split(".")[0] == here.split(".")[0]:
        return None
    return (
        f"it was pickled by value by cloudpickle {sent}, and is to be loaded by cloudpickle {here} "
        f"({sys.executable}), which may differ in what such pickles ask for"
    )


def loads(data: bytes) -> Any:
    """Unpickle.

    Python 3.13 pickles a path by a module that no earlier version has; here those read it too.
    """
    if sys.version_info < (3, 13) and b"pathlib._local" in data:
        import pathlib

        sys.modules.setdefault("pathlib._local", pathlib)
    return pickle.loads(data)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])

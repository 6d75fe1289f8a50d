"""Whether a pickle that one end of a map made can be loaded by the other, told before it is tried.

Plain pickles can be read by every Python 3. What cloudpickle sends by value holds bytecode, which
differs between minor versions of Python, and asks for functions of cloudpickle, which may differ
between its major versions: loading such a thing fails somewhere inside, or not until it is called.
"""

from __future__ import annotations

import functools
import pickle
import sys
from typing import Any, Dict, Optional, Sequence

from . import packs

_CLOUDPICKLE = b"cloudpickle"


def is_portable(data: packs.Payload) -> bool:
    """Tell whether a pickle can be read by any version of Python 3."""
    return not _mentions(data, _CLOUDPICKLE)


def mismatch(envelope: Dict[str, Any], data: packs.Payload) -> Optional[str]:
    """Return why a pickle cannot be loaded here, or None if nothing speaks against it.

    Parameters
    ----------
    envelope : dict
        That of the pack in which the pickle is: it names who made it.
    data : bytes or memoryview
        The pickle.

    Returns
    -------
    str or None
        A sentence that names both ends.
    """
    # What is short is sooner looked through than cloudpickle is imported to ask for its version.
    if isinstance(data, bytes) and _CLOUDPICKLE not in data:
        return None
    problem = _difference(str(envelope.get("python", "unknown")), envelope.get("cloudpickle"))
    return None if problem is None or is_portable(data) else problem


@functools.lru_cache(maxsize=None)
def _difference(there: str, sent: Optional[str]) -> Optional[str]:
    """Return why what these versions have pickled by value cannot be loaded here, or None."""
    if _minor(there) != _minor(packs.PYTHON):
        return (
            f"it was pickled by value by Python {there}, and is to be loaded by Python "
            f"{packs.PYTHON} ({sys.executable}): Python's bytecode differs between the two"
        )
    if not sent:
        return None
    import cloudpickle  # loading what it made imports it anyway

    here = str(cloudpickle.__version__)
    if str(sent).split(".")[0] == here.split(".")[0]:
        return None
    return (
        f"it was pickled by value by cloudpickle {sent}, and is to be loaded by cloudpickle {here} "
        f"({sys.executable}), which may differ in what such pickles ask for"
    )


def are_here(envelope: Dict[str, Any]) -> bool:
    """Tell whether every pickle in a pack can be loaded as it is: nothing of its maker differs.

    Not while it is unknown which cloudpickle there is here, because nothing needed it so far.
    """
    cloudpickle = sys.modules.get("cloudpickle")
    here = None if cloudpickle is None else getattr(cloudpickle, "__version__", None)
    sent = envelope.get("cloudpickle")
    return sent is not None and sent == here and envelope.get("python") == packs.PYTHON


def loads(data: packs.Payload, buffers: Sequence[packs.Payload] = ()) -> Any:
    """Unpickle; ``buffers`` are what the pickle left out.

    Python 3.13 pickles a path by a module that no earlier version has; here those read it too.
    """
    if sys.version_info < (3, 13) and _mentions(data, b"pathlib._local"):
        import pathlib

        sys.modules.setdefault("pathlib._local", pathlib)
    return pickle.loads(data, buffers=buffers)


def _mentions(data: packs.Payload, word: bytes) -> bool:
    if isinstance(data, bytes):
        return word in data
    import re  # looks through what is mapped without a copy of it

    return re.search(word, data) is not None


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])

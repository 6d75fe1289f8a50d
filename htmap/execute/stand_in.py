"""The ``htmap`` of functions on an execute node: what they may call there travels with them.

It comes before an htmap that is installed on the node, whose files may travel in another way (those
of HTMap 0.6 do). All that it lacks is looked for there.
"""

import functools
import importlib.machinery
import importlib.util
import os
import pkgutil
import sys
import types
from typing import Any, Optional

from htmap import exceptions, execute
from htmap.execute.carrying import transfer_output_files
from htmap.execute.checkpoints import checkpoint
from htmap.files import TransferPath

__all__ = ["TransferPath", "checkpoint", "exceptions", "transfer_output_files"]

# Modules that are not here are those of the node's own.
__path__ = pkgutil.extend_path(globals().get("__path__", []), __name__)
execute.__path__ = pkgutil.extend_path(execute.__path__, execute.__name__)


_is_loading = False


def __getattr__(name: str) -> Any:
    # While the node's own is loaded, what it asks for here are its modules, which Python finds.
    if name.startswith("__") or _is_loading:
        raise AttributeError(name)
    installed = _installed()
    if installed is None:
        raise AttributeError(
            f"there is no htmap.{name} on this execute node: htmap is not installed here, and the "
            f"part that travels with a job has {', '.join(__all__)}"
        )
    return getattr(installed, name)


@functools.lru_cache(maxsize=None)
def _installed() -> Optional[types.ModuleType]:
    """Load the htmap that is installed on the node, if there is one, beside this one."""
    global _is_loading
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    elsewhere = [folder for folder in sys.path if os.path.abspath(folder) != here]
    found = importlib.machinery.PathFinder.find_spec(__name__, elsewhere)
    if found is None or found.loader is None:
        return None
    installed = importlib.util.module_from_spec(found)
    own = dict(globals())
    _is_loading = True
    try:
        found.loader.exec_module(installed)
    finally:
        _is_loading = False
    # Some of its names are those of modules too, which Python has put here instead.
    globals().update({**vars(installed), **own})
    return installed

"""htmap: map Python functions over inputs as durable, named maps of HTCondor jobs.

>>> import htmap
>>> m = htmap.map(lambda x: 2 * x, range(10), tag="doubles")  # doctest: +SKIP
>>> list(m)  # doctest: +SKIP
[0, 2, 4, 6, 8, 10, 12, 14, 16, 18]

Importing it runs nothing: no file is made or read. Most modules are imported when a name of theirs
is first used, and HTCondor's bindings when the first of them talks to HTCondor.
"""

import importlib as _importlib
import logging as _logging
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from htmap import exceptions

# These two share their names with their modules: bound now, the names stay what they should be.
from htmap.settings import BASE_SETTINGS, USER_SETTINGS, settings
from htmap.version import __version__, version, version_info

if _TYPE_CHECKING:
    from htmap.delivery import register_delivery_method
    from htmap.delivery.transplants import Transplant, transplant_info, transplants
    from htmap.errors import ComponentError
    from htmap.execute.carrying import transfer_output_files
    from htmap.execute.checkpoints import checkpoint
    from htmap.files import TransferPath
    from htmap.management import (
        clean,
        load,
        load_maps,
        remove,
        status,
        status_csv,
        status_json,
    )
    from htmap.mapped_function import MappedFunction, mapped
    from htmap.mapping import MapBuilder, build_map, map, starmap
    from htmap.maps import Map
    from htmap.options import MapOptions
    from htmap.output_files import MapOutputFiles
    from htmap.recovery import get_tags
    from htmap.scans import grid, sampled, zipped
    from htmap.statuses import ComponentStatus
    from htmap.store.told import ComponentHold
    from htmap.streams import MapStdErr, MapStdOut

__all__ = [
    "BASE_SETTINGS",
    "USER_SETTINGS",
    "ComponentError",
    "ComponentHold",
    "ComponentStatus",
    "Map",
    "MapBuilder",
    "MapOptions",
    "MapOutputFiles",
    "MapStdErr",
    "MapStdOut",
    "MappedFunction",
    "TransferPath",
    "Transplant",
    "__version__",
    "build_map",
    "checkpoint",
    "clean",
    "exceptions",
    "get_tags",
    "grid",
    "load",
    "load_maps",
    "map",
    "mapped",
    "register_delivery_method",
    "remove",
    "sampled",
    "settings",
    "starmap",
    "status",
    "status_csv",
    "status_json",
    "transfer_output_files",
    "transplant_info",
    "transplants",
    "version",
    "version_info",
    "zipped",
]

# Where each of the other names is, for a running Python; above, for type checkers and editors.
_HOMES = {
    name: (module, name)
    for module, names in {
        "delivery": "register_delivery_method",
        "delivery.transplants": "Transplant transplant_info transplants",
        "errors": "ComponentError",
        "execute.carrying": "transfer_output_files",
        "execute.checkpoints": "checkpoint",
        "files": "TransferPath",
        "management": "clean load load_maps remove status status_csv status_json",
        "mapped_function": "MappedFunction mapped",
        "mapping": "MapBuilder build_map map starmap",
        "maps": "Map",
        "options": "MapOptions",
        "output_files": "MapOutputFiles",
        "recovery": "get_tags",
        "scans": "grid sampled zipped",
        "statuses": "ComponentStatus",
        "store.told": "ComponentHold",
        "streams": "MapStdErr MapStdOut",
    }.items()
    for name in names.split()
}

_logging.getLogger(__name__).addHandler(_logging.NullHandler())


def __getattr__(name: str) -> _Any:
    try:
        module, its_name = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(_importlib.import_module(f"{__name__}.{module}"), its_name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

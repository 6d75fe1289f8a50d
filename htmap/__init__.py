"""htmap: map Python functions over inputs as durable, named maps of HTCondor jobs.

>>> import htmap
>>> m = htmap.map(lambda x: 2 * x, range(10), tag="doubles")  # doctest: +SKIP
>>> list(m)  # doctest: +SKIP
[0, 2, 4, 6, 8, 10, 12, 14, 16, 18]

Importing it runs nothing: no file is made or read, and HTCondor's bindings are imported when
they are first needed.
"""

import logging as _logging

from htmap import exceptions
from htmap.errors import ComponentError
from htmap.management import clean, get_tags, load, load_maps, remove, status
from htmap.mapped import MappedFunction, mapped
from htmap.mapping import MapBuilder, build_map, map, starmap
from htmap.maps import Map
from htmap.options import MapOptions
from htmap.settings import BASE_SETTINGS, USER_SETTINGS, settings
from htmap.statuses import ComponentStatus
from htmap.store.state import Hold as ComponentHold
from htmap.streams import MapStdErr, MapStdOut
from htmap.version import __version__, version, version_info

__all__ = [
    "BASE_SETTINGS",
    "USER_SETTINGS",
    "ComponentError",
    "ComponentHold",
    "ComponentStatus",
    "Map",
    "MapBuilder",
    "MapOptions",
    "MapStdErr",
    "MapStdOut",
    "MappedFunction",
    "__version__",
    "build_map",
    "clean",
    "exceptions",
    "get_tags",
    "load",
    "load_maps",
    "map",
    "mapped",
    "remove",
    "settings",
    "starmap",
    "status",
    "version",
    "version_info",
]

_logging.getLogger(__name__).addHandler(_logging.NullHandler())

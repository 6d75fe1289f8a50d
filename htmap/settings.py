"""Settings: where maps live, how Python reaches the execute nodes, and options for every map.

A setting is looked for in this order, and the first place that has it counts:

1. what was set in the program: ``htmap.settings["HTMAP_DIR"] = "/data/maps"``;
2. the environment, looked at each time; an empty variable counts as unset;
3. the file ``~/.htmaprc``, in TOML, read when a setting is first asked for;
4. the file ``/etc/htmap/settings.toml``, likewise: what a site chose for all its users;
5. the defaults below.

===============================  ==========================  ====================================
setting                          variable                    what it is, and its default
===============================  ==========================  ====================================
HTMAP_DIR                        ``HTMAP_DIR``               where maps live, ``~/.htmap``
DELIVERY_METHOD                  ``HTMAP_DELIVERY_METHOD``   how Python reaches the execute nodes,
                                                             ``"shared"`` but for what is said below
CONTAINER.IMAGE                  ``HTMAP_CONTAINER_IMAGE``   the image of the method ``container``:
                                                             what ``container_image`` takes
DOCKER.IMAGE                     ``HTMAP_DOCKER_IMAGE``      the image of the method ``docker``,
                                                             see below
SINGULARITY.IMAGE                ``HTMAP_SINGULARITY_IMAGE`` that of ``singularity``, likewise
TRANSPLANT.DIR                                               where packed Pythons are kept; None is
                                                             ``transplants`` in HTMAP_DIR
TRANSPLANT.ALTERNATE_INPUT_PATH                              from where nodes get them instead, a
                                                             path or URL; its ``/`` at the end
                                                             stands for "and the file's name"
TRANSPLANT.ASSUME_EXISTS                                     whether not to pack, False
HTCONDOR.SCHEDULER               ``HTMAP_CONDOR_SCHEDULER``  the schedd's name; None is this
                                                             machine's
HTCONDOR.COLLECTOR               ``HTMAP_CONDOR_COLLECTOR``  the pool's collector; None is the
                                                             configured one
SCHEDD.FILE_SYSTEM               ``HTMAP_SCHEDD_FILE_SYSTEM`` whether the schedd sees HTMAP_DIR:
                                                             ``"shared"``, ``"remote"``, or
                                                             ``"auto"``, which tries it
MAP_OPTIONS                                                  map options that every map starts from
WAIT_TIME, CLI.IS_CLI,                                       of HTMap 0.6: accepted and not used,
CLI.SPINNERS_ON                                              for nothing sleeps or spins
===============================  ==========================  ====================================

The image is by default the one that ``HTMAP_IMAGE`` in the environment names (an image can say its
own name there), or else that of the official images of Python which has this minor version.
``CONTAINER.IMAGE`` and ``SINGULARITY.IMAGE`` are the same with ``docker://`` before it.

In an image that says its name and is attached to a site's access point (``_CONDOR_SCHEDD_HOST`` in
the environment, in any case, names one) ``DELIVERY_METHOD`` is ``"container"`` by default, so that
both ends are the same image.

``MAP_OPTIONS`` is a table of submit commands: ``request_cpus`` "1", ``request_memory`` "128MB",
``request_disk`` "1GB" and ``keep_claim_idle`` "30", the seconds for which a slot is kept for a next
job (left out where the schedd is another machine's). Any other map option can be added to it.

A dot leads into a table: ``settings["MAP_OPTIONS.request_memory"]``.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from htmap import toml
from htmap.exceptions import InvalidSettings, MissingSetting
from htmap.settings_file import keys, meant, read, read_if_there

__all__ = ["BASE_SETTINGS", "SITE_SETTINGS", "USER_SETTINGS", "Settings", "settings"]

_ENVIRONMENT = {
    "HTMAP_DIR": "HTMAP_DIR",
    "HTMAP_DELIVERY_METHOD": "DELIVERY_METHOD",
    "HTMAP_CONTAINER_IMAGE": "CONTAINER.IMAGE",
    "HTMAP_DOCKER_IMAGE": "DOCKER.IMAGE",
    "HTMAP_SINGULARITY_IMAGE": "SINGULARITY.IMAGE",
    "HTMAP_CONDOR_SCHEDULER": "HTCONDOR.SCHEDULER",
    "HTMAP_CONDOR_COLLECTOR": "HTCONDOR.COLLECTOR",
    "HTMAP_SCHEDD_FILE_SYSTEM": "SCHEDD.FILE_SYSTEM",
}


#: Where an image can say its own name, so that jobs run in the same one. It is no choice of the
#: user's, and loses to ~/.htmaprc as any default does.
IMAGE_VARIABLE = "HTMAP_IMAGE"


def is_attached(environ: Mapping[str, str]) -> bool:
    """Say whether this is one of our images, attached to a site's access point.

    The environment alone decides, as it does for the image's launcher and for HTCondor itself: so
    kernels, ``docker exec`` and a container with another entrypoint come to the same answer.

    Examples
    --------
    >>> is_attached({"HTMAP_IMAGE": "htc", "_condor_SCHEDD_HOST": "ap.example.org"})
    True
    """
    return bool(environ.get(IMAGE_VARIABLE)) and any(
        name.lower() == "_condor_schedd_host" and value.strip() for name, value in environ.items()
    )


def _defaults() -> dict[str, Any]:
    image = os.environ.get(IMAGE_VARIABLE) or f"python:3.{sys.version_info.minor}-slim"
    return {
        "HTMAP_DIR": os.path.expanduser("~/.htmap"),  # noqa: PTH111 - never fails without a home
        "DELIVERY_METHOD": "container" if is_attached(os.environ) else "shared",
        "WAIT_TIME": 1,
        "CLI": {"IS_CLI": False, "SPINNERS_ON": True},
        "CONTAINER": {"IMAGE": f"docker://{image}"},
        "DOCKER": {"IMAGE": image},
        "SINGULARITY": {"IMAGE": f"docker://{image}"},
        "TRANSPLANT": {"DIR": None, "ALTERNATE_INPUT_PATH": None, "ASSUME_EXISTS": False},
        "HTCONDOR": {"SCHEDULER": None, "COLLECTOR": None},
        "SCHEDD": {"FILE_SYSTEM": "auto"},
        "MAP_OPTIONS": {
            "request_cpus": "1",
            "request_memory": "128MB",
            "request_disk": "1GB",
            "keep_claim_idle": "30",
        },
    }


class _Layer:
    """One dict of settings, made when it is first looked at, and where these come from."""

    def __init__(self, make: Callable[[], dict[str, Any]], origin: str = "the program") -> None:
        self.origin = origin
        self._make = make
        self._values: dict[str, Any] | None = None
        self.changes = 0

    @property
    def values(self) -> dict[str, Any]:
        if self._values is None:
            self._values = self._make()
        return self._values

    @property
    def state(self) -> object:
        """What differs when the values do."""
        return self.changes

    @property
    def is_built_in(self) -> bool:
        """Whether these are the defaults as htmap has them."""
        return self._make is _defaults and not self.changes


class _Environment(_Layer):
    """The settings that are in the environment now."""

    def __init__(self) -> None:
        super().__init__(dict, "the environment")

    @property
    def values(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for variable, key in _ENVIRONMENT.items():
            if os.environ.get(variable):
                _put(found, key, os.environ[variable])
        return found

    @property
    def state(self) -> object:
        return [os.environ.get(variable) for variable in _ENVIRONMENT]


class Settings:
    """Dicts of settings, of which the first one that has a setting counts; tables are merged.

    Parameters
    ----------
    *dicts : dict
        From the one that wins to the one that loses.

    Examples
    --------
    >>> settings = Settings({"a": {"b": 1}}, {"a": {"b": 2, "c": 3}})
    >>> settings["a.b"], settings["a.c"]
    (1, 3)
    """

    def __init__(self, *dicts: Mapping[str, Any]) -> None:
        self._layers = [_layer_of(values) for values in dicts or ({},)]
        self._merged: dict[str, Any] = {}
        self._merged_from: object = None

    @classmethod
    def from_settings(cls, *settings: Settings) -> Settings:
        """Return the layers of several settings as one; they stay theirs, so changes show there.

        Parameters
        ----------
        *settings : Settings
            From the one that wins to the one that loses.
        """
        return cls._of(*(layer for each in settings for layer in each._layers))

    @classmethod
    def _of(cls, *layers: _Layer) -> Settings:
        made = cls()
        made._layers = list(layers) or made._layers
        return made

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Settings:
        """Return the settings in a TOML file.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        InvalidSettings
            If the file is not TOML, or a setting in it has a value of the wrong type.
        """
        return cls(read(Path(path), _defaults()))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the settings that win, the first dict, to a TOML file; None is left out.

        Raises
        ------
        InvalidSettings
            If a value cannot be written in TOML.
        """
        text = toml.dumps(self._layers[0].values)
        # Through a link, so that a file kept elsewhere stays there, and whole or not at all.
        target = Path(path).expanduser().resolve()
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def to_dict(self) -> dict[str, Any]:
        """Return all settings as one dict, the caller's own."""
        return copy.deepcopy(self._merge())

    def _merge(self) -> dict[str, Any]:
        state = [(id(layer), layer.state) for layer in self._layers]
        if state != self._merged_from:
            merged: dict[str, Any] = {}
            for layer in reversed(self._layers):
                merged = _merged(layer.values, merged)
            self._merged, self._merged_from = merged, state
        return self._merged

    def __getitem__(self, key: str) -> Any:
        found: Any = self._merge()
        for name in key.split("."):
            if not isinstance(found, dict) or name not in found:
                raise MissingSetting(
                    f"there is no setting {key!r}.{meant(key, keys(self._merge()))} "
                    "htmap.settings.to_dict() has those that there are; one can be added with "
                    "htmap.settings[...] = ..."
                )
            found = found[name]
        return copy.deepcopy(found)

    def __setitem__(self, key: str, value: Any) -> None:
        layer = self._layers[0]
        _put(layer.values, key, copy.deepcopy(value))
        layer.changes += 1

    def __contains__(self, key: str) -> bool:
        try:
            self[key]
        except MissingSetting:
            return False
        return True

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting, or ``default`` where there is none."""
        try:
            return self[key]
        except MissingSetting:
            return default

    def is_default(self, key: str) -> bool:
        """Say whether a setting is htmap's own default: nobody set it, be it to the same value."""
        set_by_somebody = (layer for layer in self._layers if not layer.is_built_in)
        return key in self and not any(key in Settings._of(layer) for layer in set_by_somebody)

    def origin(self, key: str) -> str:
        """Say in words where a setting comes from.

        Raises
        ------
        MissingSetting
            If there is none.

        Examples
        --------
        >>> Settings({"a": 1}).origin("a")
        'the program'
        """
        self[key]
        layer = next(each for each in self._layers if key in Settings._of(each))
        variable = variable_of(key) if isinstance(layer, _Environment) else None
        return f"{layer.origin}, {variable}" if variable else layer.origin

    def replace(self, other: Settings) -> None:
        """Become what ``other`` is, with its layers."""
        self._layers = list(other._layers)

    def append(self, other: Settings | Mapping[str, Any]) -> None:
        """Add settings that lose against all that there are."""
        self._layers = [*self._layers, *_layers_of(other)]

    def prepend(self, other: Settings | Mapping[str, Any]) -> None:
        """Add settings that win over all that there are."""
        self._layers = [*_layers_of(other), *self._layers]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Settings):
            return NotImplemented
        return self._merge() == other._merge()

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return toml.dumps(self._merge())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._merge()}>"


def _layer_of(values: Mapping[str, Any]) -> _Layer:
    own = copy.deepcopy(dict(values))
    return _Layer(lambda: own)


def _layers_of(other: Settings | Mapping[str, Any]) -> list[_Layer]:
    return list(other._layers) if isinstance(other, Settings) else [_layer_of(other)]


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    *tables, name = key.split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise InvalidSettings(f"{key!r} cannot be set: {table!r} in it is no table but a value")
    values[name] = value


def _merged(winner: dict[str, Any], loser: dict[str, Any]) -> dict[str, Any]:
    merged = {**loser, **winner}
    for key, value in winner.items():
        if isinstance(value, dict):
            below = loser.get(key)
            merged[key] = _merged(value, below if isinstance(below, dict) else {})
    return merged


# --- the files ------------------------------------------------------------------------------------

#: The file of a site's settings, for all its users: part of an image, or of a machine.
SITE_FILE = "/etc/htmap/settings.toml"


def user_path() -> Path:
    """Return the path of the user's file of settings, which need not exist."""
    return Path(os.path.expanduser("~/.htmaprc"))  # noqa: PTH111 - never fails without a home


def variable_of(key: str) -> str | None:
    """Return the environment variable that sets a setting now, if one does."""
    set_now = {_ENVIRONMENT[name]: name for name in _ENVIRONMENT if os.environ.get(name)}
    return set_now.get(key)


def _user_file() -> dict[str, Any]:
    return read_if_there(user_path(), _defaults())


def _site_file() -> dict[str, Any]:
    return read_if_there(Path(SITE_FILE), _defaults())


BASE_SETTINGS = Settings._of(_Layer(_defaults, "the defaults"))
SITE_SETTINGS = Settings._of(_Layer(_site_file, SITE_FILE))
USER_SETTINGS = Settings._of(_Layer(_user_file, "~/.htmaprc"))
settings = Settings.from_settings(
    Settings(), Settings._of(_Environment()), USER_SETTINGS, SITE_SETTINGS, BASE_SETTINGS
)

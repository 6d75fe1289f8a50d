"""Everything that htmap raises on purpose.

Catch :class:`HTMapException` to catch all of it. Where Python has a fitting built-in, the
exception is that too, so ``except TimeoutError``, ``except IndexError``, ``except KeyError`` or
``except ValueError`` do what a reader expects::

    HTMapException
      · CannotPickle                  (TypeError)
      · CannotRerunComponents         (ValueError)
      · CannotRetagMap                (ValueError)
      · CannotTransferFile            (FileNotFoundError)
      · CannotTransplantPython
      · CorruptEventLog
      · CorruptPack
          · InvalidOutputStatus
      · DaemonFailed
          · NoScheduler               (ConnectionError)
          · SchedulerRefused          (PermissionError)
      · EmptyMap                      (ValueError)
      · ExpectedError
      · InputCannotBeLoaded
      · InsufficientHTCondorVersion
      · InvalidArgument               (ValueError)
      · InvalidMapOption              (ValueError)
          · MisalignedInputData
          · ReservedOptionKeyword
      · InvalidSettings               (ValueError)
      · InvalidTag                    (ValueError)
      · InvalidTransferPath           (ValueError)
      · MapComponentError
          · MapComponentLost
          · MapComponentRemoved
          · OutputCannotBeLoaded
      · MapComponentHeld
      · MapWasRemoved
      · MissingPackage                (ImportError)
      · MissingSetting                (KeyError)
      · NoMapYet
      · NoSuchComponent               (IndexError)
      · OutputNotFound                (KeyError, FileNotFoundError)
      · SubmitFailed
      · TagAlreadyExists              (ValueError)
      · TagNotFound                   (KeyError)
      · TimeoutError                  (TimeoutError)
      · UnknownPythonDeliveryMethod   (ValueError)
      · UnusableDirectory

A message says what happened, where, and what to do next; what it is about can be read from the
attributes ``tag``, ``component`` and ``path``; of HTCondor's daemons, ``address`` and ``identity``.

Examples
--------
>>> from htmap import exceptions
>>> try:
...     raise exceptions.TagNotFound("there is no map with the tag 'books'", tag="books")
... except KeyError as error:
...     print(error, "|", error.tag)
there is no map with the tag 'books' | books
"""

# ruff: noqa: N818 - most of these names are those of HTMap 0.6

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from htmap.component_exceptions import (
    About,
    HTMapException,
    MapComponentError,
    MapComponentHeld,
    MapComponentLost,
    MapComponentRemoved,
    OutputCannotBeLoaded,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "CannotPickle",
    "CannotRerunComponents",
    "CannotRetagMap",
    "CannotTransferFile",
    "CannotTransplantPython",
    "CorruptEventLog",
    "CorruptPack",
    "DaemonFailed",
    "EmptyMap",
    "ExpectedError",
    "HTMapException",
    "InputCannotBeLoaded",
    "InsufficientHTCondorVersion",
    "InvalidArgument",
    "InvalidMapOption",
    "InvalidOutputStatus",
    "InvalidSettings",
    "InvalidTag",
    "InvalidTransferPath",
    "MapComponentError",
    "MapComponentHeld",
    "MapComponentLost",
    "MapComponentRemoved",
    "MapWasRemoved",
    "MisalignedInputData",
    "MissingPackage",
    "MissingSetting",
    "NoMapYet",
    "NoScheduler",
    "NoSuchComponent",
    "OutputCannotBeLoaded",
    "OutputNotFound",
    "ReservedOptionKeyword",
    "SchedulerRefused",
    "SubmitFailed",
    "TagAlreadyExists",
    "TagNotFound",
    "TimeoutError",
    "UnknownPythonDeliveryMethod",
    "UnusableDirectory",
]


# By the name that everybody knows, also in a traceback and in a pickle.
for _kind in (
    HTMapException,
    MapComponentError,
    MapComponentHeld,
    MapComponentLost,
    MapComponentRemoved,
    OutputCannotBeLoaded,
):
    _kind.__module__ = __name__


class TimeoutError(HTMapException, builtins.TimeoutError):
    """A wait ran out of time; the map goes on."""


class NoSuchComponent(HTMapException, IndexError):
    """The map has no component of this number."""


class OutputNotFound(HTMapException, KeyError, FileNotFoundError):
    """The output of a component was asked for without waiting, and is not there yet."""


class ExpectedError(HTMapException):
    """The error of a component was asked for, but the component succeeded."""


class InputCannotBeLoaded(HTMapException):
    """The input of a component cannot be unpickled here."""


class InvalidArgument(HTMapException, ValueError):
    """An argument of a function has a value that it cannot have."""


class CorruptPack(HTMapException):
    """A file of htmap's own is damaged; ``path`` names it."""


class InvalidOutputStatus(CorruptPack):
    """The output of a component is whole, but says nothing of it: it is another's."""


class CorruptEventLog(HTMapException):
    """The event log of a map is there and cannot be read; ``path`` names it.

    Damage within it raises nothing: what it has lost, the queue and the outputs tell.
    """


class MapWasRemoved(HTMapException):
    """The map of this handle was removed, by this process or another one."""


class NoMapYet(HTMapException):
    """The map of a builder was asked for inside its ``with`` block, before it was created."""


class EmptyMap(HTMapException, ValueError):
    """A map needs at least one input."""


class InvalidTag(HTMapException, ValueError):
    """A tag holds something that a tag cannot hold."""


class TagAlreadyExists(HTMapException, ValueError):
    """The tag stands for another map."""


class TagNotFound(HTMapException, KeyError):
    """No map has this tag."""


class CannotRetagMap(HTMapException, ValueError):
    """A map cannot be given this tag: it is taken, not valid, or the one that the map has."""


class CannotRerunComponents(HTMapException, ValueError):
    """Only components that have come to an end can be run again."""


class InvalidMapOption(HTMapException, ValueError):
    """A map option has a name or a value that cannot be given to HTCondor."""


class ReservedOptionKeyword(InvalidMapOption):
    """A map option is one that htmap sets itself."""


class MisalignedInputData(InvalidMapOption):
    """An option that differs by component has not as many values as there are inputs."""


class CannotPickle(HTMapException, TypeError):
    """A function or an input cannot be pickled, so it cannot be sent to another machine.

    Parameters
    ----------
    where : str, optional
        Which object is at fault, and what refers to it.

    Attributes
    ----------
    where : str
        As given, empty where nothing was given.
    """

    def __init__(self, message: str = "", *, where: str = "", **about: Unpack[About]) -> None:
        super().__init__(message, **about)
        self.where = where


class UnusableDirectory(HTMapException):
    """The HTMap directory is not writable, full, or another user's; ``path`` names it."""

    # Not an OSError: those are caught where they occur and turned into this, which tells more.


class InvalidTransferPath(HTMapException, ValueError):
    """A path or URL that cannot be transferred."""


class CannotTransferFile(HTMapException, FileNotFoundError):
    """A file that was to be transferred from the execute node is not there."""


class InvalidSettings(HTMapException, ValueError):
    """A settings file cannot be read, or a setting has a value of the wrong type."""


class MissingPackage(HTMapException, ImportError):  # type: ignore[misc] # of what path may be
    """What was asked for needs a package that is not installed."""


class MissingSetting(HTMapException, KeyError):
    """There is no setting of this name."""


class UnknownPythonDeliveryMethod(HTMapException, ValueError):
    """The setting ``DELIVERY_METHOD`` names no delivery method."""


class CannotTransplantPython(HTMapException):
    """The Python in use cannot be copied to another machine."""


class DaemonFailed(HTMapException):
    """A schedd or collector of HTCondor's did not do what it was asked.

    Parameters
    ----------
    address : str, optional
        Where it was asked, ``host:port``.
    identity : str, optional
        As whom, such as ``alice@site.example``.

    Attributes
    ----------
    address, identity
        As given, None where nothing was given.
    """

    def __init__(
        self,
        message: str = "",
        *,
        address: str | None = None,
        identity: str | None = None,
        **about: Unpack[About],
    ) -> None:
        super().__init__(message, **about)
        self.address = address
        self.identity = identity


class NoScheduler(DaemonFailed, ConnectionError):
    """No HTCondor schedd was found, or the one that was found does not answer."""


class SchedulerRefused(DaemonFailed, PermissionError):
    """The schedd answered, but does not accept who is asking or what was asked."""


class SubmitFailed(HTMapException):
    """The schedd did not take the jobs."""


class InsufficientHTCondorVersion(HTMapException):
    """The HTCondor that was found is too old for what was asked.

    Nothing raises it: all that htmap asks for is in every HTCondor since 23.9. The name is here for
    scripts that catch it.
    """

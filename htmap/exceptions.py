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
      · MissingSetting                (KeyError)
      · NoMapYet
      · NoScheduler                   (ConnectionError)
      · NoSuchComponent               (IndexError)
      · OutputNotFound                (KeyError, FileNotFoundError)
      · SchedulerRefused              (PermissionError)
      · SubmitFailed
      · TagAlreadyExists              (ValueError)
      · TagNotFound                   (KeyError)
      · TimeoutError                  (TimeoutError)
      · UnknownPythonDeliveryMethod   (ValueError)
      · UnusableDirectory

A message says what happened, where, and what to do next; what it is about can be read from the
attributes ``tag``, ``component`` and ``path``.

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
import contextlib
import os
from typing import Any

__all__ = [
    "CannotPickle",
    "CannotRerunComponents",
    "CannotRetagMap",
    "CannotTransferFile",
    "CannotTransplantPython",
    "CorruptEventLog",
    "CorruptPack",
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


class HTMapException(Exception):
    """The base of every exception of htmap.

    Parameters
    ----------
    message : str
        What happened, where, and what to do next.
    tag : str, optional
        The tag of the map that it is about.
    component : int, optional
        The component that it is about.
    path : str or os.PathLike, optional
        The file or folder that it is about.

    Attributes
    ----------
    tag, component, path
        As given, None where nothing was given.
    """

    def __init__(
        self,
        message: str = "",
        *,
        tag: str | None = None,
        component: int | None = None,
        path: str | os.PathLike[str] | None = None,
    ) -> None:
        # Only the message becomes an argument: that, and __dict__, is what pickle restores.
        super().__init__(message)
        self.tag = tag
        self.component = component
        self.path = path

    def __str__(self) -> str:
        # KeyError would show the repr of its message, with quotes and escaped line ends.
        return str(self.args[0]) if self.args else ""


class TimeoutError(HTMapException, builtins.TimeoutError):
    """A wait ran out of time; the map goes on."""


class NoSuchComponent(HTMapException, IndexError):
    """The map has no component of this number."""


class OutputNotFound(HTMapException, KeyError, FileNotFoundError):
    """The output of a component was asked for without waiting, and is not there yet."""


class ExpectedError(HTMapException):
    """The error of a component was asked for, but the component succeeded."""


class MapComponentError(HTMapException):
    """A component ended without a result.

    Where the exception that the function raised could be brought back, it is the ``__cause__``,
    also after a pickle.

    Parameters
    ----------
    report : str, optional
        The whole report, as :meth:`Map.error_reports` gives it.

    Attributes
    ----------
    report : str
        As given, empty where there is none.
    """

    def __init__(
        self,
        message: str = "",
        *,
        tag: str | None = None,
        component: int | None = None,
        path: str | os.PathLike[str] | None = None,
        report: str = "",
    ) -> None:
        super().__init__(message, tag=tag, component=component, path=path)
        self.report = report

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickle leaves out what an exception was caused by.
        import pickle

        with contextlib.suppress(Exception):
            return _with_cause, (super().__reduce__(), pickle.dumps(self.__cause__))
        return super().__reduce__()  # type: ignore[return-value]


def _with_cause(reduced: tuple[Any, ...], cause: bytes) -> BaseException:
    import pickle

    kind, args, attributes = reduced
    error: BaseException = kind(*args)
    error.__dict__.update(attributes)
    with contextlib.suppress(Exception):  # what it needs may not be there at this end
        error.__cause__ = pickle.loads(cause)
    return error


class MapComponentLost(MapComponentError):
    """A component's job vanished together with the queue that it was in; run it again."""


class MapComponentRemoved(MapComponentError):
    """A component's job was removed from the queue before it finished (``condor_rm``)."""


class OutputCannotBeLoaded(MapComponentError):
    """A component succeeded, but its result cannot be unpickled here."""


class MapComponentHeld(HTMapException):
    """HTCondor holds a component's job; it waits for a person, or for a release.

    Parameters
    ----------
    hold : ComponentHold, optional
        The hold, with its ``code``, ``subcode`` and ``reason``.

    Attributes
    ----------
    hold : ComponentHold
        As given, None where nothing was given.
    """

    def __init__(
        self,
        message: str = "",
        *,
        tag: str | None = None,
        component: int | None = None,
        path: str | os.PathLike[str] | None = None,
        hold: object = None,
    ) -> None:
        super().__init__(message, tag=tag, component=component, path=path)
        self.hold = hold


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

    def __init__(
        self,
        message: str = "",
        *,
        tag: str | None = None,
        component: int | None = None,
        path: str | os.PathLike[str] | None = None,
        where: str = "",
    ) -> None:
        super().__init__(message, tag=tag, component=component, path=path)
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


class MissingSetting(HTMapException, KeyError):
    """There is no setting of this name."""


class UnknownPythonDeliveryMethod(HTMapException, ValueError):
    """The setting ``DELIVERY_METHOD`` names no delivery method."""


class CannotTransplantPython(HTMapException):
    """The Python in use cannot be copied to another machine."""


class NoScheduler(HTMapException, ConnectionError):
    """No HTCondor schedd was found, or the one that was found does not answer."""


class SchedulerRefused(HTMapException, PermissionError):
    """The schedd answered, but does not accept who is asking or what was asked."""


class SubmitFailed(HTMapException):
    """The schedd did not take the jobs."""


class InsufficientHTCondorVersion(HTMapException):
    """The HTCondor that was found is too old for what was asked.

    Nothing raises it: all that htmap asks for is in every HTCondor since 23.9. The name is here for
    scripts that catch it.
    """

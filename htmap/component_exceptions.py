"""The base of htmap's exceptions, and those that carry what became of a component.

All of them are to be had from :mod:`htmap.exceptions`, which they are apart from for their length.
"""

# ruff: noqa: N818 - most of these names are those of HTMap 0.6

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from htmap.tracebacks import Frame


class About(TypedDict, total=False):
    """What an exception may be about."""

    tag: str | None
    component: int | None
    path: str | os.PathLike[str] | None


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


class MapComponentError(HTMapException):
    """A component ended without a result.

    Where the exception that the function raised could be brought back, it is the ``__cause__``,
    also after a pickle.

    Parameters
    ----------
    report : str, optional
        The whole report, as :meth:`Map.error_reports` gives it.
    advice : str, optional
        What to do next.
    component_error : ComponentError, optional
        The same as data, as :attr:`Map.errors` gives it.

    Attributes
    ----------
    report, advice, component_error
        As given, empty or None where nothing was given.

    Examples
    --------
    >>> try:  # doctest: +SKIP
    ...     m.get(3)
    ... except MapComponentError as error:
    ...     print(error.frames[-1].line, error.locals)
    2 {'x': '0'}
    """

    def __init__(
        self,
        message: str = "",
        *,
        report: str = "",
        advice: str = "",
        component_error: Any = None,
        **about: Unpack[About],
    ) -> None:
        super().__init__(message, **about)
        self.report = report
        self.advice = advice
        self.component_error = component_error

    @property
    def frames(self) -> list[Frame]:
        """The frames of the function's own code, outermost first; empty where none are known."""
        return list(self.component_error.stack_summary) if self.component_error else []

    @property
    def locals(self) -> Mapping[str, str]:
        """The local variables of the innermost frame, as text; empty where there is none."""
        return self.frames[-1].locals if self.frames else {}

    def _render_traceback_(self) -> list[str]:
        from htmap.tracebacks import rendered

        return rendered(self)

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

    def __init__(self, message: str = "", *, hold: object = None, **about: Unpack[About]) -> None:
        super().__init__(message, **about)
        self.hold = hold

    def _render_traceback_(self) -> list[str]:
        from htmap.tracebacks import rendered

        return rendered(self)

"""What components wrote to standard output and standard error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, overload

from htmap.following import follow
from htmap.store import outputs

if TYPE_CHECKING:
    from htmap.handle import MapHandle, Timeout


class Stream(Sequence[str]):
    """A sequence of str, one for each component; there once the component's job has ended.

    :meth:`follow` reads them earlier. What is no UTF-8 is shown as U+FFFD.
    """

    _name: ClassVar[Literal["stdout", "stderr"]]

    def __init__(self, map_: MapHandle) -> None:
        self._map = map_

    def __len__(self) -> int:
        return len(self._map)

    def __contains__(self, component: object) -> bool:
        return isinstance(component, int) and 0 <= component < len(self)

    @overload
    def __getitem__(self, item: int) -> str: ...
    @overload
    def __getitem__(self, item: slice) -> list[str]: ...
    def __getitem__(self, item: int | slice) -> str | list[str]:
        if isinstance(item, slice):
            return [self.get(component, timeout=0) for component in range(*item.indices(len(self)))]
        return self.get(item, timeout=0)

    def get(self, component: int, timeout: Timeout = None) -> str:
        """Wait until a component has ended (or is held) and return its text.

        Parameters
        ----------
        component : int
        timeout : float or timedelta, optional
            Seconds to wait at most; 0 does not wait, None waits for ever.

        Raises
        ------
        NoSuchComponent
            If there is no such component (an IndexError).
        OutputNotFound
            If ``timeout`` is 0 and the component has not ended (a FileNotFoundError).
        TimeoutError
            If the time is over first.
        """
        index = self._map._index(component)
        self._map._wait_for(index, timeout)
        run, job = self._map._tracker.run_and_job(index)
        return outputs.read_text(run.stream(self._name, job))

    def follow(self, component: int, timeout: Timeout = None) -> Iterator[str]:
        """Yield a component's text piece by piece while it writes it, until it has ended.

        The whole text from its start, also where the component has run for a while, or has ended.
        A component that starts over (it was evicted, or its node died) is followed from its new
        start. It may be of any size.

        In the personal pool this costs the jobs nothing. Where jobs run on other machines the text
        arrives when a component ends, unless the map was made with
        ``MapOptions(stream_output=True, stream_error=True)``: then HTCondor sends each piece as it
        is written, at the cost of a message to the submit side for each (see the manual's section
        "Submit Description File Commands").

        Parameters
        ----------
        component : int
        timeout : float or timedelta, optional
            Seconds to follow it at most; for ever if None.

        Yields
        ------
        str
            What has been added since the piece before.

        Raises
        ------
        NoSuchComponent
            If there is no such component (an IndexError).
        MapComponentHeld
            If the component is held, after what it wrote; once it is released, follow it again.
        TimeoutError
            If the time is over first.

        Examples
        --------
        >>> for text in m.stdout.follow(0):  # doctest: +SKIP
        ...     print(text, end="")
        """
        return follow(self._map, self._map._index(component), self._name, timeout)


class MapStdOut(Stream):
    """What each component wrote to standard output."""

    _name = "stdout"


class MapStdErr(Stream):
    """What each component wrote to standard error."""

    _name = "stderr"

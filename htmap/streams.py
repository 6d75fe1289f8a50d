"""What components wrote to standard output and standard error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from htmap.following import follow
from htmap.per_component import PerComponent
from htmap.store.outputs import OutputPack
from htmap.store.run import Run, StreamName

if TYPE_CHECKING:
    from htmap.handle import Timeout


class Stream(PerComponent[str]):
    """A sequence of str, one for each component; there once the component's job has ended.

    :meth:`follow` reads them earlier. What is no UTF-8 is shown as U+FFFD.
    """

    _name: ClassVar[StreamName]

    def _left(self, component: int, run: Run, output: OutputPack) -> str:
        return output.stream(component, self._name)

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

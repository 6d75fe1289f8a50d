"""Pictures of a map: where and when its jobs ran, how long and with how much memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from htmap.exceptions import InvalidArgument

if TYPE_CHECKING:
    from htmap.results import MapResults

#: A picture of a map.
Part = Literal["timeline", "statuses", "runtimes", "memory"]
PARTS: tuple[Part, ...] = get_args(Part)
#: What draws it.
Backend = Literal["matplotlib", "altair"]


class MapPlots:
    """Pictures of a map as it is now, in the colours that its statuses have everywhere.

    It is what ``m.plot`` is. However many components there are, a picture takes seconds: those that
    could not be seen apart are drawn as one. With ``backend="altair"``, where altair is installed,
    each method returns a chart of it instead.

    Raises
    ------
    MissingPackage
        If matplotlib, or altair, is not installed (an ImportError).
    InvalidArgument
        If there is no such part or backend.

    Examples
    --------
    >>> m.plot()  # doctest: +SKIP
    >>> axes = m.plot.runtimes()  # doctest: +SKIP
    >>> axes.set_xscale("log")  # doctest: +SKIP
    >>> axes.figure.savefig("runtimes.pdf")  # doctest: +SKIP
    """

    def __init__(self, map_: MapResults) -> None:
        self._map = map_

    def __call__(
        self,
        parts: Sequence[Part] = PARTS,
        *,
        figure: Any = None,
        backend: Backend = "matplotlib",
    ) -> Any:
        """Draw several parts, each below the other.

        Parameters
        ----------
        parts : sequence of str
            Some of "timeline", "statuses", "runtimes" and "memory"; all by default.
        figure : matplotlib.figure.Figure, optional
            Where to; in a new figure of pyplot's by default.
        backend : {"matplotlib", "altair"}

        Returns
        -------
        dict of str to matplotlib.axes.Axes, or altair.VConcatChart
            By part.
        """
        chosen = [parts] if isinstance(parts, str) else list(parts)
        unknown = [part for part in chosen if part not in PARTS]
        if unknown or not chosen:
            raise InvalidArgument(
                f"parts is {parts!r}: it has to be some of {', '.join(map(repr, PARTS))}"
            )
        return self._draw(chosen, None, figure, backend)

    def timeline(self, axes: Any = None, *, backend: Backend = "matplotlib") -> Any:
        """Draw when each slot ran jobs of the map, the slots of a host next to each other.

        A bar is one execution of a job, the last where there were several, in the colour of what
        became of it; components that share a job share its bar. Times are those of the event log,
        to the second.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, optional
            Where to; in a new figure of pyplot's by default.
        backend : {"matplotlib", "altair"}

        Returns
        -------
        matplotlib.axes.Axes or altair.Chart
        """
        return self._part("timeline", axes, backend)

    def statuses(self, axes: Any = None, *, backend: Backend = "matplotlib") -> Any:
        """Draw how many components had which status when, from the first submission on.

        Of a component that was started several times the last one counts. The parameters are those
        of :meth:`timeline`.
        """
        return self._part("statuses", axes, backend)

    def runtimes(self, axes: Any = None, *, backend: Backend = "matplotlib") -> Any:
        """Draw a histogram of the run times of components that have ended.

        The times are those in the column ``runtime`` of :meth:`htmap.Map.to_dataframe`. The
        parameters are those of :meth:`timeline`.
        """
        return self._part("runtimes", axes, backend)

    def memory(self, axes: Any = None, *, backend: Backend = "matplotlib") -> Any:
        """Draw a histogram of the most memory that components were seen to use.

        The parameters are those of :meth:`timeline`.
        """
        return self._part("memory", axes, backend)

    def _part(self, part: Part, axes: Any, backend: Backend) -> Any:
        drawn = self._draw([part], axes, None, backend)
        return drawn[part] if backend == "matplotlib" else drawn

    def _draw(self, parts: Sequence[str], axes: Any, figure: Any, backend: Backend) -> Any:
        # What the names of the parts are is asked without a wish to see any.
        from htmap.plots import with_altair, with_matplotlib
        from htmap.plots.numbers import Numbers

        if backend == "matplotlib":
            return with_matplotlib.draw(Numbers(self._map), parts, axes, figure)
        if backend == "altair":
            return with_altair.charts(Numbers(self._map), parts)
        raise InvalidArgument(f"backend is {backend!r}: it has to be 'matplotlib' or 'altair'")

    def __repr__(self) -> str:
        return f"<pictures of {self._map!r}: call it, or {', '.join(PARTS)}>"

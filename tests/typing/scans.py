"""What type checkers and editors know of scans and pictures; mypy reads it, nothing runs it."""

from typing_extensions import assert_type

import htmap
from htmap.plots import MapPlots


def model(a: float, b: int = 0) -> float:
    """Do something with two parameters."""
    return a * b


assert_type(htmap.grid(model, a=[1.0, 2.0], b=range(3), constants={}, tag="t"), htmap.Map)
assert_type(htmap.zipped(model, a=iter([1.0]), b=[1]), htmap.Map)
made = htmap.sampled(model, 10, seed=1, a=(0.0, 1.0), b=[1, 2], where=lambda a: a > 0.5)
assert_type(made, htmap.Map)
assert_type(made.plot, MapPlots)
made.to_dataframe(results=False, expand=True)
made.plot(["timeline"])
made.plot(["times"])  # type: ignore[list-item] # mypy knows the parts
made.plot.runtimes(backend="gnuplot")  # type: ignore[arg-type] # and the backends
htmap.grid(model, a=1)  # type: ignore[arg-type] # and that an axis has several values

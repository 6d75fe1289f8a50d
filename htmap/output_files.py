"""The files that components had transferred with :func:`htmap.transfer_output_files`."""

from __future__ import annotations

from pathlib import Path

from htmap.per_component import PerComponent
from htmap.store.outputs import OutputPack
from htmap.store.run import Run


class MapOutputFiles(PerComponent[Path]):
    """The folder of the files that each component had transferred, a :class:`pathlib.Path`.

    It is empty where a component had none, and is removed together with the map: copy what you want
    to keep.
    """

    def _left(self, component: int, run: Run, output: OutputPack) -> Path:
        return run.output_files(component)

"""Reading what components left and were given, with each pack opened once."""

from __future__ import annotations

from htmap.store.inputs import InputPack
from htmap.store.outputs import OutputPack
from htmap.store.run import Run


class Reading:
    """Reads the packs of a map, job after job; those that were read last stay open.

    Parameters
    ----------
    tag : str
        The map's, for what is said of errors.

    Examples
    --------
    >>> with Reading("books") as reading:  # doctest: +SKIP
    ...     first, second = (reading.output(run, 0).result(i) for i in range(2))
    """

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._output: OutputPack | None = None
        self._input: InputPack | None = None
        self._output_of = self._input_of = (-1, -1)

    def is_at(self, run: Run, job: int) -> bool:
        """Whether it was a job's output that was read last."""
        return self._output_of == (run.number, job)

    def output(self, run: Run, job: int) -> OutputPack:
        """Return what a job brought back."""
        if self._output is None or self._output_of != (run.number, job):
            if self._output is not None:
                self._output.close()
            self._output = OutputPack(run, job, self._tag)
            self._output_of = run.number, job
        return self._output

    def input(self, run: Run, job: int) -> InputPack:
        """Return what a job was given, and maybe others with it."""
        pack = run.packs.group_of(job)
        if self._input is None or self._input_of != (run.number, pack):
            if self._input is not None:
                self._input.close()
            self._input = InputPack(run.input(job), self._tag)
            self._input_of = run.number, pack
        return self._input

    def close(self) -> None:
        """Close the packs; what was read stays."""
        for pack in (self._output, self._input):
            if pack is not None:
                pack.close()

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

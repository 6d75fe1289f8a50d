"""Writing the input packs of a run while its components come, and dividing these into jobs."""

from __future__ import annotations

import collections
import contextlib
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from htmap.exceptions import CannotPickle
from htmap.execute import packs
from htmap.store.directory import root, unusable, writing
from htmap.store.division import Division
from htmap.store.inputs import Arguments, envelope_of, unreadable
from htmap.store.pickles import dumps

#: Jobs share a pack of up to so many bytes, all of which each of them is sent: what one file more
#: costs to make is what it takes to send as much.
_SHARED_BYTES = 64 * 1024
# Bytes of inputs, and of what holds each, that are kept in memory until it is clear which job they
# belong to.
_WINDOW = 64 * 1024 * 1024
_HOLDING = 150


class _Sizes(Protocol):
    @property
    def is_fixed(self) -> bool: ...
    def next(self, left: int) -> int: ...


class _Waiting(NamedTuple):
    component: int
    data: bytes
    alike: object


class InputWriter:
    """Takes the inputs of one component after another, and writes them as soon as it can.

    Parameters
    ----------
    folder : Path
        Where the packs are made, named 0, 1, 2 …
    sizes : Sizes
        What says how many components a job gets (:mod:`htmap.chunking`).
    envelope : dict
        That of the packs.
    expected : int
        How many components there will be, as far as that is known.
    """

    def __init__(
        self, folder: Path, sizes: _Sizes, envelope: dict[str, Any], expected: int = 0
    ) -> None:
        self._folder = folder
        self._sizes = sizes
        self._envelope = envelope
        self._expected = expected
        self._waiting: collections.deque[_Waiting] = collections.deque()
        self._waiting_bytes = 0
        # Of the job that was begun last: how many more it takes, and what they have in common.
        self._room = 0
        self._alike: object = None
        self._pack: packs.PackWriter | None = None
        self._pack_bytes = 0
        self._chunks = array("Q")
        self._jobs_in_packs = array("Q")
        self.count = 0

    def __enter__(self) -> InputWriter:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._pack is not None:  # something was raised before `finish`
            self._pack.close()

    def add(self, component: int, data: bytes, alike: object = None) -> None:
        """Take the pickled arguments of a component.

        Parameters
        ----------
        component : int
        data : bytes
        alike : object
            What components have in common that may share a job: it is equal for them.

        Raises
        ------
        UnusableDirectory
            If they have to be written and the disk does not let them.
        """
        self.count += 1
        given = _Waiting(component, data, alike)
        if not self._waiting and self._continues_with(given):
            self._put(given)
            return
        self._waiting.append(given)
        self._waiting_bytes += len(data) + _HOLDING
        while self._waiting and (self._sizes.is_fixed or self._waiting_bytes > _WINDOW):
            self._next_job()

    def finish(self) -> tuple[Division, Division]:
        """Write what is left; return how components are divided into jobs, and these into packs.

        Raises
        ------
        UnusableDirectory
            If the disk does not let it.
        """
        self._expected = self.count
        while self._waiting:
            self._next_job()
        self._close()
        return Division((size, 1) for size in self._chunks), Division(
            (jobs, 1) for jobs in self._jobs_in_packs
        )

    def _next_job(self) -> None:
        """Begin the next job, and write what waits and belongs to it."""
        written = self.count - len(self._waiting)
        self._room = self._sizes.next(max(len(self._waiting), self._expected - written))
        self._alike = self._waiting[0].alike
        if self._pack_bytes >= _SHARED_BYTES:
            self._close()
        if self._pack is None:
            path = self._folder / str(len(self._jobs_in_packs))
            with writing():
                self._pack = packs.PackWriter(path, self._envelope, buffered=True)
            self._jobs_in_packs.append(0)
        self._jobs_in_packs[-1] += 1
        self._chunks.append(0)
        while self._waiting and self._continues_with(self._waiting[0]):
            given = self._waiting.popleft()
            self._waiting_bytes -= len(given.data) + _HOLDING
            self._put(given)

    def _continues_with(self, given: _Waiting) -> bool:
        """Tell whether a component belongs to the job that was begun last."""
        return self._room > 0 and given.alike == self._alike

    def _put(self, given: _Waiting) -> None:
        assert self._pack is not None
        try:
            self._pack.add(given.component, packs.INPUT, given.data)
        except OSError as error:
            raise unusable(root(), error) from error
        self._pack_bytes += len(given.data)
        self._room -= 1
        self._chunks[-1] += 1

    def _close(self) -> None:
        if self._pack is not None:
            with writing(), self._pack:
                self._pack.finish()
            self._pack, self._pack_bytes = None, 0


def write_inputs(
    folder: Path,
    inputs: Iterable[Arguments],
    alike: Callable[[], object],
    sizes: _Sizes,
    expected: int = 0,
) -> tuple[Division, Division]:
    """Write the input packs of a map.

    Each item is pickled before the next is taken (:mod:`htmap.sending` relies on it).

    Parameters
    ----------
    folder : Path
    inputs : iterable
        The arguments of each component.
    alike : callable
        Returns, after the arguments of a component were pickled, what it has in common with those
        that may share its job.
    sizes, expected
        As for :class:`InputWriter`.

    Returns
    -------
    chunks, packs : Division
        Of the components into jobs, and of these into packs.

    Raises
    ------
    CannotPickle
        If an argument cannot be pickled.
    UnusableDirectory
        If the disk does not let it.
    """
    with InputWriter(folder, sizes, envelope_of("input"), expected) as writer:
        for component, arguments in enumerate(inputs):
            try:
                data = dumps(arguments, "the input of component {}", component)
            except CannotPickle as error:
                error.component = component
                raise
            writer.add(component, data, alike())
        return writer.finish()


def copy_inputs(
    folder: Path,
    sources: Iterable[tuple[int, Path, object]],
    sizes: _Sizes,
    tag: str,
) -> tuple[Division, Division]:
    """Write the input packs of a rerun from those of earlier runs.

    Parameters
    ----------
    sources : iterable
        Each component, the pack that has its input, and what it has in common with those that may
        share its job.

    Raises
    ------
    CorruptPack
        If an earlier pack is damaged or gone.
    UnusableDirectory
        If the disk does not let it.
    """
    writer: InputWriter | None = None
    with contextlib.ExitStack() as closing, contextlib.ExitStack() as opened:
        pack: packs.PackReader | None = None
        for component, path, alike in sources:
            try:
                if pack is None or pack.path != str(path):
                    opened.close()
                    pack = opened.enter_context(packs.PackReader(path))
                record = pack.find(component, packs.INPUT)
                if record is None:
                    raise packs.DamagedPackError(f"it holds no input of component {component}")
                data = pack.payload(record)
            except (OSError, packs.DamagedPackError) as error:
                raise unreadable(path, component, tag, error) from error
            if writer is None:
                # What is said there is said of who pickled them: it is the same in all of a map.
                writer = closing.enter_context(InputWriter(folder, sizes, pack.envelope))
            writer.add(component, data, alike)
        assert writer is not None
        return writer.finish()

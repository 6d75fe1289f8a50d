"""One component of a job: load its input, call the function, and say how that ended."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
from typing import Any, BinaryIO, Callable, Dict, List, NamedTuple, Optional, Sequence, Union

from . import packs, places, versions


class VersionMismatchError(Exception):
    """What the map sent was pickled by versions whose pickles this Python cannot run."""


# By value goes what cannot be imported by its name: all that is defined in a notebook or script.
_REMEDY = (
    "Make the map with the versions that the execute node has, or choose a delivery method that "
    "brings them along"
)

#: What is said where the function itself is at fault, and so every component of the job.
UNLOADED = "The function could not be loaded on the node."

#: Buffers of at least so many bytes are written from where they are, and not copied before.
_LARGE = 64 * 1024


class Ending(NamedTuple):
    """How a component ended: what is kept of it, but for its times.

    Attributes
    ----------
    kind : int
        :data:`packs.RESULT` or :data:`packs.ERROR`.
    payload : bytes
    buffers : sequence of memoryview
        What the pickled result left out.
    exception : bytes
        The pickled exception; empty where there is none, or none that can be pickled.
    """

    kind: int
    payload: bytes
    buffers: Sequence[memoryview] = ()
    exception: bytes = b""

    def write(
        self, output: packs.PackWriter, component: int, wall: float = 0.0, cpu: float = 0.0
    ) -> None:
        """Add it to the output pack, with the seconds that the component took."""
        output.add(component, self.kind, self.payload, buffers=self.buffers, wall=wall, cpu=cpu)
        if self.exception:
            output.add(component, packs.EXCEPTION, self.exception)


class Loader:
    """Unpickles what the map sent, once it is clear that this Python can.

    Parameters
    ----------
    envelope : dict
        That of the pack in which the pickles are.
    """

    def __init__(self, envelope: Dict[str, Any]) -> None:
        self._envelope = envelope
        self._is_of_here = False

    def __call__(self, data: Union[packs.Payload, BinaryIO], what: str, *about: object) -> Any:
        """Return what was pickled.

        Parameters
        ----------
        data : bytes, memoryview, or file at the place where the pickle begins
        what : str
            What it is, for an error; ``about`` takes the places of its braces.

        Raises
        ------
        VersionMismatchError
            If it was pickled by versions of which this Python cannot load it.
        Exception
            Whatever its unpickling raises.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            # Nobody looks into a large one, if there is nothing against anything of these versions.
            if versions.mismatch(self._envelope, b"cloudpickle") is None:
                return pickle.load(data)
            data = data.read()
        if self._is_of_here:
            return pickle.loads(data)
        data = bytes(data)
        problem = versions.mismatch(self._envelope, data)
        if problem is not None:
            raise VersionMismatchError(
                f"{what.format(*about)} cannot be loaded on this node: {problem}. {_REMEDY}."
            )
        loaded = versions.loads(data)
        self._is_of_here = versions.are_here(self._envelope)
        return loaded


def load_function(path: str) -> Callable[..., Any]:
    """Return the mapped function, from its pack."""
    with packs.PackReader(path) as pack:
        record = pack.find(packs.ALL_COMPONENTS, packs.FUNCTION)
        if record is None:
            raise packs.DamagedPackError(f"the pack {path} holds no function")
        function: Callable[..., Any] = Loader(pack.envelope)(pack.payload(record), "the function")
    return function


def _dumps(value: object, buffers: Optional[List[memoryview]] = None) -> bytes:
    """Pickle; where there is a list for them, large buffers (numpy's) go there uncopied."""

    def is_in_band(buffer: pickle.PickleBuffer) -> bool:
        assert buffers is not None
        view = buffer.raw()
        if view.nbytes < _LARGE:
            return True
        buffers.append(view)
        return False

    how = None if buffers is None else is_in_band
    try:
        return pickle.dumps(value, protocol=5, buffer_callback=how)
    except Exception:
        # Functions and classes made on the way need cloudpickle, which costs 20 ms to import.
        import cloudpickle

        if buffers:
            buffers.clear()
        data: bytes = cloudpickle.dumps(value, protocol=5, buffer_callback=how)
        return data


def failure(error: BaseException, summary: str = "", briefly: bool = False) -> Ending:
    """Return the ending of what failed."""
    from . import reports  # only where something failed: most jobs need none of it

    report = json.dumps(reports.describe(error, summary, briefly)).encode()
    try:
        exception = b"" if briefly else _dumps(error)
    except BaseException:  # an exception that cannot travel is described by its report alone
        exception = b""
    return Ending(packs.ERROR, report, (), exception)


class Caller:
    """Calls the function for one component after another.

    Parameters
    ----------
    function : callable
    envelope : dict
        That of the input pack.
    """

    def __init__(self, function: Callable[..., Any], envelope: Dict[str, Any]) -> None:
        self._function = function
        self._load = Loader(envelope)
        self._promised = _promised()

    def __call__(
        self, component: int, read: Callable[[int], Union[packs.Payload, BinaryIO]], offset: int
    ) -> Ending:
        """Call the function for a component; return how that ended, whatever it did.

        Parameters
        ----------
        component : int
        read : callable
            Returns its pickled arguments when it is given ``offset``.
        offset : int
        """
        try:
            args, kwargs = self._load(read(offset), "the input of component {}", component)
        except BaseException as error:
            return failure(error, "The component's input could not be read on the node.")
        try:
            result = self._function(*args, **kwargs)
        except BaseException as error:  # sys.exit() in a function is a failure of the component
            summary = ""
            if isinstance(error, SystemExit):
                summary = "The function left by sys.exit() instead of returning."
            ending = failure(error, summary)
            if self._promised:
                with contextlib.suppress(Exception):  # the report tells of a failure already
                    self._keep_promises(component, returned=False)
            return ending
        if self._promised:
            try:
                self._keep_promises(component, returned=True)
            except BaseException as error:
                return failure(error, "The function returned, but not all of its files are there.")
        buffers: List[memoryview] = []
        try:
            return Ending(packs.RESULT, _dumps(result, buffers), buffers)
        except BaseException as error:
            from .reports import safe_repr

            return failure(
                error,
                "The function returned, but its result cannot be pickled: "
                f"{type(result).__name__} {safe_repr(result)}",
            )

    def _keep_promises(self, component: int, returned: bool) -> None:
        from .carrying import keep_promises

        keep_promises(str(component), self._promised, returned)


def _promised() -> List[str]:
    """Return the names of the files that the map's output_remaps send somewhere else."""
    ad = places.job_ad()
    if places.PROMISED.lower() not in ad.lower():
        return []
    from .carrying import promised

    return promised(ad)


def with_checkpoints(action: str, component: int) -> None:
    """Restore or forget the checkpoints of a component, if it has any."""
    # Most jobs have none, and do without the module.
    if os.path.isdir(places.scratch(places.FOLDER, places.CHECKPOINTS)):
        from . import checkpoints

        getattr(checkpoints, action)(str(component))

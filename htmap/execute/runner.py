"""Run the components of one job: read the input pack, call, write the output pack.

The output pack is made before anything else; with the other files that travel back it lies in a
folder that has to exist when the job ends, because HTCondor has been told to bring back what is in
it, and would hold the job if there were none (:mod:`htmap.execute.places`).
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pickle
import sys
from typing import Any, Callable, Dict, List

from . import packs, places, versions


class VersionMismatchError(Exception):
    """What the map sent was pickled by versions whose pickles this Python cannot run."""


# By value goes what cannot be imported by its name: all that is defined in a notebook or script.
_REMEDY = (
    "Make the map with the versions that the execute node has, or choose a delivery method that "
    "brings them along"
)


def _loads(envelope: Dict[str, Any], data: bytes, what: str) -> Any:
    """Unpickle what the map sent, once it is clear that this Python can."""
    problem = versions.mismatch(envelope, data)
    if problem is not None:
        raise VersionMismatchError(f"{what} cannot be loaded on this node: {problem}. {_REMEDY}.")
    return versions.loads(data)


def _load_function(path: str) -> Callable[..., Any]:
    with packs.PackReader(path) as pack:
        record = pack.find(packs.ALL_COMPONENTS, packs.FUNCTION)
        if record is None:
            raise packs.DamagedPackError(f"the pack {path} holds no function")
        function: Callable[..., Any] = _loads(pack.envelope, pack.payload(record), "the function")
    return function


def _load_input(pack: packs.PackReader, record: packs.Record) -> Any:
    return _loads(pack.envelope, pack.payload(record), f"the input of component {record.component}")


def _dumps(value: object) -> bytes:
    try:
        return pickle.dumps(value, protocol=5)
    except Exception:
        # Functions and classes made on the way need cloudpickle, which costs 20 ms to import.
        import cloudpickle

        data: bytes = cloudpickle.dumps(value, protocol=5)
        return data


def _output_envelope(function_path: str) -> Dict[str, Any]:
    """Return the output's envelope. The cloudpickle that travels is that of the map's maker."""
    try:
        with packs.PackReader(function_path) as pack:
            sent = pack.envelope.get("cloudpickle")
    except (OSError, packs.DamagedPackError):  # told when the function is loaded
        sent = None
    return packs.versions(kind="output", cloudpickle=sent)


class _Job:
    """One job's output pack, and whether all of its components returned."""

    def __init__(self, output: packs.PackWriter) -> None:
        self.output = output
        self.failed = False
        self.promised = _promised()

    def fail(self, component: int, error: BaseException, summary: str = "") -> None:
        from . import reports  # only where something failed: most jobs need none of it

        self.failed = True
        report = reports.describe(error, summary)
        self.output.add(component, packs.ERROR, json.dumps(report).encode())
        try:
            exception = _dumps(error)
        except BaseException:  # an exception that cannot travel is described by its report alone
            return
        self.output.add(component, packs.EXCEPTION, exception)

    def run(self, component: int, load: Callable[[], Any], function: Callable[..., Any]) -> None:
        os.environ["HTMAP_COMPONENT"] = str(component)
        self.output.add(component, packs.STARTED)
        try:
            args, kwargs = load()
        except BaseException as error:
            self.fail(component, error, "The component's input could not be read on the node.")
            return
        try:
            _with_checkpoints("restore", component)
            result = function(*args, **kwargs)
        except BaseException as error:  # sys.exit() in a function is a failure of the component
            summary = ""
            if isinstance(error, SystemExit):
                summary = "The function left by sys.exit() instead of returning."
            self.fail(component, error, summary)
            with contextlib.suppress(Exception):  # the report tells of a failure already
                self._keep_promises(component, returned=False)
        else:
            self._returned(component, result)
        _with_checkpoints("forget", component)

    def _returned(self, component: int, result: Any) -> None:
        try:
            self._keep_promises(component, returned=True)
        except BaseException as error:
            self.fail(
                component, error, "The function returned, but not all of its files are there."
            )
            return
        try:
            data = _dumps(result)
        except BaseException as error:
            from .reports import safe_repr

            self.fail(
                component,
                error,
                "The function returned, but its result cannot be pickled: "
                f"{type(result).__name__} {safe_repr(result)}",
            )
            return
        self.output.add(component, packs.RESULT, data)

    def _keep_promises(self, component: int, returned: bool) -> None:
        if self.promised:
            from .carrying import keep_promises

            keep_promises(str(component), self.promised, returned)


def _promised() -> List[str]:
    """Return the names of the files that the map's output_remaps send somewhere else."""
    try:
        with open(os.environ["_CONDOR_JOB_AD"], errors="replace") as file:
            ad = file.read()
    except (KeyError, OSError):
        return []
    if places.PROMISED.lower() not in ad.lower():
        return []
    from .carrying import promised

    return promised(ad)


def _with_checkpoints(action: str, component: int) -> None:
    # Most jobs have none, and do without the module.
    if os.path.isdir(places.scratch(places.FOLDER, places.CHECKPOINTS)):
        from . import checkpoints

        getattr(checkpoints, action)(str(component))


def _arrange() -> None:
    """Make the job's folder what it was, after an eviction, and give it the stand-in for htmap."""
    if sys.stdout is not None:
        # Each line can be read as soon as it was printed, as at a terminal.
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.setdefault("_CONDOR_SCRATCH_DIR", os.getcwd())
    os.environ["HTMAP_ON_EXECUTE"] = "1"
    # Modules that travel as input files are imported from the job's folder.
    sys.path.insert(1, os.getcwd())
    # Before the htmap of the node, where there is one: its version may be another.
    archive = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path.insert(1, os.path.join(archive, "stand_in"))
    if os.path.isdir(places.scratch(places.CHECKPOINTS)) or os.path.isdir(
        places.scratch(places.FILES)
    ):
        from . import checkpoints

        checkpoints.resume()


def main(argv: List[str]) -> int:
    """Run one job.

    Parameters
    ----------
    argv : list of str
        Paths of the function pack, the input pack and the output pack to make.

    Returns
    -------
    int
        0 if every component returned, else 1.
    """
    function_path, input_path, output_path = (os.path.abspath(path) for path in argv)
    _arrange()
    os.makedirs(os.path.dirname(output_path), exist_ok=True)
    with packs.PackWriter(output_path, _output_envelope(function_path)) as output:
        job = _Job(output)
        try:
            function = _load_function(function_path)
        except BaseException as error:
            job.fail(packs.ALL_COMPONENTS, error, "The function could not be loaded on the node.")
            return 1
        try:
            inputs = packs.PackReader(input_path)
            records = list(inputs.records())
            if not records:
                raise packs.DamagedPackError(f"{input_path} was cut off: it holds no input")
        except (OSError, packs.DamagedPackError) as error:
            job.fail(packs.ALL_COMPONENTS, error, "The job's input pack could not be read.")
            return 1
        with inputs:
            for record in records:
                job.run(record.component, functools.partial(_load_input, inputs, record), function)
        left = _threads_left()
        if left:
            remark = f"It was ended although threads went on: {left}"
            output.add(packs.ALL_COMPONENTS, packs.REMARK, remark.encode("utf-8", "replace"))
        _restore(output.fileno())
    return 1 if job.failed else 0


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # closed by the function
            continue


def _restore(output: int) -> None:
    """Make again what the function has deleted: HTCondor holds a job whose files are missing."""
    _flush()
    for descriptor in (output, 1, 2):
        try:
            # Linux keeps what is in an open file, and lets it be read by this name.
            kept = f"/proc/self/fd/{descriptor}"
            name, deleted, _ = os.readlink(kept).partition(" (deleted)")
            if deleted:
                import shutil

                os.makedirs(os.path.dirname(name), exist_ok=True)
                shutil.copyfile(kept, name)
        except OSError:  # a stream that is closed; a system without /proc
            continue


def _threads_left() -> List[Any]:
    """Return the threads that the function has left behind, which may never end."""
    threading = sys.modules.get("threading")  # only the function can have needed it
    if threading is None:
        return []
    main_thread = threading.main_thread()
    return [each for each in threading.enumerate() if not each.daemon and each is not main_thread]


def leave(status: int) -> None:
    """End the process, also when the function has left a thread behind that never ends."""
    if not _threads_left():
        sys.exit(status)
    # The results are written, and whoever waits for them would wait for the thread.
    _flush()
    os._exit(status)

"""The front door: making maps."""

from __future__ import annotations

import contextlib
import itertools
import operator
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from htmap import delivery, recovery, tags
from htmap.display.bars import progress_bar
from htmap.exceptions import (
    CorruptPack,
    EmptyMap,
    HTMapException,
    InvalidArgument,
    NoMapYet,
    TagNotFound,
)
from htmap.maps import Map
from htmap.options import Chunksize, MapOptions
from htmap.pool import file_system
from htmap.pool.schedd import is_local
from htmap.resources import RESOURCES
from htmap.sending import Sending
from htmap.settings import settings
from htmap.store import claims, history, timings
from htmap.store.directory import open_root, writing
from htmap.store.folder import MapFolder
from htmap.store.input_packs import write_inputs
from htmap.store.inputs import Arguments, write_function
from htmap.store.journal import Intent
from htmap.store.run import Run
from htmap.submission import sizes_for, submit_run, write_run

# Seconds after which a bar shows how many inputs have been written.
_BAR_SECONDS = 0.5


def map(
    func: Callable[..., Any],
    args: Iterable[Any],
    map_options: MapOptions | None = None,
    tag: str | None = None,
    quiet: bool = False,
    chunksize: Chunksize | None = None,
) -> Map:
    """Run ``func(x)`` for each ``x`` of ``args`` as HTCondor jobs.

    Parameters
    ----------
    func : callable
        Takes one positional argument.
    args : iterable
        One item a component; consumed once, and written while it comes, so that it may be larger
        than the memory. An endless one goes on until Ctrl-C, which leaves nothing behind.
    map_options : MapOptions, optional
        What the jobs ask of HTCondor.
    tag : str, optional
        The map's name. Without one it gets a random name and is transient: :func:`htmap.clean`
        removes it.
    quiet : bool
        Whether not to print the map's tag in an interactive session, nor to draw a bar when making
        the map takes longer than half a second.
    chunksize : int or "auto", optional
        How many components run in one job, one after another, as in
        :meth:`concurrent.futures.Executor.map`; what the options say by default, which is 1 where
        they say nothing. "auto" lets htmap choose, by how long components of the function took in
        earlier maps: ``print(m.chunking)`` tells what, and why.

    Returns
    -------
    Map

    Raises
    ------
    EmptyMap
        If there are no inputs.
    InvalidArgument
        If the function is none.
    InvalidTag, TagAlreadyExists
        If the tag cannot be used.
    CannotPickle
        If the function or an input cannot be pickled.
    MisalignedInputData, InvalidMapOption
        If the options do not fit.
    UnknownPythonDeliveryMethod, CannotTransplantPython
        If there is no such delivery method, or it cannot deliver this Python.
    UnusableDirectory
        If the HTMap directory cannot be written.
    NoScheduler, SchedulerRefused, SubmitFailed
        If the jobs cannot be submitted. Whatever is raised, nothing is left behind.

    Examples
    --------
    >>> m = htmap.map(lambda x: 2 * x, range(10))  # doctest: +SKIP
    >>> list(m)  # doctest: +SKIP
    [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
    """
    inputs: Iterator[Arguments] = (((arg,), {}) for arg in args)
    return create_map(tag, func, inputs, map_options, quiet, chunksize, _length(args))


def starmap(
    func: Callable[..., Any],
    args: Iterable[tuple[Any, ...]] | None = None,
    kwargs: Iterable[Mapping[str, Any]] | None = None,
    map_options: MapOptions | None = None,
    tag: str | None = None,
    quiet: bool = False,
    chunksize: Chunksize | None = None,
) -> Map:
    """Run ``func(*a, **k)`` for each pair of ``args`` and ``kwargs`` as HTCondor jobs.

    Parameters
    ----------
    args : iterable of tuple, optional
        Positional arguments, one tuple a component.
    kwargs : iterable of dict, optional
        Keyword arguments, one dict a component. The shorter of the two is filled up with nothing.
    func, map_options, tag, quiet, chunksize
        As in :func:`map`, which also says what is raised.

    Examples
    --------
    >>> m = htmap.starmap(pow, [(2, 3), (3, 2)])  # doctest: +SKIP
    >>> list(m)  # doctest: +SKIP
    [8, 9]
    """
    pairs = itertools.zip_longest(
        () if args is None else args, () if kwargs is None else kwargs, fillvalue=()
    )
    components = ((tuple(a), dict(k)) for a, k in pairs)
    expected = max(_length(args), _length(kwargs))
    return create_map(tag, func, components, map_options, quiet, chunksize, expected)


class MapBuilder:
    """Collects the inputs of a map call by call; see :func:`build_map`."""

    def __init__(
        self,
        func: Callable[..., Any],
        map_options: MapOptions | None = None,
        tag: str | None = None,
        chunksize: Chunksize | None = None,
    ) -> None:
        self._func = func
        self._chunksize = chunksize
        self._map_options = map_options
        self._tag = tag
        self._map: Map | None = None
        self.args: list[tuple[Any, ...]] = []
        self.kwargs: list[dict[str, Any]] = []

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Add a component that calls the function with these arguments."""
        self.args.append(args)
        self.kwargs.append(kwargs)

    def __len__(self) -> int:
        """Return how many components there are so far."""
        return len(self.args)

    def __enter__(self) -> MapBuilder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            components = zip(self.args, self.kwargs, strict=True)
            self._map = create_map(
                self._tag,
                self._func,
                components,
                self._map_options,
                chunksize=self._chunksize,
                expected=len(self),
            )

    @property
    def map(self) -> Map:
        """The map that was made at the end of the ``with`` block.

        Raises
        ------
        NoMapYet
            Inside the block, or if the block failed.
        """
        if self._map is None:
            raise NoMapYet(
                "the map is made when the `with htmap.build_map(...)` block ends without an "
                "error: read .map after the block",
                tag=self._tag,
            )
        return self._map


def build_map(
    func: Callable[..., Any],
    map_options: MapOptions | None = None,
    tag: str | None = None,
    chunksize: Chunksize | None = None,
) -> MapBuilder:
    """Return a context manager in which each call adds a component; its end makes the map.

    If the block raises, nothing is made.

    Parameters
    ----------
    func, map_options, tag, chunksize
        As in :func:`map`.

    Examples
    --------
    >>> with htmap.build_map(pow) as power:  # doctest: +SKIP
    ...     for exponent in range(3):
    ...         power(2, exponent)
    >>> list(power.map)  # doctest: +SKIP
    [1, 2, 4]
    """
    return MapBuilder(func, map_options, tag, chunksize)


def create_map(
    tag: str | None,
    func: Callable[..., Any],
    args_and_kwargs: Iterable[Arguments],
    map_options: MapOptions | None = None,
    quiet: bool = False,
    chunksize: Chunksize | None = None,
    expected: int = 0,
) -> Map:
    """Make a map from pairs of positional and keyword arguments.

    The one path behind all ways of making a map, with parameters as in :func:`map`, and
    ``expected``, about how many components there will be, as far as that is known.
    """
    if not callable(func):
        raise InvalidArgument(f"a map needs a function to run, and got {func!r}")
    given = MapOptions(chunksize=chunksize)
    transient = tag is None
    tag = tags.validate(_free_random_tag() if tag is None else tag)
    with contextlib.suppress(TagNotFound):
        with contextlib.suppress(CorruptPack):  # taken nevertheless
            recovery.find(tag)
        raise claims.taken(tag)
    if map_options is not None:
        given = MapOptions.merge(given, map_options)
    options = MapOptions.merge(given, _defaults(), _marks_of_defaults(given))
    method = options.delivery_method or str(settings["DELIVERY_METHOD"])
    delivery.check(method)  # an unknown one is refused before anything is written
    open_root()
    must_spool = file_system.is_apart()  # a schedd that is not there is told of at once
    folder = MapFolder(uuid.uuid4().hex)
    intent = Intent("create", folder.map_id, tag)
    try:
        with writing():
            intent.begin()
            folder.create()
            number, run_folder = folder.create_run()
        delivered = delivery.deliver(method, tag, folder.path)
        options = MapOptions.merge(options, delivered.options)
        write_function(folder.function, func)
        function = timings.fingerprint(func)
        sizes = sizes_for(options, function)
        sending = Sending(folder, options, must_spool)
        shown = _is_interactive() and not quiet
        has_bar = not quiet and (shown or (sys.stderr is not None and sys.stderr.isatty()))
        with (
            sending.departures(args_and_kwargs) as inputs,
            progress_bar(f"making {tag}", expected or None, has_bar, _BAR_SECONDS) as bar,
        ):
            chunks, packs = write_inputs(
                run_folder / "inputs", bar.counting(inputs), sending.alike, sizes, expected
            )
        count = chunks.items
        if not count:
            raise EmptyMap(f"the map {tag!r} has no inputs: a map needs at least one", tag=tag)
        run = Run(run_folder, number, range(count), chunks, packs, must_spool)
        write_run(run, sending.applied(options.resolve(count), count), delivered.command, sizes)
        with writing():
            folder.set_transient(transient)
            folder.write_about(count, function)
            claims.claim(tag, folder.map_id)
        submit_run(folder, run, tag)
    except BaseException as error:
        recovery.delete(folder, tag)
        intent.end()
        if isinstance(error, HTMapException):
            error.tag = tag
        raise
    intent.end()
    history.write(f"map {tag}: made with {count} components")
    if shown:
        print(f"Created map {tag} with {count} components")  # noqa: T201 - asked for by `quiet`
    return Map(tag, folder.map_id)


def _length(items: Iterable[Any] | None) -> int:
    """Return about how many items there are, 0 if that is not known."""
    try:
        return 0 if items is None else operator.length_hint(items)
    except Exception:  # whatever an iterable of the user's says of its length, it has items
        return 0


def _defaults() -> MapOptions:
    """Return the options that every map starts from.

    To keep slots for a next job is for one's own machine: a site has other users, and a schedd of
    25.14.1 forgets slots that it keeps, which then are nobody's until a lease is over.
    """
    options = MapOptions(**settings["MAP_OPTIONS"])
    if settings.is_default("MAP_OPTIONS.keep_claim_idle") and not is_local():
        del options["keep_claim_idle"]
    return options


def _marks_of_defaults(given: MapOptions) -> MapOptions:
    """Mark requests that nobody chose: a pool that knows the marks may grant more than they say.

    The personal pool of the images does, and holds a job to what somebody asked for.
    """
    marks = MapOptions()
    for resource in RESOURCES:
        is_default = settings.is_default(f"MAP_OPTIONS.{resource.command}")
        if is_default and resource.spellings.isdisjoint(given):
            marks[f"MY.{resource.mark}"] = True
    return marks


def _free_random_tag() -> str:
    while True:
        tag = tags.random_tag()
        if not claims.is_taken(tag):
            return tag


def _is_interactive() -> bool:
    main = sys.modules.get("__main__")
    return bool(hasattr(sys, "ps1") or sys.flags.interactive or not hasattr(main, "__file__"))

"""What components returned, in order or as it arrives, and what became of those that failed."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Literal, NamedTuple, get_args

from htmap.errors import ComponentError
from htmap.exceptions import (
    CorruptPack,
    ExpectedError,
    InvalidArgument,
    MapComponentError,
    MapComponentHeld,
)
from htmap.failures import MapFailures
from htmap.handle import Timeout
from htmap.per_component import ByComponent
from htmap.statuses import ComponentStatus
from htmap.store.inputs import Arguments
from htmap.store.outputs import OutputPack
from htmap.store.reading import Reading
from htmap.store.run import Run
from htmap.store.state import State

#: What an iteration does about a component that has no result.
Errors = Literal["raise", "return", "skip"]

# What can be wrong with one component, while others have results.
_FAILURES = (MapComponentError, MapComponentHeld, CorruptPack)


class Outcome(NamedTuple):
    """What became of a component.

    Attributes
    ----------
    component : int
        Its number.
    result : object
        What it returned; None where it failed.
    error : MapComponentError, MapComponentHeld, CorruptPack or None
        Why there is no result, None where there is one.
    """

    component: int
    result: Any
    error: MapComponentError | MapComponentHeld | CorruptPack | None


#: What became of one component after another; has files open until it is closed.
Outcomes = Generator[Outcome, None, None]


class MapResults(MapFailures, ByComponent[Any]):
    """What components returned."""

    def get(self, component: int, timeout: Timeout = None) -> Any:
        """Wait for a component and return its result.

        Parameters
        ----------
        component : int
            From 0; negative numbers count from the end.
        timeout : float or timedelta, optional
            Seconds to wait at most; 0 does not wait, None waits for ever.

        Raises
        ------
        NoSuchComponent
            If there is no such component (an IndexError).
        OutputNotFound
            If ``timeout`` is 0 and the result is not there yet.
        TimeoutError
            If the time is over first.
        MapComponentHeld
            If the component is held; once it is released, wait again.
        MapComponentError
            If it ended without a result; the message is its report. The exception itself is the
            ``__cause__`` where it can be had.
        CorruptPack
            If the file with its result is damaged or gone.
        """
        with Reading(self.tag) as reading:
            return self._result(self._index(component), timeout, reading)

    def get_err(self, component: int, timeout: Timeout = None) -> ComponentError:
        """Wait for a component that fails and return what is known of that.

        The parameters are those of :meth:`get`.

        Raises
        ------
        ExpectedError
            If it succeeded.
        NoSuchComponent, OutputNotFound, TimeoutError, MapComponentHeld
            As :meth:`get`.
        """
        index = self._index(component)
        status = self._wait_for(index, timeout)
        if status is ComponentStatus.HELD:
            raise self._held(index)
        if status is ComponentStatus.COMPLETED:
            raise ExpectedError(
                f"component {index} of the map {self.tag!r} succeeded: it has no error. "
                f"Map.get({index}) returns its result",
                tag=self.tag,
                component=index,
            )
        with Reading(self.tag) as reading:
            return self._error(index, reading)

    # ---- inputs -----------------------------------------------------------------------------

    def iter_inputs(self) -> Iterator[Arguments]:
        """Yield the positional and keyword arguments of each component, in order.

        Raises
        ------
        CorruptPack, InputCannotBeLoaded
            If they cannot be read.

        Examples
        --------
        >>> m = htmap.map(pow, [2, 3])  # doctest: +SKIP
        >>> list(m.iter_inputs())  # doctest: +SKIP
        [((2,), {}), ((3,), {})]
        """
        self._refresh()
        with Reading(self.tag) as reading:
            for _, components in self._by_job():
                if not self._folder.exists:  # its inputs may have been opened before
                    raise self._was_removed()
                yield from (self._input(component, reading) for component in components)

    def _input(self, component: int, reading: Reading) -> Arguments:
        try:
            return reading.input(*self._tracker.run_and_job(component)).arguments(component)
        except CorruptPack:
            self._refresh()  # the whole map may have been removed
            raise

    def _by_job(self) -> Iterator[tuple[tuple[Run, int], Iterator[int]]]:
        """Yield each run and job with the components that it has next, in order."""
        return itertools.groupby(range(len(self)), self._tracker.run_and_job)

    # ---- in order ---------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        """Yield the results in order, waiting for each."""
        return self.iter()

    def iter(self, timeout: Timeout = None, errors: Errors = "raise") -> Iterator[Any]:
        """Yield the results in order, waiting for each.

        Parameters
        ----------
        timeout : float or timedelta, optional
            Seconds to wait at most for each; for ever if None.
        errors : {"raise", "return", "skip"}
            What to do about a component that failed or is held: raise its exception; yield the
            exception in place of a result, and go on; leave it out, and go on.

        Raises
        ------
        TimeoutError
            If the time is over first.
        MapComponentHeld, MapComponentError, CorruptPack
            As :meth:`get`, if errors are to be raised.
        InvalidArgument
            If ``errors`` is none of the three.
        """
        return _values(self._in_order(range(len(self)), timeout), _checked(errors))

    def iter_with_inputs(
        self, timeout: Timeout = None, errors: Errors = "raise"
    ) -> Iterator[tuple[Arguments, Any]]:
        """Do what :meth:`iter` does; yield ``((args, kwargs), result)``."""
        return self._with_inputs(self._in_order(range(len(self)), timeout), _checked(errors))

    def results(self, timeout: Timeout = None, errors: Errors = "raise") -> list[Any]:
        """Wait for the end and return all results, in order.

        This is the quickest way to all of them: nothing but the files of results is looked at.

        Parameters
        ----------
        timeout : float or timedelta, optional
            Seconds to wait at most for the last component; for ever if None.
        errors : {"raise", "return", "skip"}
            As for :meth:`iter`. Unless they are raised, what is held counts as ended.

        Raises
        ------
        TimeoutError
            If the time is over first.
        MapComponentHeld, MapComponentError, CorruptPack
            As soon as there is such a component, if errors are to be raised.
        InvalidArgument
            If ``errors`` is none of the three.

        Examples
        --------
        >>> htmap.map(lambda x: 2 * x, range(3)).results()  # doctest: +SKIP
        [0, 2, 4]
        """
        ok = _checked(errors) != "raise"
        self._wait_until(
            lambda state: self._done(state, ok, ok) == len(state), timeout, "the last component"
        )
        values: list[Any] = []
        with Reading(self.tag) as reading:
            for (run, job), components in self._by_job():
                output = reading.output(run, job)
                values += self._of_job(output, list(components), errors)
        return values

    def _of_job(self, output: OutputPack, components: list[int], errors: Errors) -> Iterable[Any]:
        state = self._tracker.state
        if all(state[component] is ComponentStatus.COMPLETED for component in components):
            with contextlib.suppress(*_FAILURES):
                return [output.result(component) for component in components]
        # There is more to say of one or the other.
        return _values(self._in_order(components, 0), errors)

    # ---- as they come -----------------------------------------------------------------------

    def as_completed(self, timeout: Timeout = None) -> Iterator[Outcome]:
        """Yield what became of each component, in the order in which they end.

        A component that fails ends nothing but itself. Those that are held come last, when there
        is nothing else to wait for; what is released before that goes on.

        Parameters
        ----------
        timeout : float or timedelta, optional
            Seconds for the whole iteration; for ever if None.

        Raises
        ------
        TimeoutError
            If the time is over first.

        Examples
        --------
        >>> for component, result, error in m.as_completed():  # doctest: +SKIP
        ...     print(component, result if error is None else error.report)
        """
        return self._as_they_end(timeout, holds_last=True)

    def iter_as_available(self, timeout: Timeout = None, errors: Errors = "raise") -> Iterator[Any]:
        """Yield the results as components finish, in whichever order.

        :meth:`as_completed` tells which component it is too.

        Parameters
        ----------
        timeout : float or timedelta, optional
            Seconds for the whole iteration; for ever if None.
        errors : {"raise", "return", "skip"}
            What to do about a component that failed or is held: raise its exception; yield the
            exception in place of a result, and go on; leave it out, and go on. What is held is
            returned or skipped when there is nothing else to wait for.

        Raises
        ------
        TimeoutError
            If the time is over first.
        MapComponentHeld, MapComponentError, CorruptPack
            For the first such component that is met, if errors are to be raised.
        InvalidArgument
            If ``errors`` is none of the three.
        """
        found = self._as_they_end(timeout, holds_last=_checked(errors) != "raise")
        return _values(found, errors)

    def iter_as_available_with_inputs(
        self, timeout: Timeout = None, errors: Errors = "raise"
    ) -> Iterator[tuple[Arguments, Any]]:
        """Do what :meth:`iter_as_available` does; yield ``((args, kwargs), result)``."""
        found = self._as_they_end(timeout, holds_last=_checked(errors) != "raise")
        return self._with_inputs(found, errors)

    # ---- how --------------------------------------------------------------------------------

    def _result(self, index: int, timeout: Timeout, reading: Reading) -> Any:
        status = self._wait_for(index, timeout, reading)
        if status is ComponentStatus.HELD:
            raise self._held(index)
        if status is not ComponentStatus.COMPLETED:
            raise self._failure(index, reading)
        try:
            return reading.output(*self._tracker.run_and_job(index)).result(index)
        except CorruptPack:
            self._refresh()  # the whole map may have been removed
            raise

    def _several(self, components: Iterable[int]) -> Iterator[Any]:
        return _values(self._in_order(components, 0), "raise")

    def _in_order(self, components: Iterable[int], timeout: Timeout) -> Outcomes:
        with Reading(self.tag) as reading:
            for component in components:
                yield self._outcome(component, timeout, reading)

    def _outcome(self, component: int, timeout: Timeout, reading: Reading) -> Outcome:
        try:
            return Outcome(component, self._result(component, timeout, reading), None)
        except _FAILURES as error:
            return Outcome(component, None, error)

    def _as_they_end(self, timeout: Timeout, holds_last: bool) -> Outcomes:
        began = time.monotonic()
        given = bytearray(len(self))
        state, position = self._refresh(), 0

        def held(now: State) -> list[int]:
            """Return which are held and were not given, if it is their turn."""
            if holds_last and now.count(ComponentStatus.HELD) < given.count(0):
                return []
            found = [component for component in now.holds if not given[component]]
            return found if not holds_last or len(found) == given.count(0) else []

        def news(now: State) -> bool:
            """Move on to the next component that has ended and was not given."""
            nonlocal state, position
            if now is not state:  # read anew from its beginning
                state, position = now, 0
            while position < len(now.ended):
                component = now.ended[position]
                if not given[component] and now[component].is_final:
                    return True
                position += 1
            return bool(now.count(ComponentStatus.HELD)) and bool(held(now))

        with Reading(self.tag) as reading:
            for _ in range(len(self)):
                # Of many that have ended at once, each is given without another look at the log.
                if not news(self._tracker.state):
                    self._wait_until(news, timeout, "the next output", began)
                if position < len(state.ended):
                    outcome = self._outcome(state.ended[position], None, reading)
                else:
                    component = min(held(state))
                    outcome = Outcome(component, None, self._held(component))
                given[outcome.component] = True
                yield outcome

    def _with_inputs(self, outcomes: Outcomes, errors: Errors) -> Iterator[tuple[Arguments, Any]]:
        with contextlib.closing(outcomes), Reading(self.tag) as reading:
            for outcome in outcomes:
                for value in _given(outcome, errors):
                    yield self._input(outcome.component, reading), value


def _values(outcomes: Outcomes, errors: Errors) -> Iterator[Any]:
    with contextlib.closing(outcomes):  # at once, also where this raises: it has files open
        for outcome in outcomes:
            yield from _given(outcome, errors)


def _given(outcome: Outcome, errors: Errors) -> tuple[Any, ...]:
    """Return what an iteration gives of a component: its result or its exception, or nothing."""
    if outcome.error is None:
        return (outcome.result,)
    if errors == "raise":
        raise outcome.error
    return (outcome.error,) if errors == "return" else ()


def _checked(errors: Errors) -> Errors:
    if errors not in get_args(Errors):
        raise InvalidArgument(
            f"errors is {errors!r}: it has to be one of {', '.join(map(repr, get_args(Errors)))}"
        )
    return errors

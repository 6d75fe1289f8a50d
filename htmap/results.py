"""What components returned, in order or as it arrives, and what became of those that failed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple, get_args, overload

from htmap.errors import ComponentError
from htmap.exceptions import (
    CorruptPack,
    ExpectedError,
    InvalidArgument,
    MapComponentError,
    MapComponentHeld,
)
from htmap.handle import MapHandle, Timeout
from htmap.statuses import ComponentStatus
from htmap.store import outputs
from htmap.store.inputs import Arguments, read_input
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


class MapResults(MapHandle):
    """What components returned."""

    @overload
    def __getitem__(self, item: int) -> Any: ...
    @overload
    def __getitem__(self, item: slice) -> list[Any]: ...
    def __getitem__(self, item: int | slice) -> Any:
        """Return a component's result, or those of a slice, without waiting.

        Raises
        ------
        OutputNotFound
            If it is not there yet.
        """
        if isinstance(item, slice):
            return [self.get(component, timeout=0) for component in range(*item.indices(len(self)))]
        return self.get(item, timeout=0)

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
        index = self._index(component)
        status = self._wait_for(index, timeout)
        if status is ComponentStatus.HELD:
            raise self._held(index)
        if status is not ComponentStatus.COMPLETED:
            raise self._failure(index)
        run, job = self._tracker.run_and_job(index)
        try:
            return outputs.read_result(run.output(job), index, self.tag)
        except CorruptPack:
            self._refresh()  # the whole map may have been removed
            raise

    def get_err(self, component: int, timeout: Timeout = None) -> ComponentError:
        """Wait for a component that fails and return what is known of that.

        Parameters
        ----------
        component : int
            From 0; negative numbers count from the end.
        timeout : float or timedelta, optional
            Seconds to wait at most; 0 does not wait, None waits for ever.

        Raises
        ------
        ExpectedError
            If it succeeded.
        NoSuchComponent
            If there is no such component (an IndexError).
        OutputNotFound
            If ``timeout`` is 0 and the component has not come to an end.
        TimeoutError
            If the time is over first.
        MapComponentHeld
            If the component is held.
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
        return self._error(index)

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
        for component in range(len(self)):
            yield self._input(component)

    def _input(self, component: int) -> Arguments:
        run, job = self._tracker.run_and_job(component)
        try:
            return read_input(run.input(job), component, self.tag)
        except CorruptPack:
            self._refresh()  # the whole map may have been removed
            raise

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
        return _values(self._in_order(timeout), _checked(errors))

    def iter_with_inputs(
        self, timeout: Timeout = None, errors: Errors = "raise"
    ) -> Iterator[tuple[Arguments, Any]]:
        """Do what :meth:`iter` does; yield ``((args, kwargs), result)``."""
        return self._with_inputs(self._in_order(timeout), _checked(errors))

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

    def _outcome(self, component: int, timeout: Timeout = None) -> Outcome:
        try:
            return Outcome(component, self.get(component, timeout), None)
        except _FAILURES as error:
            return Outcome(component, None, error)

    def _in_order(self, timeout: Timeout) -> Iterator[Outcome]:
        for component in range(len(self)):
            yield self._outcome(component, timeout)

    def _as_they_end(self, timeout: Timeout, holds_last: bool) -> Iterator[Outcome]:
        began = time.monotonic()
        given = bytearray(len(self))
        state, position = self._refresh(), 0

        def held(now: State) -> list[int]:
            """Return which are held and were not given, if it is their turn."""
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
            return bool(now.holds) and bool(held(now))

        for _ in range(len(self)):
            self._wait_until(news, timeout, "the next output", began)
            if position < len(state.ended):
                outcome = self._outcome(state.ended[position])
            else:
                component = min(held(state))
                outcome = Outcome(component, None, self._held(component))
            given[outcome.component] = True
            yield outcome

    def _with_inputs(
        self, outcomes: Iterable[Outcome], errors: Errors
    ) -> Iterator[tuple[Arguments, Any]]:
        for outcome in outcomes:
            for value in _values([outcome], errors):
                yield self._input(outcome.component), value


def _values(outcomes: Iterable[Outcome], errors: Errors) -> Iterator[Any]:
    for outcome in outcomes:
        if outcome.error is None:
            yield outcome.result
        elif errors == "raise":
            raise outcome.error
        elif errors == "return":
            yield outcome.error


def _checked(errors: Errors) -> Errors:
    if errors not in get_args(Errors):
        raise InvalidArgument(
            f"errors is {errors!r}: it has to be one of {', '.join(map(repr, get_args(Errors)))}"
        )
    return errors

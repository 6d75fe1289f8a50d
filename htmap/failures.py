"""What became of components that have no result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from htmap.errors import ComponentError
from htmap.exceptions import (
    CorruptPack,
    HTMapException,
    MapComponentError,
    MapComponentLost,
    MapComponentRemoved,
)
from htmap.handle import MapHandle
from htmap.statuses import ComponentStatus
from htmap.store.outputs import OutputPack
from htmap.store.reading import Reading
from htmap.store.state import State

_FAILURES: dict[ComponentStatus, type[MapComponentError]] = {
    ComponentStatus.LOST: MapComponentLost,
    ComponentStatus.REMOVED: MapComponentRemoved,
}


class MapFailures(MapHandle):
    """Why components have no result."""

    @property
    def errors(self) -> dict[int, ComponentError]:
        """The components that have failed so far, each with what is known of it."""
        return {error.component: error for error in self._errors()}

    def error_reports(self) -> Iterator[str]:
        """Yield the report of each component that has failed so far."""
        return (error.report() for error in self._errors())

    def _errors(self) -> Iterator[ComponentError]:
        with Reading(self.tag) as reading:
            for component in self._failed():
                yield self._error(component, reading)

    def _failed(self) -> list[int]:
        state = self._refresh()
        failed = (status for status in ComponentStatus if status.is_failure)
        return sorted(i for status in failed for i in state.with_status(status))

    def _done(self, state: State, holds_ok: bool, errors_ok: bool) -> int:
        """Return how many components are done; raise for one that failed where that is not ok."""
        done = state.count(ComponentStatus.COMPLETED)
        failures = [s for s in ComponentStatus if s.is_failure and state.count(s)]
        if failures and not errors_ok:
            with Reading(self.tag) as reading:
                first = min(state.with_status(status)[0] for status in failures)
                raise self._failure(first, reading)
        done += sum(map(state.count, failures))
        if state.count(ComponentStatus.HELD):
            if not holds_ok:
                raise self._held(state.with_status(ComponentStatus.HELD)[0])
            done += state.count(ComponentStatus.HELD)
        return done

    def _error(self, component: int, reading: Reading) -> ComponentError:
        report, damage = self._report(component, reading)
        return self._described(component, reading, report, damage)

    def _failure(self, component: int, reading: Reading) -> HTMapException:
        report, damage = self._report(component, reading)
        if damage is not None:
            return damage
        error = self._described(component, reading, report)
        status = self._tracker.state[component]
        advice = f"Run it again with Map.rerun([{component}])"
        if status is ComponentStatus.LOST:
            advice += ', or all that are lost with Map.rerun("LOST")'
        text = error.report()
        failure = _FAILURES.get(status, MapComponentError)(
            f"component {component} of the map {self.tag!r} ended without a result: "
            f"{error.exception_msg}\n\n{text}\n\n{advice}",
            tag=self.tag,
            component=component,
            report=text,
            advice=advice,
            component_error=error,
        )
        failure.__cause__ = self._output(component, reading).exception(component)
        return failure

    def _output(self, component: int, reading: Reading) -> OutputPack:
        return reading.output(*self._tracker.run_and_job(component))

    def _report(
        self, component: int, reading: Reading
    ) -> tuple[dict[str, Any] | None, CorruptPack | None]:
        """Return the report that a component's job left, or why there is none that can be read."""
        try:
            return self._output(component, reading).report(component), None
        except CorruptPack as damage:
            return None, damage if self._had_output(component) else None

    def _had_output(self, component: int) -> bool:
        """Tell whether a component's job has brought an output pack, be it damaged or gone by now.

        One that ends by itself does, unless Python could not start or was killed.
        """
        run, job = self._tracker.run_and_job(component)
        ending = self._tracker.state.ending(component)
        ended = self._tracker.state[component] is ComponentStatus.ERRORED
        return ended and (run.output(job).exists() or not (ending.exit_code or ending.signal))

    def _described(
        self,
        component: int,
        reading: Reading,
        report: dict[str, Any] | None,
        damage: CorruptPack | None = None,
    ) -> ComponentError:
        if report is not None:
            return ComponentError.from_report(self, component, report)
        ending = self._tracker.state.ending(component)
        output = self._output(component, reading)
        try:
            stderr = output.stream(component, "stderr")
        except CorruptPack:
            stderr = ""
        # What a job of several wrote besides is its runner's, which has died with it.
        stderr = stderr or output.stream_of_job("stderr")
        words = "" if damage is None else str(damage)
        return ComponentError.from_ending(self, component, *ending, stderr, words)

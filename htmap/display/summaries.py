"""One line for one map."""

from __future__ import annotations

from htmap.statuses import ComponentStatus
from htmap.store.state import State


def one_line(tag: str, state: State) -> str:
    """Count the components of a map by status.

    The statuses of HTMap 0.6 are always there; any other appears where a component has it, so
    that the numbers add up.
    """
    always = ComponentStatus.display_statuses()
    shown = [*always, *(s for s in ComponentStatus if s not in always and state.count(s))]
    counts = " | ".join(f"{status} = {state.count(status)}" for status in shown)
    return f"Map {tag} ({len(state)} components): {counts}"

"""Reading what a component writes while it runs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from htmap.exceptions import TimeoutError
from htmap.following_shared import SharedStream, open_at_home
from htmap.handle import MapHandle, News, Timeout, seconds
from htmap.pool import sandbox
from htmap.statuses import ComponentStatus
from htmap.store.growing import GrowingText, end_of

# Seconds between looks for a job's sandbox: nothing tells when it is there.
_SHORTEST, _LONGEST = 0.01, 5.0

AT_WORK = (ComponentStatus.RUNNING, ComponentStatus.SUSPENDED)


def follow(
    map_: MapHandle, component: int, name: Literal["stdout", "stderr"], timeout: Timeout
) -> Iterator[str]:
    """Yield what a component writes to ``stdout`` or ``stderr``: see :meth:`Stream.follow`."""
    limit = None if timeout is None else seconds(timeout)
    deadline = None if limit is None else time.monotonic() + limit
    path: Path | None = None
    shared: SharedStream | None = None
    pause = _SHORTEST
    with GrowingText() as text, contextlib.ExitStack() as watching:
        while True:
            # Before the text is read: what was written before the end is there then.
            status = map_._refresh()[component]
            run, job = map_._tracker.run_and_job(component)
            at_home = run.stream(name, job)
            components = run.components_of(job)
            if status.is_final or status is ComponentStatus.HELD:
                if len(components) == 1:
                    yield from text.read()
                    text.open(at_home)
                else:
                    text.close()  # what follows there is maybe another's
                    open_at_home(text, run.output(job), component, name)
                yield from text.read()
                if rest := text.rest():
                    yield rest
                if status is ComponentStatus.HELD:
                    raise map_._held(component)
                return
            if len(components) > 1:
                if shared is None or not shared.pack.exists():
                    here = None
                    if status in AT_WORK:
                        here = sandbox.folder(map_._folder.map_id, run.number, job)
                    shared = (
                        None if here is None else SharedStream(here, components, component, name)
                    )
                    watching.close()
                    files = () if shared is None else (shared.pack, shared.stream)
                    news = watching.enter_context(News([map_], *files))
                in_sandbox = shared is not None
                if shared is not None:
                    yield from shared.read(text)
                    if shared.has_ended:
                        if rest := text.rest():
                            yield rest
                        return
            else:
                in_sandbox = path is not None and path != at_home and path.exists()
                if not in_sandbox:
                    here = None
                    if status in AT_WORK:  # what there is before is of an earlier execution
                        here = sandbox.stream(map_._folder.map_id, run.number, job, name)
                    if (here or at_home) != path:
                        path = here or at_home
                        watching.close()
                        news = watching.enter_context(News([map_], path))
                        continue  # for what happened before it was watched
                # What is at home is of an execution that was cut short, but where it is sent there
                # as it is written.
                is_current = status in AT_WORK and run.is_streamed(name, component)
                if path is not None and text.path != path and (path != at_home or is_current):
                    text.open(path)
                yield from text.read()
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError(
                    f"component {component} of the map {map_.tag!r} did not end within {limit:.3g} "
                    f"s: it is {status}. The map goes on: follow it again, or for longer",
                    tag=map_.tag,
                    component=component,
                )
            longest = _LONGEST if in_sandbox else pause
            changed = news.wait(longest if left is None else min(left, longest))
            pause = _SHORTEST if changed else min(2 * pause, _LONGEST)


def written_so_far(
    map_: MapHandle, component: int, name: Literal["stdout", "stderr"], longest: int
) -> str:
    """Return the end of what a component that runs has written, at most so many bytes.

    Nothing where that cannot be seen: see :mod:`htmap.pool.sandbox`.
    """
    run, job = map_._tracker.run_and_job(component)
    components = run.components_of(job)
    if len(components) == 1:
        path = sandbox.stream(map_._folder.map_id, run.number, job, name)
        return "" if path is None else end_of(path, longest)
    here = sandbox.folder(map_._folder.map_id, run.number, job)
    return "" if here is None else SharedStream(here, components, component, name).end(longest)

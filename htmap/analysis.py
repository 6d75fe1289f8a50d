"""Why components wait: what they ask for, against what the pool offers."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from htmap.display.summaries import one_line
from htmap.pool import offers
from htmap.pool.offers import Condition, Offer, Request
from htmap.statuses import ComponentStatus
from htmap.store.state import State

# How an amount is said, as it comes from HTCondor; and what asks for it.
_WORDS = {"Cpus": "CPUs", "Memory": "MB of memory", "Disk": "MB of disk", "GPUs": "GPUs"}
# What delivery methods, MapOptions and HTCondor itself make jobs ask for, in words: what no slot
# has, and what to do then. They are looked for in the parts of the requirements.
_ASK = "or ask the pool's administrators"
_HINTS = (
    (r"\bhasdocker\b", f"no slot has Docker: choose another delivery method, {_ASK}"),
    (
        r"\bhassingularity\b",
        "no slot has Singularity or Apptainer: choose another delivery method, " + _ASK,
    ),
    (
        r"\bhascontainer\b",
        "no slot can run containers, by Docker, Singularity or Apptainer: choose another delivery "
        "method (shared where the nodes have this Python at the same path, transplant where they "
        f"have none), {_ASK}",
    ),
    (
        r"\bhasdockerurl\b",
        "no slot says that it takes images of a registry (docker://): name an image file (.sif) or "
        f"folder, {_ASK}",
    ),
    (
        r"\bhassif\b",
        "no slot says that it takes image files (.sif): name an image of a registry (docker://) or "
        f"a folder, {_ASK}",
    ),
    (
        r"\bhassandboximage\b",
        "no slot says that it takes image folders: name an image of a registry (docker://; without "
        f"that a name counts as a folder) or a file (.sif), {_ASK}",
    ),
    (
        r'\bstringlist\w+\("(\w+)",.*hasfiletransferpluginmethods',
        r"no slot can fetch files from \1:// addresses: let the file come from here, by its path, "
        + _ASK,
    ),
    (
        r"\bhasfiletransfer\b",
        f"no slot takes files with its jobs, which every map needs: {_ASK[3:]}",
    ),
    (
        r"\btarget\.(arch|opsys)\b",
        "HTCondor asks for the kind of machine that submits. If the delivery's Python is one for "
        "the slots' kind, say so: MapOptions(requirements='TARGET.Arch == ...')",
    ),
    (
        r"\bfilesystemdomain\b",
        "the slots share no file system with this machine: leave should_transfer_files as it is",
    ),
)


@dataclass(frozen=True)
class Analysis:
    """Why components of a map wait, as far as the pool's matchmaking is concerned.

    Its text (``str``) is a report for a person.

    Attributes
    ----------
    tag : str
        The map's.
    statuses : str
        How many components are in which status.
    offer : Offer or None
        What the pool has; None where no component waits, so that nothing was asked.
    requests : tuple of Request
        What the waiting components ask for, in groups that ask for the same.
    unmade : int
        How many jobs the schedd is still to make.
    holds : dict
        Component to the reason why it is held.
    """

    tag: str
    statuses: str
    offer: Offer | None
    requests: tuple[Request, ...]
    unmade: int
    holds: dict[int, str]

    @property
    def can_run(self) -> bool:
        """Whether every request could be met by some slot of the pool, if not now then later."""
        return all(request.could_run for request in self.requests)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        return str(self)

    def _lines(self) -> list[str]:
        lines = [self.statuses]
        if self.offer is None:
            return [*lines, "No component waits for a slot: there is nothing to analyze."]
        lines.append(_pool_line(self.offer))
        lines += [f"Some of them are broken: {reason}." for reason in self.offer.broken]
        if self.unmade:
            lines.append(f"The schedd will make {self.unmade} more jobs as these leave the queue.")
        for request in self.requests:
            lines += ["", *self._request_lines(request, self.offer)]
        return lines

    def _request_lines(self, request: Request, offer: Offer) -> list[str]:
        amounts = [_amount(name, value) for name, value in request.amounts.items() if value]
        lines = [f"{_components(request.components)}: asking for {', '.join(amounts) or 'nothing'}"]
        if request.held:
            reasons = sorted({self.holds[i] for i in request.components if i in self.holds})
            lines.append(f"  {request.held} held, which ask for nothing until Map.release():")
            lines += [f"    {reason}" for reason in reasons]
        if not offer.slots:
            return [*lines, "  The pool has no slots now, so nothing can run."]
        lines.append(
            f"  {request.could_run} of {_slots(offer.slots)} could run them"
            + (f", {request.could_run_now} at this moment." if request.could_run else ".")
        )
        excluding = [each for each in request.conditions if each.met_by < offer.slots]
        if excluding and request.could_run < offer.slots:
            lines.append("  What keeps slots from running them:")
            lines += [line for each in excluding for line in _condition(each, offer, request)]
        lines += [f"  {line}" for line in _next(request, offer)]
        return lines


def of(tag: str, map_id: str, state: State) -> Analysis:
    """Return the analysis of a map.

    Raises
    ------
    NoScheduler, SchedulerRefused
        If the schedd or the collector cannot be had.
    """
    statuses = one_line(tag, state)
    holds = {i: f"[{hold.code}] {hold.reason}" for i, hold in state.holds.items()}
    if state.unfinished == state.count(ComponentStatus.RUNNING):
        return Analysis(tag, statuses, None, (), 0, holds)
    offer, requests, unmade = offers.compare(map_id, state)
    return Analysis(tag, statuses, offer if requests else None, tuple(requests), unmade, holds)


def _pool_line(offer: Offer) -> str:
    if not offer.slots:
        return "The pool has no slots: no startd has told the collector of any."
    amounts = [_amount(name, value) for name, value in offer.totals.items() if value]
    machines = f"{offer.machines} machine{'s' * (offer.machines != 1)}"
    return f"The pool has {_slots(offer.slots)} on {machines}: {', '.join(amounts)} in all."


def _condition(condition: Condition, offer: Offer, request: Request) -> list[str]:
    lines = [f"    met by {condition.met_by} of {offer.slots}:  {condition.text}"]
    for name, most in condition.most.items():
        option = f"request_{name.lower()}"
        lines.append(
            f"      asked for {_amount(name, request.amounts[name])}, "
            + (
                f"the most in one slot is {_amount(name, most)}: lower {option}"
                if most
                else f"and no slot has any: leave out {option}, {_ASK}"
            )
        )
    if not condition.met_by:
        lines += [
            f"      the slots say {name} = {', or '.join(values)}"
            if values
            else f"      no slot says {name}"
            for name, values in condition.values.items()
        ]
        lines += [f"      {hint}" for hint in _hints(condition.text)]
    return lines


def _hints(text: str) -> list[str]:
    """Return what there is to say about a part of requirements that no slot meets."""
    found = ((re.search(pattern, text, re.IGNORECASE), hint) for pattern, hint in _HINTS)
    return [match.expand(hint) for match, hint in found if match]


def _next(request: Request, offer: Offer) -> list[str]:
    waiting = len(request.components) - request.held
    if not waiting:
        return []
    if not request.could_run:
        return ["They will wait until the pool or their options change."]
    if offer.negotiated is None:
        return ["No negotiator has looked for matches yet: see that the pool has one."]
    if offer.negotiated < request.submitted:
        ago = max(0, int(time.time() - request.submitted))
        return [f"They were submitted {ago} s ago; the negotiator has not looked since."]
    if not request.could_run_now:
        return ["Those slots are busy: they wait for their turn."]
    return ["They should start with the next negotiation, unless other users come first."]


def _amount(name: str, value: float) -> str:
    return f"{value / 1024 if name == 'Disk' else value:,.0f} {_WORDS[name]}"


def _slots(count: int) -> str:
    return f"{count} slot{'s' * (count != 1)}"


def _components(components: Sequence[int]) -> str:
    """Return the numbers of components as text, with ranges."""
    ranges: list[list[int]] = []
    for component in components:
        if ranges and component == ranges[-1][1] + 1:
            ranges[-1][1] = component
        else:
            ranges.append([component, component])
    texts = [str(a) if a == b else f"{a}-{b}" for a, b in ranges]
    if len(texts) > 8:
        texts = [*texts[:7], f"... ({len(components)} in all)"]
    return f"Component{'s' * (len(components) != 1)} {', '.join(texts)}"

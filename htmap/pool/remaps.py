"""Other names for the files of a job, on their way there and back, as HTCondor is told of them.

On the way back the manual's ``transfer_output_remaps`` do it. On the way there an attribute of the
job does, TransferInputRemaps, which both generations of daemons know and no submit command sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from htmap.execute import places
from htmap.file_options import URL
from htmap.options import ResolvedOptions
from htmap.pool.language import literal


def _remaps(names: Iterable[tuple[str, str]]) -> str:
    return ";".join(f"{name}={_escaped(new)}" for name, new in names)


def _escaped(name: str) -> str:
    return name.replace(";", "\\;")


def lines(options: ResolvedOptions) -> dict[str, str]:
    """Return the commands about other names that all jobs have in common."""
    found = {}
    if options.arrivals:
        varies = options.input_files is not None
        found["MY.TransferInputRemaps"] = (
            "$(inputarrivals)" if varies else _arrivals(options, options.fixed_input_files)
        )
    if options.output_remaps is not None:
        found[f"MY.{places.PROMISED}"] = '"$(promisedoutputs)"'
    elif options.fixed_output_remaps:
        found[f"MY.{places.PROMISED}"] = f'"{_promised(options.fixed_output_remaps)}"'
    return found


def row(options: ResolvedOptions, component: int) -> dict[str, str]:
    """Return what is different about one component."""
    found = {}
    if options.arrivals and options.input_files is not None:
        files = options.fixed_input_files + options.input_files[component]
        found["inputarrivals"] = _arrivals(options, files)
    if options.output_remaps is not None:
        own = options.output_remaps[component]
        found["promisedoutputs"] = _promised(own)
        found["outputdestinations"] = _destinations(own, str(component))
    return found


def outputs(here: str, options: ResolvedOptions) -> str:
    """Return what becomes of what travels back, for a run whose folder is ``here``."""
    ours = (
        (places.OUTPUT, f"{here}/outputs/$(Process)"),
        (places.FILES, f"{here}/files"),
        (places.CHECKPOINTS, f"{here}/checkpoints"),
    )
    if options.output_remaps is not None:
        return _remaps(ours) + "$(outputdestinations)"
    return _remaps(ours) + _destinations(options.fixed_output_remaps, "$(component)")


def _arrivals(options: ResolvedOptions, files: Iterable[str]) -> str:
    sent = (file.rpartition("/")[2] for file in files)
    known = ((name, options.arrivals[name]) for name in sent if name in options.arrivals)
    # In a job's ad a backslash stands for itself, but before a quote.
    return literal('"' + _remaps(known).replace('"', '\\"') + '"')


def _destinations(remaps: Mapping[str, str], component: str) -> str:
    found = ""
    for number, destination in enumerate(remaps.values()):
        name = f"{places.REMAPPED}/{component}-{number}"
        if URL.match(destination):  # the node sends it, and knows it by its path there
            name = f"{places.FOLDER}/{name}"
        found += f";{name}={literal(_escaped(destination))}"
    return found


def _promised(remaps: Mapping[str, str]) -> str:
    return ";".join(quote(name) for name in remaps)

"""Delivery by assumption: whatever ``python3`` the execute node has on its ``PATH``.

For pools whose nodes (or whose container images) carry the right Python already. It is the shell
that looks for it, so that a node without ``python3`` ends the job with a report of that, instead of
a job that is held because it cannot be started.
"""

from __future__ import annotations

from collections.abc import Mapping

from htmap.delivery.command import RUNNER_ARGUMENTS


def descriptors() -> Mapping[str, str]:
    """Return the submit descriptors."""
    return {
        "executable": "/bin/sh",
        "transfer_executable": "false",
        "arguments": f"\"-c 'exec python3 {RUNNER_ARGUMENTS}'\"",
    }

"""The ``htmap`` command: maps from the shell.

One module a kind of command; what they share is in :mod:`~htmap.cli.group` (errors and exit
statuses), :mod:`~htmap.cli.selection` (which maps) and :mod:`~htmap.cli.messages`. Modules that
few commands need (rich, HTCondor's bindings) are imported by those commands only.
"""

from htmap.cli.main import cli

__all__ = ["cli"]

"""The ``htmap`` command: maps from the shell.

One module a kind of command; what they share is in :mod:`~htmap.cli.group` (errors and exit
statuses), :mod:`~htmap.cli.selection` (which maps) and :mod:`~htmap.cli.messages`. A command's
module is imported when the command is used, and for the list of commands. So these import nothing
of the library at once: ``htmap.load`` and its like import their modules when they are called.
"""

from htmap.cli.main import cli

__all__ = ["cli"]

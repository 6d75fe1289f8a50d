"""Numbers on the command line."""

from __future__ import annotations

import click


class Number(click.FloatRange):
    """A number in a range, called one where something else is given."""

    name = "number"


SECONDS = Number(min=0)

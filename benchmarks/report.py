"""Numbers as people read them."""

import statistics
from typing import NamedTuple


def spread(values, unit="s"):
    """Return the median with the smallest and the largest value."""
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f}) {unit}"


def heading(*cells):
    """Return the two first lines of a Markdown table."""
    return row(*cells) + "\n" + row(*("---" for _ in cells))


def row(*cells):
    """Return a line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


class Figure(NamedTuple):
    """A line of the table."""

    name: str
    values: list
    bound: str = ""
    beside: tuple = ()
    unit: str = "s"

    def __str__(self):
        other = self.beside and spread(self.beside, self.unit)
        ratio = self.beside and statistics.median(self.values) / statistics.median(self.beside)
        return row(
            self.name,
            spread(self.values, self.unit),
            self.bound,
            other or "",
            f"{ratio:.2f}" if ratio else "",
        )

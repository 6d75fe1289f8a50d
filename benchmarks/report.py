"""Numbers as people read them."""

import statistics


def spread(values, unit="s"):
    """Return the median with the smallest and the largest value."""
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f}) {unit}"


def heading(*cells):
    """Return the two first lines of a Markdown table."""
    return row(*cells) + "\n" + row(*("---" for _ in cells))


def row(*cells):
    """Return a line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"

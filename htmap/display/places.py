"""Where what is shown will be seen."""

from __future__ import annotations

import sys
from typing import Any


def shell() -> Any:
    """Return the IPython that this runs in, or None."""
    # Whoever runs in IPython has imported it.
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def in_kernel() -> bool:
    """Tell whether this is a kernel, so that a notebook may show what is not text."""
    return getattr(shell(), "kernel", None) is not None

"""How a map comes into a notebook."""

from __future__ import annotations

from typing import Any

from htmap.display.places import in_kernel, shell
from htmap.exceptions import HTMapException
from htmap.failures import MapFailures
from htmap.notebook import static

_WIDGET = "application/vnd.jupyter.widget-view+json"


def display_in_notebook(map_: MapFailures) -> None:
    """Show a map in the output of a notebook's cell.

    There are two outputs: a page that the notebook keeps and that is kept up to date in it, and
    the widget, which hides the page for as long as it lives.

    Raises
    ------
    NotImplementedError
        If this is no kernel, so that IPython shows the map as it shows others.
    """
    if not in_kernel():
        raise NotImplementedError
    from IPython.display import display

    text = repr(map_)
    try:
        from htmap.notebook.widget import widget_of

        widget = widget_of(map_)
    except (ImportError, HTMapException):  # no widgets here, or nothing that one could show
        display({"text/html": static.page(map_), "text/plain": text}, raw=True)
        return
    page = {"text/html": widget.page(), "text/plain": text}
    display(page, raw=True, display_id=widget.page_id)
    if not widget.is_over:
        model = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
        # Where there is no widget, the page before it says it all.
        display({_WIDGET: model, "text/html": "", "text/plain": ""}, raw=True)


def mimebundle(map_: MapFailures) -> dict[str, Any] | None:
    """Return a map as a page and as text; None in a terminal, which has no use for a page."""
    if shell() is not None and not in_kernel():
        return None
    return {"text/html": static.page(map_), "text/plain": repr(map_)}

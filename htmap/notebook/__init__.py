"""Maps in notebooks: a live widget, and a page that outlives it."""

from htmap.notebook.showing import display_in_notebook, mimebundle

__all__ = ["display_in_notebook", "mimebundle"]

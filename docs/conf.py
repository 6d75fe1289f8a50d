"""How Sphinx makes the manual: `make docs`.

The checkout is Sphinx's source directory, so that a link from one page to another works in the
manual as it does where the pages are read as Markdown.
"""

import re

from sphinx.application import Sphinx

from htmap import __version__

project = "htmap"
copyright = "the authors of htmap"
release = version = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
]
root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "CHANGELOG.md",
    "benchmarks/RESULTS.md",
    "examples/**/README.md",
    "images/overlay/README.md",
]

# ---- pages ------------------------------------------------------------------------------------
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

# ---- notebooks --------------------------------------------------------------------------------
# They are kept without outputs, and are run in the pool of the container that makes the manual.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_merge_streams = True
# A page has no kernel: what stands still is shown, and nothing is fetched to make it move.
nb_mime_priority_overrides = [("html", "text/html", 1)]
nb_ipywidgets_js: dict[str, object] = {}

# ---- the API ----------------------------------------------------------------------------------
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_inherit_docstrings = False
python_use_unqualified_type_names = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

# What a docstring refers to has an entry; but for other projects, whose manuals are not at hand.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!htmap\.).*"),
    ("py:class", r"htmap\..*\.[PRT]"),  # type variables
]

# ---- how it looks -----------------------------------------------------------------------------
html_theme = "furo"
html_title = f"htmap {release}"
html_show_copyright = False
html_copy_source = False
html_extra_path = ["start"]
copybutton_exclude = ".linenos, .gp, .go"


def setup(app: Sphinx) -> None:
    """Leave out comments, which tell the tests what a block is for, and read help as plain text."""

    def without_comments(app: Sphinx, name: str, source: list[str]) -> None:
        # The lines stay, so that a warning names the right one.
        source[0] = re.sub(
            r"^<!--.*?-->$", lambda found: "\n" * found[0].count("\n"), source[0], flags=re.M | re.S
        )

    # In which `run-*` begins no emphasis.
    def escape(app: Sphinx, context: object, lines: list[str]) -> None:
        lines[:] = [line.replace("*", r"\*") for line in lines]

    app.connect("source-read", without_comments)
    app.connect("sphinx-click-process-options", escape)

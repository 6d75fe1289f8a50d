"""What holds in every image with R."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from containers import Running

ATTACH_ALL = """
debian <- commandArgs(trailingOnly = TRUE)
installed <- rownames(installed.packages())
for (name in debian) {
    package <- installed[match(name, tolower(installed))]
    loaded <- suppressWarnings(suppressPackageStartupMessages(
        require(package, character.only = TRUE, quietly = TRUE)))
    if (!loaded) cat(name, "")
}
"""


def packages_that_do_not_load(container: Running, listed: Path) -> str:
    """Return which R packages of a list of Debian packages ``library()`` does not attach."""
    lines = [line.split("#")[0].strip() for line in listed.read_text().splitlines()]
    names = [line.removeprefix("r-cran-") for line in lines if line.startswith("r-cran-")]
    assert names
    return container.output("Rscript", "-e", ATTACH_ALL, *names)

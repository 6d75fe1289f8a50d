"""R, its kernel, and htmap through reticulate."""

import notebooks
import pytest
import with_r
from notebooks import text

#: A package with C in it: a file for each line's name.
PACKAGE = """
mkdir -p mine/R mine/src && cd mine
printf 'Package: mine\\nVersion: 1.0\\nTitle: M\\nLicense: none\\nDescription: M\\n' > DESCRIPTION
printf 'useDynLib(mine, C_two)\\nexport(two)\\n' > NAMESPACE
echo 'two <- function() .Call(C_two)' > R/two.R
printf '#include <Rinternals.h>\\nSEXP C_two(void) { return Rf_ScalarInteger(2); }\\n' > src/two.c
cd .. && Rscript -e 'install.packages("mine", repos = NULL)' && Rscript -e 'cat(mine::two())'
"""


@pytest.fixture(scope="module")
def container(start_session, image):
    """Start a container of the image with its pool."""
    return start_session(image, environment={"HTC_POOL_REQUIRED": "1"})


@pytest.fixture(scope="module")
def page(source):
    return source / "images" / "r" / "README.md"


def test_every_package_of_its_list_can_be_attached(container, source):
    assert with_r.packages_that_do_not_load(container, source / "images/r/packages.txt") == ""


def test_an_r_notebook_maps_functions_of_python_and_of_r_as_its_page_says(container, page):
    map_python, map_r = notebooks.blocks(page, "r")
    plot = "library(ggplot2); ggplot(mtcars, aes(wt, mpg)) + geom_point()"
    refused = "# raises-exception\nhtmap$map(square_root, c(4, 9))"
    wrong = """# raises-exception
call <- serialize(list(function(x) stop("no root of ", x), -1), NULL)
htmap$map(py$call_r, list(call))$get(0L)"""
    printed = "py_run_string('print(\"from Python\")')"
    outputs = notebooks.run(container, "ir", map_python, map_r, plot, refused, wrong, printed)

    assert "[1]  2  4  6  8 10" in text(outputs[0])
    assert "[1] 2 3" in text(outputs[1])
    assert any("image/png" in output.get("data", {}) for output in outputs[2])
    assert "CannotPickle" in text(outputs[3])
    assert "no root of -1" in text(outputs[4])
    assert "from Python" in text(outputs[5])


def test_a_package_with_c_in_it_is_compiled_and_added_by_the_user(container):
    assert container.output("sh", "-c", PACKAGE, workdir="/tmp").endswith("2")
    assert container.output("ls", "/opt/htc/lib/R/site-library") == "mine"


def test_r_finds_the_same_python_and_packages_without_the_images_environment(container):
    words = 'cat(Sys.getenv("RETICULATE_PYTHON"), .libPaths()[1])'
    found = container.output("env", "-i", "PATH=/usr/bin:/bin", "Rscript", "-e", words)
    assert found == "/opt/htc/bin/python /opt/htc/lib/R/site-library"


def test_blas_is_a_fast_one(container):
    used = container.output("Rscript", "-e", 'cat(extSoftVersion()[["BLAS"]])')
    assert "openblas" in used

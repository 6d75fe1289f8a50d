"""Python and R in one image, in either's notebooks."""

import notebooks
import pytest
from notebooks import text

TABLES = """\
import duckdb, polars, pyarrow
frame = polars.DataFrame({"k": ["a", "b", "a"], "n": [1, 2, 3]})
print(duckdb.sql("select k, sum(n) as n from frame group by k order by k").fetchall())
print(pyarrow.table(frame.to_pandas()).num_rows)
"""
CYTHON = "%load_ext Cython"
COMPILED = """\
%%cython
def add(int a, int b): return a + b
print(add(1, 2))
"""


@pytest.fixture(scope="module")
def container(start_session, image):
    """Start a container of the image with its pool."""
    return start_session(image, environment={"HTC_POOL_REQUIRED": "1"})


@pytest.mark.timeout(180)
def test_a_python_notebook_has_r_in_its_cells_and_in_its_maps_as_its_page_says(container, source):
    in_cells, in_maps = notebooks.blocks(source / "images/datascience/README.md", "python")
    outputs = notebooks.run(container, "python3", in_cells, in_maps, TABLES, CYTHON, COMPILED)
    assert "array([-0.1,  0. ,  0.1])" in text(outputs[0])
    assert "[2.0, 6.0]" in text(outputs[1])
    assert "[('a', 4), ('b', 2)]\n3" in text(outputs[2])
    assert "3" in text(outputs[4])


def test_an_r_notebook_maps_functions_of_python_and_of_r(container, source):
    cells = notebooks.blocks(source / "images/r/README.md", "r")
    outputs = notebooks.run(container, "ir", *cells)
    assert "[1]  2  4  6  8 10" in text(outputs[0])
    assert "[1] 2 3" in text(outputs[1])

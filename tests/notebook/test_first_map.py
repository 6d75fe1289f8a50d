"""The first thing that anybody does."""

from browsers import outputs, run_in_new_notebook
from playwright.sync_api import expect

DOUBLES = "import htmap\nlist(htmap.map(lambda x: 2 * x, range(3)))"


def test_a_cell_maps_in_the_pool_of_the_container(lab, new_page):
    page = new_page()
    lab.open(page)
    expect(run_in_new_notebook(page, DOUBLES).last).to_have_text("[0, 2, 4]", timeout=60_000)


def test_a_saved_notebook_is_opened_and_run(lab, new_page):
    lab.write_notebook("doubles.ipynb", [DOUBLES])
    page = new_page()
    lab.open(page, "doubles.ipynb")
    lab.run(page, 0)
    expect(outputs(page, 0).last).to_have_text("[0, 2, 4]", timeout=60_000)

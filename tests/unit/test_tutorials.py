"""The tutorials as files: what a reader meets before anything is run."""

import itertools
import json
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
TUTORIALS = SOURCE / "docs" / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))
SCRIPTS = sorted((SOURCE / "examples" / "book-analysis").iterdir())

# Silent reading of English that is no fiction (Brysbaert 2019), words a minute; typing of people
# who are no typists, 40 words of five keys.
READING, TYPING = 238, 200

every_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def cells_of(notebook: Path) -> list[dict]:
    return json.loads(notebook.read_text())["cells"]


def source_of(cell: dict) -> str:
    return "".join(cell["source"])


def test_the_first_map_takes_less_than_a_minute_of_reading_and_typing():
    cells = cells_of(TUTORIALS / "01-first-steps.ipynb")
    until = [cell["id"] for cell in cells].index("first-results") + 1
    words, keys = 0, 0
    for cell in cells[:until]:
        text = source_of(cell)
        if cell["cell_type"] == "markdown":
            words += len(text.split())
        else:
            # JupyterLab indents by itself; a line's end is a key, and so is Shift-Enter.
            keys += sum(len(line.strip()) + 1 for line in text.splitlines())

    assert "htmap.map(" in source_of(cells[until - 1])
    assert words / READING + keys / TYPING < 1, f"{words} words to read, {keys} keys to type"


def test_there_are_ten_in_an_order_in_which_each_leads_to_the_next():
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{n:02}" for n in range(1, 11)]
    for notebook, following in itertools.pairwise([*NOTEBOOKS, TUTORIALS / "book-analysis.md"]):
        assert f"]({following.name})" in source_of(cells_of(notebook)[-1])


@every_notebook
def test_a_notebook_is_kept_without_outputs_and_leads_only_to_what_is_there(notebook):
    cells = cells_of(notebook)
    assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
    text = "\n".join(source_of(cell) for cell in cells if cell["cell_type"] == "markdown")
    links = re.findall(r"\]\(([^):#]+)\)", text)
    assert links
    assert all((TUTORIALS / link).is_file() for link in links), links


@every_notebook
def test_cells_are_short_and_most_notebooks_say_what_they_expect(notebook):
    cells = cells_of(notebook)
    assert max(len(cell["source"]) for cell in cells) <= 22
    assert [cell for cell in cells if "expected" in cell["metadata"]]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_page_of_the_book_analysis_shows_each_script_as_it_is(script):
    assert script.read_text() in (TUTORIALS / "book-analysis.md").read_text()

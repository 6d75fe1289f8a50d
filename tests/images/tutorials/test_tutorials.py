"""What images/tutorials promises: every notebook runs in it, as the user, against its pool."""

import doctest
import json
import os
import re
from pathlib import Path

import notebooks
import pytest

SOURCE = Path(__file__).parents[3]
TUTORIALS = SOURCE / "docs" / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))
CONTENT = [*(path.name for path in NOTEBOOKS), "book-analysis", "book-analysis.md"]

#: Folders of texts, and a word that some of them are about.
FOLDERS = {"/usr/share/common-licenses": {"GPL-3": "convey", "MPL-2.0": "mozilla"}}
if BOOKS := os.environ.get("HTMAP_TEST_BOOKS"):
    FOLDERS[BOOKS] = {"moby-dick": "whales", "dracula": "helsing", "ulysses": "dublin"}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_tutorial_runs_from_its_first_cell_to_its_last_and_shows_what_it_should(
    start, image, notebook
):
    """What a cell should show is in its metadata, in doctest's words: ``...`` is anything."""
    name = f"tutorials/{notebook.name}"
    script = f"jupyter execute --inplace {name} && cat {name}"
    ended = start(image, "sh", "-c", script, may_say=".").wait(220)
    assert ended.code == 0, ended
    assert "Traceback" not in ended.stderr, ended

    cells = json.loads(ended.stdout)["cells"]
    expected = [cell for cell in cells if "expected" in cell["metadata"]]
    assert expected
    shows = doctest.OutputChecker().check_output
    for cell in expected:
        shown = notebooks.text(cell["outputs"]).strip()
        assert shows(cell["metadata"]["expected"], shown, doctest.ELLIPSIS), cell


def test_the_book_analysis_does_in_a_terminal_what_its_page_says(start, image):
    page = TUTORIALS / "book-analysis.md"
    typed = [block for block in notebooks.blocks(page, "sh") if not block.startswith("#!")]
    ended = start(image, "bash", "-euc", "".join(typed)).wait(120)

    assert ended.code == 0, ended
    assert "Made the map books" in ended.stdout
    assert ended.stdout.endswith("Drawn: books.png\nRemoved map books\n"), ended


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: Path(folder).name)
def test_the_book_analysis_tells_texts_from_each_other_by_their_words(start, image, folder):
    volumes = {folder: {"bind": folder, "mode": "ro"}} if folder == BOOKS else {}
    script = f"sh tutorials/book-analysis/analyse.sh {folder} && tail -c +2 books.png | head -c 3"
    ended = start(image, "sh", "-c", script, volumes=volumes).wait(120)

    assert ended.code == 0, ended
    rows = re.findall(r"^ *(\S+) +(\d+) +(\d+) +(\D+)$", ended.stdout, re.M)
    table = {book: (int(words), int(different), about) for book, words, different, about in rows}
    assert all(words > different > 100 for words, different, _ in table.values())
    assert len(table) >= 10
    for book, word in FOLDERS[folder].items():
        assert word in table[book][2].split()
    assert ended.stdout.endswith("\nPNG"), ended


@pytest.mark.parametrize("options", [
    {}, {"user": "root", "environment": {"NB_USER": "alice", "NB_UID": "1234"}},
], ids=["jovyan", "alice"])  # fmt: skip
def test_the_tutorials_are_in_the_home_and_the_persons_own(volume, start, image, options):
    script = "cd ~/tutorials && ls && echo >> 01-first-steps.ipynb && stat -c %u . 05-*"
    home = {"volumes": {volume: {"bind": "/home/alice", "mode": "rw"}}} if options else {}
    if home:
        start(image, "-c", "chown 1234 /home/alice", entrypoint="sh", user="root", **home).wait()
    ended = start(image, "sh", "-c", script, **options, **home).wait()
    uid = options.get("environment", {}).get("NB_UID", "1000")
    assert ended.stdout.split() == [*CONTENT, uid, uid], ended


def test_what_a_person_has_made_of_them_stays(volume, start, image):
    home = {"volumes": {volume: {"bind": "/home/jovyan", "mode": "rw"}}}
    start(image, "rm", "tutorials/book-analysis.md", **home).wait()
    ended = start(image, "ls", "tutorials", **home).wait()
    assert ended.stdout.split() == [name for name in CONTENT if name != "book-analysis.md"], ended


def test_jupyterlab_opens_at_the_first(start, image):
    token = "--IdentityProvider.token=known"
    running = start(image, "start-notebook.py", token, environment={"HTC_POOL": "none"})
    first = "/lab/tree/tutorials/01-first-steps.ipynb"
    ask = (
        "import urllib.request as u; address = 'http://127.0.0.1:8888'\n"
        "page = u.urlopen(address + '/?token=known', timeout=9).geturl()\n"
        "print(page.removeprefix(address))"
    )
    running.wait_until(lambda: running.exec("python", "-c", ask).stdout.startswith(first))
    # What a Hub's server goes by, unless the Hub says otherwise.
    assert running.output("printenv", "JUPYTERHUB_DEFAULT_URL") == first


def test_a_service_like_binder_opens_them_with_its_own_command_and_group_0(
    start, engine, source, image
):
    # It adds nothing, so what is built is the image itself: not for removing.
    built, _ = engine.images.build(
        path=str(source / ".binder"), buildargs={"IMAGE": image}, rm=True
    )
    command = ["jupyter", "lab", "--IdentityProvider.token=known", "--port=8889"]
    running = start(built.id, *command, user="1000:0", may_say="group 0")
    ask = (
        "import urllib.request as u; page = 'api/contents/tutorials?token=known'; "
        "print(u.urlopen(f'http://127.0.0.1:8889/{page}', timeout=5).read().decode())"
    )
    running.wait_until(lambda: "01-first-steps" in running.exec("python", "-c", ask).stdout)

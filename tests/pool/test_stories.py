"""Two workshop stories from beginning to end: one in a notebook, one in a script and a shell."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import htmap

FOLDER = Path(os.environ.get("HTMAP_TEST_BOOKS") or "/usr/share/common-licenses")


@pytest.fixture(scope="module")
def books() -> list[Path]:
    books = sorted(path for path in FOLDER.iterdir() if path.is_file() and not path.is_symlink())
    assert len(books) >= 10, f"too few texts in {FOLDER}"
    return books[:10]


def count_letter(book, letter="e"):
    """Count a letter in a file, which on the node lies in the job's folder."""
    assert not book.is_absolute()
    return book.read_text(errors="replace").lower().count(letter)


def test_a_letter_is_counted_in_each_of_ten_books(books):
    counts = htmap.map(count_letter, [htmap.TransferPath(book) for book in books], tag="letters")

    expected = [book.read_text(errors="replace").lower().count("e") for book in books]
    assert list(counts) == expected
    assert min(expected) > 0


# --- a script, then only the shell ----------------------------------------------------------------

SCRIPT = """
import itertools
import sys
from pathlib import Path

import htmap


def shared_words(one, two):
    words = [set(book.read_text(errors="replace").lower().split()) for book in (one, two)]
    print(f"{one.name} and {two.name}")
    return len(words[0] & words[1])


books = sorted(Path(name) for name in sys.argv[1:])
with htmap.build_map(shared_words, tag="pairs") as pairs:
    for one, two in itertools.combinations(books, 2):
        pairs(htmap.TransferPath(one), two=htmap.TransferPath(two))
print("made", len(pairs.map))
"""

READ = """
import json
import htmap

print(json.dumps(list(htmap.load("book-pairs"))))
"""


def shell(*words: str, status: int = 0, typed: str = "") -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, input=typed)
    assert done.returncode == status, (words, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.shared
def test_a_script_maps_over_all_pairs_of_books_and_the_shell_does_the_rest(books, tmp_path):
    script, late = tmp_path / "pairs.py", tmp_path / books[-1].name
    script.write_text(SCRIPT)
    paths = sorted([*books[:-1], late])
    pairs = list(itertools.combinations(paths, 2))
    assert len(pairs) == 45

    made = shell(sys.executable, str(script), *map(str, paths))
    assert made == "made 45\n"

    # One book is not there yet: its nine pairs are held, and the others run.
    assert shell("htmap", "tags") == "pairs\n"
    shell("htmap", "wait", "pairs", status=1)
    held = shell("htmap", "components", "pairs", "--status", "held").split()
    assert held == [str(number) for number, pair in enumerate(pairs) if late in pair]
    assert late.name in shell("htmap", "reasons", "pairs")

    shutil.copyfile(books[-1], late)
    shell("htmap", "release", "pairs")
    shell("htmap", "wait", "pairs", "--timeout", "90")

    shell("htmap", "rerun", "components", "pairs", "0", "44")
    shell("htmap", "wait", "pairs", "--timeout", "90")
    one, two = pairs[44]
    assert shell("htmap", "stdout", "pairs", "44") == f"{one.name} and {two.name}\n"
    assert shell("htmap", "errors", "pairs") == ""
    shell("htmap", "retag", "pairs", "book-pairs")
    (counts,) = json.loads(shell("htmap", "status", "--format", "json")).values()
    assert counts["component_status_counts"]["completed"] == 45

    shared = json.loads(shell(sys.executable, "-c", READ))
    words = {path: set(path.read_text(errors="replace").lower().split()) for path in paths}
    assert shared == [len(words[one] & words[two]) for one, two in pairs]

    shell("htmap", "remove", typed="book-pairs\n")
    assert shell("htmap", "tags") == ""

"""Two workshop stories from beginning to end: one in a notebook, one in a script and a shell."""

import itertools
import json
import os
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


def shared_words(one, two, stop_words):
    words = [set(book.read_text(errors="replace").lower().split()) for book in (one, two)]
    print(f"{one.name} and {two.name}")
    ignored = set(Path(stop_words).read_text().split())
    return len((words[0] & words[1]) - ignored)


books = [Path(name) for name in sys.argv[2:]]
with htmap.build_map(shared_words, tag="pairs") as pairs:
    for one, two in itertools.combinations(books, 2):
        pairs(htmap.TransferPath(one), htmap.TransferPath(two), stop_words=sys.argv[1])
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


def test_a_script_maps_over_all_pairs_of_books_and_the_shell_does_the_rest(books, tmp_path):
    script, stop_words = tmp_path / "pairs.py", tmp_path / "stop words.txt"
    script.write_text(SCRIPT)
    pairs = list(itertools.combinations(books, 2))
    assert len(pairs) == 45

    made = shell(sys.executable, str(script), str(stop_words), *map(str, books))
    assert made == "made 45\n"

    # The list of words to ignore is not there: every component fails, and says so.
    assert shell("htmap", "tags") == "pairs\n"
    shell("htmap", "wait", "pairs", status=1)
    report = shell("htmap", "errors", "pairs", "--limit", "1")
    assert "FileNotFoundError" in report
    assert "stop_words = " in report
    failed = shell("htmap", "components", "pairs", "--status", "errored").split()
    assert failed == [str(component) for component in range(45)]

    # With the file in place, what failed runs again: three of them, then all.
    stop_words.write_text("the and of to a in that")
    shell("htmap", "rerun", "components", "pairs", "0", "1", "44")
    shell("htmap", "wait", "pairs", status=1)
    assert shell("htmap", "components", "pairs", "--status", "completed").split() == ["0", "1", "44"]
    shell("htmap", "rerun", "map", "pairs")
    shell("htmap", "wait", "pairs", "--timeout", "90")

    one, two = pairs[44]
    assert shell("htmap", "stdout", "pairs", "44") == f"{one.name} and {two.name}\n"
    shell("htmap", "retag", "pairs", "book-pairs")
    (counts,) = json.loads(shell("htmap", "status", "--format", "json")).values()
    assert counts["component_status_counts"]["completed"] == 45

    shared = json.loads(shell(sys.executable, "-c", READ))
    words = {book: set(book.read_text(errors="replace").lower().split()) for book in books}
    ignored = set(stop_words.read_text().split())
    assert shared == [len((words[one] & words[two]) - ignored) for one, two in pairs]

    shell("htmap", "remove", typed="book-pairs\n")
    assert shell("htmap", "tags") == ""


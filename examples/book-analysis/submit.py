"""Count the words of the books in a folder, each in a component of a map: submit.py FOLDER."""

import re
import sys
from collections import Counter
from pathlib import Path

import htmap

# Letters of any language, and apostrophes, straight or curved, between them.
WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


def count_words(book):
    """Return how often a book has each word."""
    words = Counter(WORD.findall(book.read_text(errors="replace").lower()))
    print(f"{book.name} has {words.total():,} words, {len(words):,} different ones")
    return words


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    books = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink()]
    m = htmap.map(count_words, [htmap.TransferPath(book) for book in books], tag="books")
    print(f"Made the map {m.tag}: {len(m)} books.")

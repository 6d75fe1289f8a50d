"""Say which words each book is about, in a table and a picture: collect.py [PICTURE]."""

import sys
from collections import Counter

import matplotlib

matplotlib.use("agg")  # no window: a file
import pandas as pd

import htmap

MOST = 5  # words of each book in the table

# A book whose count failed is left out.
books = {
    args[0].name.removesuffix(".txt"): words
    for (args, kwargs), words in htmap.load("books").iter_with_inputs(errors="skip")
}
in_books = Counter(word for words in books.values() for word in words)


def about(words):
    """Return the most frequent words of a book that few of the others have."""
    own = [word for word, _ in words.most_common() if in_books[word] <= len(books) / 3]
    return " ".join(own[:MOST])


table = pd.DataFrame(
    [(name, words.total(), len(words), about(words)) for name, words in books.items()],
    columns=["book", "words", "different", "about"],
).sort_values("words", ascending=False)
print(table.to_string(index=False))

everywhere = sum(books.values(), Counter()).most_common(MOST)
print("The most frequent words of all:", " ".join(word for word, _ in everywhere))

picture = sys.argv[1] if len(sys.argv) > 1 else "books.png"
axes = table.set_index("book")[["words", "different"]].iloc[::-1].plot.barh(logx=True)
axes.figure.savefig(picture, bbox_inches="tight")
print("Drawn:", picture)

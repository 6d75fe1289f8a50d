"""Say of each book, as soon as its words are counted, how many it has."""

import htmap

m = htmap.load("books")
for component, words, error in m.as_completed():
    print(component, "failed, see: htmap errors books" if error else f"{words.total():,} words")

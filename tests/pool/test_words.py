"""The project's main job: counting the words of real books."""

import collections
import os
import re
from pathlib import Path

import pytest

import htmap


def count_words(text: str) -> collections.Counter:
    return collections.Counter(re.findall(r"\w+", text.lower()))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    folder = Path(os.environ.get("HTMAP_TEST_BOOKS") or "/usr/share/common-licenses")
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    texts = [path.read_text(errors="replace") for path in files]
    assert len(texts) >= 5, f"too few texts in {folder}"
    return texts


def test_the_words_of_every_text_are_those_that_are_counted_here(texts):
    counts = htmap.map(count_words, texts, tag="words")

    assert list(counts) == [count_words(text) for text in texts]
    assert sum(counts.get(0).values()) > 500


def test_the_words_of_all_texts_add_up_in_whichever_order_they_arrive(texts):
    counts = htmap.map(count_words, texts)

    together = sum(counts.iter_as_available(), collections.Counter())

    assert together == count_words("\n".join(texts))

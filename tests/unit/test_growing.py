"""A text that is read while it is written, from one file after another."""

import pytest

from htmap.store.growing import GrowingText, end_of


@pytest.fixture
def text():
    with GrowingText() as text:
        yield text


def append(path, data):
    with open(path, "ab") as file:
        file.write(data)


def test_what_is_added_is_given_once(text, tmp_path):
    path = tmp_path / "a"
    assert not text.open(path)
    assert list(text.read()) == []
    path.write_bytes(b"one\n")
    assert text.open(path)
    assert list(text.read()) == ["one\n"]
    assert list(text.read()) == []
    append(path, b"two\n")
    assert list(text.read()) == ["two\n"]


def test_a_character_that_is_cut_anywhere_is_given_whole(text, tmp_path):
    path, said = tmp_path / "a", "é東😀!"
    path.touch()
    text.open(path)
    given = []
    for byte in said.encode():
        append(path, bytes([byte]))
        given += text.read()

    assert "".join(given) == said
    assert text.rest() == ""


def test_what_is_no_utf8_is_shown_as_such(text, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"a\xffb\xe6\x9d")
    text.open(path)

    assert "".join(text.read()) == "a\ufffdb"
    assert text.rest() == "\ufffd"


def test_the_same_text_in_another_file_goes_on_where_it_was_left(text, tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"one\ntw")
    text.open(first)
    assert list(text.read()) == ["one\ntw"]
    append(first, b"o\n")
    second.write_bytes(b"one\ntwo\nthree\n")
    first.unlink()

    assert list(text.read()) == ["o\n"]  # of a file that has no name any more
    text.open(second)
    assert list(text.read()) == ["three\n"]


@pytest.mark.parametrize("other", [b"", b"one", b"another\ntext\n"])
def test_another_text_is_given_from_its_start(text, tmp_path, other):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"one\ntwo\n")
    second.write_bytes(other)
    text.open(first)
    assert list(text.read()) == ["one\ntwo\n"]

    text.open(second)

    assert "".join(text.read()) == other.decode()


def test_a_text_that_is_begun_anew_in_its_file_is_given_from_its_start(text, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one\ntwo\n\xe6")
    text.open(path)
    list(text.read())
    path.write_bytes(b"new\n")

    assert list(text.read()) == ["new\n"]


def test_a_text_of_any_size_takes_no_more_memory_than_a_block(text, tmp_path):
    path = tmp_path / "a"
    with open(path, "wb") as file:
        file.truncate(50 * 2**20)
    text.open(path)

    sizes = [len(piece) for piece in text.read()]

    assert sum(sizes) == 50 * 2**20
    assert max(sizes) <= 64 * 1024


def test_the_end_of_a_text_or_of_a_part_of_a_file(tmp_path):
    path = tmp_path / "a"
    assert end_of(path, 4) == ""
    path.write_text("one two é")
    assert end_of(path, 4) == "o é"
    assert end_of(path, 100) == "one two é"
    assert end_of(path, 1) == "\ufffd"
    assert end_of(path, 2, start=1, length=4) == " t"
    assert end_of(path, 100, start=4, length=3) == "two"

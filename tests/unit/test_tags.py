"""What a tag may look like."""

import random
import unicodedata

import pytest

from htmap.exceptions import InvalidTag
from htmap.tags import random_tag, validate


@pytest.mark.parametrize(
    "tag",
    [
        "books",
        "B-1_2.3",
        "0",
        "-",
        "lr=0.01,n=3",
        "a+b@c#d%e~(f){g}&h^",
        "Äpfel-und-数字",
        "a.b.c.",
        "x" * 200,
    ],
)
def test_a_plausible_tag_is_kept_as_it_is(tag):
    assert validate(tag) == tag


@pytest.mark.parametrize("character", list("/\\<>:\"|?* []!$'`;"))
def test_a_forbidden_character_is_named(character):
    with pytest.raises(InvalidTag) as caught:
        validate(f"ab{character}cd")

    assert repr(character) in str(caught.value)
    assert repr(f"ab{character}cd") in str(caught.value)
    assert caught.value.tag == f"ab{character}cd"


@pytest.mark.parametrize(
    "code", [*range(32), *range(127, 161), 0x200B, 0x2028, 0x2029, 0x202E, 0x3000, 0xD800, 0xFEFF]
)
def test_a_character_that_cannot_be_seen_is_refused_and_its_number_told(code):
    with pytest.raises(InvalidTag, match=f"U\\+{code:04X}"):
        validate(f"ab{chr(code)}cd")


@pytest.mark.parametrize(
    ("tag", "rule"),
    [
        ("", "is empty"),
        (".", "begins with"),
        (".hidden", "begins with"),
        ("..", "begins with"),
        ("a..b", "two dots in a row"),
        ("x" * 201, "is 201 bytes long"),
        ("ä" * 101, "is 202 bytes long"),
        ("x" * 300, "is 300 bytes long"),
        ("../../etc/passwd", "contains '/'"),
        ("a\nqueue 100", r"contains '\\n'"),
        ("$(whoami)", "contains '\\$'"),
    ],
)
def test_the_rule_that_a_tag_breaks_is_told(tag, rule):
    with pytest.raises(InvalidTag, match=rule):
        validate(tag)


@pytest.mark.parametrize("value", [None, 7, b"books", ["books"]])
def test_a_tag_that_is_not_text_is_refused(value):
    with pytest.raises(InvalidTag, match=f"not {type(value).__name__}"):
        validate(value)


def test_a_tag_of_a_million_characters_is_refused_in_a_short_message():
    with pytest.raises(InvalidTag) as caught:
        validate("x" * 1_000_000)

    assert len(str(caught.value)) < 200


def test_an_accent_typed_in_two_ways_is_one_tag():
    composed, decomposed = unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")

    assert composed != decomposed
    assert validate(composed) == validate(decomposed) == composed


def test_upper_and_lower_case_are_two_tags():
    assert validate("Books") != validate("books")


def test_random_tags_are_valid_and_differ():
    tags = [random_tag() for _ in range(1000)]

    assert all(validate(tag) == tag for tag in tags)
    assert len(set(tags)) > 950


def test_a_random_tag_neither_follows_nor_moves_the_shared_generator():
    random.seed(1)
    first, number = random_tag(), random.random()
    random.seed(1)

    assert random_tag() != first
    assert random.random() == number

"""Tags: what a map's name may look like, and names for maps that were given none."""

from __future__ import annotations

import unicodedata

from htmap.exceptions import InvalidTag

__all__ = ["random_tag", "validate"]

# What HTMap 0.6 forbade, and what could be live in a submit description or a shell.
_FORBIDDEN = frozenset("/\\<>:\"|?* []!$'`;")
# Controls (line ends too), marks without a width, lone surrogates, separators of all sorts.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
# A tag is the name of a file, of which Linux allows 255 bytes; the rest is for temporary names.
_LONGEST = 200


def validate(tag: str) -> str:
    r"""Return a tag as it will be stored, if it can be one.

    Parameters
    ----------
    tag : str
        What somebody would like to call a map. Letters of every language, digits and
        ``- _ . , = + @ # % ~ ( ) { } & ^`` may be in it; upper and lower case differ.

    Returns
    -------
    tag : str
        The same in Unicode's NFC form, so that an accent typed in two ways is one tag.

    Raises
    ------
    InvalidTag
        If it is no text, empty, longer than 200 bytes in UTF-8, begins with a dot, contains
        ``..``, or contains a space, a control character or one of ``/ \ < > : " | ? * [ ] ! $ '
        ; ` ``.

    Examples
    --------
    >>> validate("books-1898")
    'books-1898'
    >>> validate("my books")
    Traceback (most recent call last):
        ...
    htmap.exceptions.InvalidTag: the tag 'my books' contains ' ': ...
    """
    if not isinstance(tag, str):
        raise InvalidTag(f"a tag is a str, not {type(tag).__name__} ({tag!r:.100})")
    tag = unicodedata.normalize("NFC", tag)
    problem = _problem(tag)
    if problem:
        # A tag of a million characters is shown by its beginning only.
        shown = repr(tag) if len(tag) <= _LONGEST else f"{tag[:40]!r}..."
        raise InvalidTag(f"the tag {shown} {problem}. Choose another tag", tag=tag)
    return tag


def _problem(tag: str) -> str:
    if not tag:
        return "is empty: a tag has at least one character"
    for character in tag:
        if character in _FORBIDDEN:
            return (
                f"contains {character!r}: spaces and any of "
                f"{' '.join(sorted(_FORBIDDEN - {' '}))} cannot be in a tag"
            )
        if unicodedata.category(character) in _INVISIBLE:
            return (
                f"contains {character!r} (U+{ord(character):04X}): spaces and characters that "
                "cannot be seen cannot be in a tag"
            )
    if tag.startswith("."):
        return "begins with '.': a tag does not begin with a dot"
    if ".." in tag:
        return "contains '..': two dots in a row cannot be in a tag"
    size = len(tag.encode())
    if size > _LONGEST:
        return f"is {size} bytes long in UTF-8: a tag has at most {_LONGEST}"
    return ""


def random_tag() -> str:
    """Return a tag of two adjectives and a noun, such as ``quiet-amber-heron``.

    There are about a million of them, so whoever claims one must be ready to find it taken.
    """
    import random

    # Not the shared generator: a tag must not follow from random.seed() in somebody's notebook,
    # nor move that notebook's sequence on.
    source = random.SystemRandom()
    first, second = source.sample(_ADJECTIVES, 2)
    return f"{first}-{second}-{source.choice(_NOUNS)}"


# fmt: off
_ADJECTIVES = (
    "able", "agile", "airy", "amber", "ample", "apt", "azure", "bold", "brave", "breezy",
    "bright", "brisk", "broad", "calm", "candid", "careful", "cheery", "civil", "clear",
    "clever", "copper", "coral", "cosy", "crisp", "curious", "daring", "dapper", "deft",
    "early", "earnest", "eager", "easy", "fair", "fabled", "fine", "fleet", "fond", "frank",
    "fresh", "frosty", "gentle", "giddy", "glad", "golden", "grand", "green", "happy", "hardy",
    "hazel", "honest", "humble", "ivory", "jolly", "jovial", "keen", "kind", "large", "lively",
    "loyal", "lucid", "lucky", "mellow", "merry", "mild", "misty", "modest", "neat", "nimble",
    "noble", "novel", "olive", "patient", "placid", "plucky", "polite", "proud", "quick",
    "quiet", "rapid", "rare", "ready", "regal", "robust", "rosy", "ruby", "rustic", "sage",
    "scarlet", "serene", "silver", "simple", "sleek", "smooth", "snowy", "solid", "spry",
    "steady", "sturdy", "sunny", "swift", "tidy", "tranquil", "trusty", "vivid", "warm", "wise",
    "witty", "young", "zesty",
)
_NOUNS = (
    "acorn", "anchor", "aspen", "badger", "basin", "bay", "beacon", "birch", "bison", "bramble",
    "brook", "canyon", "cedar", "cliff", "cloud", "clover", "comet", "condor", "cove", "crane",
    "creek", "crow", "delta", "dew", "dove", "dune", "eagle", "ember", "falcon", "fern",
    "field", "finch", "fjord", "flint", "forest", "fox", "garden", "glacier", "glade", "grove",
    "gull", "harbor", "hare", "hawk", "heath", "hedge", "heron", "hill", "ibis", "inlet",
    "island", "ivy", "juniper", "kestrel", "lagoon", "lake", "lark", "laurel", "lichen", "lily",
    "lynx", "maple", "marsh", "meadow", "mesa", "mole", "moon", "moss", "oak", "orchid",
    "oriole", "osprey", "otter", "owl", "peak", "pebble", "pine", "plain", "plover", "pond",
    "poplar", "prairie", "quail", "raven", "reed", "reef", "ridge", "river", "robin", "sparrow",
    "spring", "spruce", "stone", "storm", "stream", "swallow", "swan", "thicket", "thistle",
    "tide", "trout", "tulip", "valley", "violet", "walnut", "wave", "willow", "wren",
)

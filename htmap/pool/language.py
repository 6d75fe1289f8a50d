"""Text in HTCondor's languages."""

from __future__ import annotations

from htmap.exceptions import InvalidMapOption


def literal(text: str) -> str:
    """Quote text so that HTCondor's submit language takes it for itself.

    Raises
    ------
    InvalidMapOption
        If it holds a control character, which no quoting can carry.
    """
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise InvalidMapOption(f"{text!r} holds a control character; HTCondor cannot take that")
    if "$$" in text:  # looked for in the jobs' ads too, where nothing quotes it
        raise InvalidMapOption(f"{text!r} holds $$, which HTCondor replaces by something else")
    return text.replace("$", "$(DOLLAR)")

"""Completing command lines in a shell: tags, and bash's own idea of what a word is."""

from __future__ import annotations

import os
import re
import unicodedata
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    add_completion_class,
    split_arg_string,
)

from htmap.exceptions import HTMapException

_Items = list[CompletionItem[Any]]


def complete_tags(context: click.Context, parameter: click.Parameter, incomplete: str) -> _Items:
    """Return the tags that begin with what was typed, but for those given already.

    Whatever is wrong is for the command itself to tell: here it would spoil the line being typed.
    """
    from htmap.store import claims

    try:
        known = claims.list_tags()
    except (HTMapException, OSError):
        return []
    given = context.params.get(parameter.name or "") or ()
    typed = unicodedata.normalize("NFC", incomplete)
    return [CompletionItem(tag) for tag in known if tag.startswith(typed) and tag not in given]


def register() -> None:
    """Let click complete by the classes below."""
    add_completion_class(_Bash)
    add_completion_class(_Fish)


class _Bash(BashComplete):
    """Completion for bash, which breaks words at signs that tags may contain (``lr=0.1``).

    Only what follows the last of these signs is replaced. The script hands over the line up to the
    cursor instead of bash's words, and the part of it that bash is about to replace.
    """

    source_template = """\
%(complete_func)s() {
    local type value
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(env COMP_WORDS="${COMP_LINE:0:COMP_POINT}" COMP_CWORD="$2" \
%(complete_var)s=bash_complete "$1")
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is typed, and that one."""
        _, *words = split_arg_string(_with_end(os.environ["COMP_WORDS"]))
        *before, last = words or [_END]
        return before, last.removesuffix(_END)

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return what bash puts in the place of its own last word."""
        _, typed = self.get_completion_args()
        replaced = split_arg_string(_with_end(os.environ["COMP_CWORD"]))[-1].removesuffix(_END)
        kept = len(typed) - len(replaced) if typed.endswith(replaced) else 0
        value = str(item.value)[kept:]
        is_quoted = os.environ["COMP_CWORD"][:1] in ("'", '"')
        return f"{item.type},{value if is_quoted else _SPECIAL.sub(_escaped, value)}"


# Put behind what was typed, so that a last word is there also when it is empty.
_END = "\x00"
# Those signs of a shell's language that can be in a tag.
_SPECIAL = re.compile(r"[(){}&#~^]")


def _with_end(text: str) -> str:
    return text + _END


def _escaped(sign: re.Match[str]) -> str:
    return f"\\{sign[0]}"


class _Fish(FishComplete):
    """Completion for fish; click's own script cuts a tag at its first comma."""

    source_template = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )

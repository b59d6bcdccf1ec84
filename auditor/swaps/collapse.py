"""Two groups that a swap would make one: "Mrs or Ms" -> "Mr or Mr", "not white" beside "white".

An exchange never does so; it happens where two words of a group share a counterpart, or where one
of two joined words is not read as a mention.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from auditor.swaps.language import Language
from auditor.swaps.words import Words

_REACH = 3
_JOINING = frozenset({"and", "or", "but", "nor", "not"})


class Replaced(NamedTuple):
    """A mention and what stands there afterwards."""

    first: int
    last: int
    new: str


def collapsing(words: Words, replaced: Sequence[Replaced], language: Language) -> str | None:
    """Returns a word that would stand joined to itself, and did not in the text; else None."""
    for a, b in pairwise(replaced):
        same = a.new.casefold() == b.new.casefold()
        differed = words.part(a.first, a.last).casefold() != words.part(b.first, b.last).casefold()
        if same and differed and _is_joined(words, a.last, b.first, language):
            return b.new
    moved = {i for each in replaced for i in range(each.first, each.last + 1)}
    for each in replaced:
        for i in range(max(0, each.first - _REACH), min(len(words.folded), each.last + _REACH + 1)):
            if i not in moved and words.folded[i] == each.new.casefold():
                before, after = (i, each.first) if i < each.first else (each.last, i)
                if _is_joined(words, before, after, language):
                    return each.new
    return None


def _is_joined(words: Words, before: int, after: int, language: Language) -> bool:
    """ "white, not black", "the white and the black"; not "white cats and black"."""
    between = words.folded[before + 1 : after]
    joins = all(word in _JOINING or word in language.determiners for word in between)
    plain = all(words.gap(i).strip() in ("", ",", "/", "&") for i in range(before + 1, after + 1))
    apart = bool(between) or words.gap(after).strip() in (",", "/", "&")
    return after - before <= _REACH and joins and plain and apart

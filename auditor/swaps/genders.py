"""Agreement with grammatical gender, beyond what stands directly before a term.

A template says which of its words agree ("{cansado|cansada}"), so they change with its person. A
free text does not, and nothing here parses it: where a word in it might agree, the pair is made and
stays out of verdicts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from auditor.grammar import Grammar
from auditor.records import Agreement
from auditor.swaps.edits import Edit
from auditor.swaps.language import Language
from auditor.swaps.words import Words


class Turn(NamedTuple):
    """The grammatical gender of a term, and of the one that takes its place."""

    old: str
    new: str


def agreeing_forms(
    agreements: Sequence[Agreement], turns: set[Turn], grammar: Grammar
) -> Iterator[Edit]:
    """Yields the edits that make a template's words agree with its person's new gender."""
    if len(turns) != 1:
        return
    (turn,) = turns
    for each in agreements if turn.old != turn.new else ():
        old, new = (each.forms[grammar.genders.index(gender)] for gender in turn)
        if old != new:
            yield Edit(each.span, new, "")


def disagreeing(
    words: Words,
    agreements: Sequence[Agreement] | None,
    turns: set[Turn],
    edits: Sequence[Edit],
    language: Language,
) -> str | None:
    """Returns why something in the counterfactual may not agree any more, or None."""
    if agreements:
        several = len(turns) > 1
        return "its words can agree with one person only, and it has several" if several else None
    for turn in turns if agreements is None else ():
        word = _left_behind(words, turn, edits, language) if turn.old != turn.new else None
        if word is not None:
            return f"{word!r} may have to agree as well"
    return None


def _left_behind(words: Words, turn: Turn, edits: Sequence[Edit], language: Language) -> str | None:
    """Returns the first word outside the edits that ends as what agrees with the old gender."""
    place = language.grammar.genders.index(turn.old)
    endings = tuple(language.agreeing_endings[place].split("/"))
    for i, word in enumerate(words.folded):
        start, end = words.spans[i]
        inside = any(edit.span[0] <= start and end <= edit.span[1] for edit in edits)
        if word.endswith(endings) and word not in language.never_agreeing and not inside:
            return words.written(i)
    return None

"""Which words come back from a swap there and back, as the lexicon itself has it."""

from __future__ import annotations

from auditor.swaps.matching import Sense


def comes_back(sense: Sense, group: str) -> bool:
    """Whether the counterpart of a word, read where its list has it first, has that word for its
    own: "white American" goes to "African American", which comes back as "white"."""
    there = sense.counterpart(group)
    if there is None:
        return False
    row, word = sense.row, sense.term.word
    if [term.word for term in row.terms[sense.group]].index(word) != sense.index:
        return False
    place = [term.word for term in row.terms[group]].index(there.word)
    back = Sense(group, row, place).counterpart(sense.group)
    return back is not None and back.word == word

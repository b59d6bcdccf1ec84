"""Swaps of two attributes at once: "a young Muslim man" -> "an old Christian man"."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.records import Contrast, Pair, SourceText, Validity
from auditor.swaps.by_word import Reading, WordSwaps
from auditor.swaps.changes import Change, merged
from auditor.swaps.matching import Found
from auditor.swaps.words import Words

JOINT = "+"
"""Joins the groups of an intersection: "old+muslim"."""
NOT_BOTH = "names one of two attributes only, or several groups of one"


class JointSwaps:
    """Makes the pairs of an intersection; a text must name one group of either attribute."""

    def __init__(self, first: WordSwaps, second: WordSwaps, contrasts: Sequence[Contrast]) -> None:
        self.parts = (first, second)
        self.contrasts = tuple(contrasts)

    def pairs(self, source: SourceText, words: Words) -> tuple[list[Pair], Found]:
        """Returns one pair per contrast of which the text is one side, and what was found."""
        readings = [part.read(words) for part in self.parts]
        skipped = tuple(reason for each in readings for reason in each.found.skipped)
        if any(len(reading.groups) != 1 for reading in readings):
            named = any(reading.groups for reading in readings)
            return [], Found([], (*skipped, NOT_BOTH) if named else skipped)
        here = tuple(next(iter(reading.groups)) for reading in readings)
        pairs = []
        for contrast in self.contrasts:
            sides = tuple(contrast.group_a.split(JOINT)), tuple(contrast.group_b.split(JOINT))
            if here in sides:
                there = sides[1] if here == sides[0] else sides[0]
                change = self._change(readings, here, there)
                pairs += [] if change is None else [change.pair(source, contrast)]
        return pairs, Found([m for each in readings for m in each.mentions], skipped)

    def _change(
        self, readings: Sequence[Reading], here: Sequence[str], there: Sequence[str]
    ) -> Change | None:
        """Returns both changes as one; None where either has no counterpart or they overlap."""
        moves = zip(self.parts, readings, here, there, strict=True)
        changes = [part.change(reading, a, b) for part, reading, a, b in moves if a != b]
        if any(change is None for change in changes):
            return None
        whole = [change for change in changes if change is not None]
        edits = merged([edit for change in whole for edit in change.edits])
        if edits is None:
            return None
        joint = Change(
            group_from=JOINT.join(here),
            group_to=JOINT.join(there),
            term_from=" + ".join(change.term_from for change in whole),
            term_to=" + ".join(change.term_to for change in whole),
            edits=edits,
        )
        for change in whole:
            if change.validity is not Validity.VALID and change.reason is not None:
                joint = joint.kept_out(change.validity, change.reason)
        return joint

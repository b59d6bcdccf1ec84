"""What a swap does to one text, before it is a pair: its edits, and whether it may be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from auditor.records import Arm, Contrast, Pair, SourceText, Validity
from auditor.swaps.edits import Edit, apply


@dataclass(frozen=True, slots=True)
class Change:
    """A text made to speak of another group."""

    group_from: str
    group_to: str
    term_from: str
    """The first mention, as it stands in the text."""
    term_to: str
    edits: tuple[Edit, ...]
    """In the order of the text; none overlap."""
    validity: Validity = Validity.VALID
    reason: str | None = None

    def kept_out(self, validity: Validity, reason: str) -> Change:
        """Returns the same change, kept out of verdicts; a reason that it has already stays."""
        if self.validity is not Validity.VALID:
            return self
        return replace(self, validity=validity, reason=reason)

    def pair(
        self, source: SourceText, contrast: Contrast, *, arm: Arm = Arm.SWAP, **columns: Any
    ) -> Pair:
        """Returns the pair that this change makes of its text."""
        counterfactual, spans = apply(source.text, self.edits)
        return pair_of(
            source,
            contrast,
            arm=arm,
            group_from=self.group_from,
            group_to=self.group_to,
            term_from=self.term_from,
            term_to=self.term_to,
            text=source.text,
            counterfactual=counterfactual,
            spans_from=tuple(edit.span for edit in self.edits),
            spans_to=spans,
            validity=self.validity,
            reason=self.reason,
            **columns,
        )


def pair_of(source: SourceText, contrast: Contrast, **columns: Any) -> Pair:
    """Returns a pair with what it has from its source text."""
    return Pair(
        row_id=source.row_id,
        cluster=source.cluster,
        contrast=contrast,
        template_id=source.template_id,
        slots=source.slots,
        label_true=source.label,
        weight=source.weight,
        **columns,
    )


def merged(edits: Sequence[Edit]) -> tuple[Edit, ...] | None:
    """Returns the edits in the order of the text; None where two of them overlap.

    The same edit twice (two verbs found for one subject) counts once.
    """
    ordered = sorted(set(edits), key=lambda edit: edit.span)
    if any(a.span[1] > b.span[0] for a, b in pairwise(ordered)):
        return None
    return tuple(ordered)


def exchange(group_a: str, group_b: str) -> Mapping[str, str]:
    """Returns each group's other: two groups in one text trade places, never a collapse."""
    return {group_a: group_b, group_b: group_a}

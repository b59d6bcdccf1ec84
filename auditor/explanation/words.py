"""Explanations in words and tables, for the command line and the pages."""

from __future__ import annotations

from typing import Any

from auditor.attributions.methods import METHODS
from auditor.explanation.pair import PairExplanation, Side
from auditor.explanation.reading import SHAP
from auditor.records_attributions import Chosen, Explanations
from auditor.report.numbers import decimal
from auditor.report.words_attributions import method_title

NO_SHAP = "This is no SHAP: a second opinion on the same texts, by its own rule."
CHOSEN = {
    Chosen.FLAGGED: "flagged",
    Chosen.SAMPLE: "drawn at random from the others",
    Chosen.PLACEBO: "drawn at random from the placebo pairs",
}
"""Why a pair was explained, in words."""
NOT_EVIDENCE = "Computed now, with the run's own model; it is no part of the run's evidence."
NUMBERS = ("value from", "value to", "gap")
"""Columns of `explanation_rows`."""
_ROUNDING = 1e-6
"""Residuals below this are the last digits of float32 sums."""


def counts_words(explanations: Explanations) -> str:
    """Returns how many pairs were explained, of how many, in one line."""
    if explanations.not_explained is not None:
        return f"none; {explanations.not_explained}"
    parts = []
    for chosen, noun in _NOUNS.items():
        counts = [count for count in explanations.counts if count.chosen is chosen]
        if counts:
            explained, of = sum(c.explained for c in counts), sum(c.of for c in counts)
            parts.append(f"{explained:,} of {of:,} {noun}")
    total = sum(count.explained for count in explanations.counts) - explanations.refused
    refused = f"; {explanations.refused:,} could not be" if explanations.refused else ""
    return f"{total:,} pairs by token ({', '.join(parts)}){refused}"


_NOUNS = {
    Chosen.FLAGGED: "flagged",
    Chosen.SAMPLE: "others",
    Chosen.PLACEBO: "placebo pairs",
}


def explanation_rows(explanation: PairExplanation) -> list[dict[str, str]]:
    """Returns a table for people: compared tokens, then base, sum and total."""
    rows = [
        _row(each.role.value, each.token_from, each.token_to, each.value_from, each.value_to)
        for each in explanation.compared
    ]
    text, other = explanation.text, explanation.counterfactual
    rows.append(_row("", "= sum of tokens", "", text.sum, other.sum))
    if text.base is None or other.base is None:
        return rows
    rows.append(_row("", "+ base: every token masked", "", text.base, other.base))
    if _left_over(text) or _left_over(other):
        rows.append(_row("", "+ left over", "", text.residual, other.residual))
    return [*rows, _row("", "= output", "", text.total, other.total)]


def explanation_json(explanation: PairExplanation) -> dict[str, Any]:
    """Returns an explanation as one JSON document. `in_evidence`: it is the audit's own."""
    text, other = explanation.text, explanation.counterfactual
    ends = {
        name: {"from": getattr(text, name), "to": getattr(other, name)}
        for name in ("sum", "base", "residual", "total", "unresolved")
    }
    return {
        **{name: getattr(explanation, name) for name in ("pair_id", "model_id", "method")},
        "title": method_title(explanation.method),
        "label": explanation.label,
        "unit": explanation.unit,
        "in_evidence": explanation.chosen is not None,
        "chosen": explanation.chosen,
        "text": text.text,
        "counterfactual": other.text,
        "tokens": [each.plain() for each in explanation.compared],
        **ends,
    }


def explanation_lines(explanation: PairExplanation) -> list[str]:
    """Returns what stands below the table: what the numbers are of, and what they leave out."""
    info = METHODS[explanation.method]
    why = explanation.chosen
    return [
        f"{method_title(explanation.method)} of {explanation.label!r}, {explanation.unit}; gap: "
        "the second text's less the first's.",
        info.meaning,
        *caveats(explanation),
        f"Part of the run's evidence: the pair was {CHOSEN[why]}." if why else NOT_EVIDENCE,
    ]


def caveats(explanation: PairExplanation) -> list[str]:
    """Returns what must be said beside an explanation, in sentences."""
    info, unit = METHODS[explanation.method], explanation.unit
    sides = (explanation.text, explanation.counterfactual)
    said = [] if explanation.method == SHAP else [NO_SHAP]
    if not info.signed:
        said.append("Values have no sign: they say how much, not in which direction.")
    if explanation.text.base is None:
        said.append("The values do not add up to the output.")
    left = max(abs(side.residual or 0.0) for side in sides)
    if left > _ROUNDING:
        said.append(f"Values and base leave up to {decimal(left, signed=False)} {unit} over.")
    unresolved = max(side.unresolved for side in sides)
    if unresolved > 0:
        said.append(
            f"Up to {decimal(unresolved, signed=False)} {unit} of a side lies on groups of tokens "
            "that max_evals did not take apart, and is shared out evenly among them."
        )
    return said


def _left_over(side: Side) -> bool:
    return abs(side.residual or 0.0) > _ROUNDING


def _row(
    role: str, token_from: str, token_to: str, value_from: float | None, value_to: float | None
) -> dict[str, str]:
    assert value_from is not None
    assert value_to is not None
    shown = [decimal(value) for value in (value_from, value_to, value_to - value_from)]
    words = {"role": role, "token from": token_from, "token to": token_to}
    return {**words, **dict(zip(NUMBERS, shown, strict=True))}

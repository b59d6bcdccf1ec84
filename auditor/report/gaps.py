"""The pairs with the largest effects, to be read: texts cut to what is near a change."""

from __future__ import annotations

from typing import Any

from auditor.evidence.reader import Evidence
from auditor.report.parts import GapRow, Runs

GAPS_PER_ATTRIBUTE = 10
CONTEXT = 200
"""Characters of an unchanged text shown beside a change in the largest gaps."""


def largest_gaps(evidence: Evidence) -> list[GapRow]:
    """Returns each attribute's largest effects of swaps on the first checkpoint."""
    return [
        _gap(row) for name in evidence.coverage["attributes"] for row in _largest(evidence, name)
    ]


def _largest(evidence: Evidence, attribute: str) -> list[dict[str, Any]]:
    """Returns the rows with the largest effects, two same texts once: names meet again in every
    variant of a template that says the rest alike."""
    limit = GAPS_PER_ATTRIBUTE
    while True:
        limit *= 8
        frame = evidence.pairs(
            "attribute = ? AND model_id = ? AND validity = 'valid' AND arm = 'swap'",
            [attribute, *evidence.model_ids[:1]],
            order_by="abs(effect) DESC, pair_id",
            limit=limit,
        )
        found: dict[frozenset[str], dict[str, Any]] = {}
        for row in frame.to_dict("records"):
            values = {str(name): value for name, value in row.items()}
            found.setdefault(frozenset((values["text"], values["counterfactual"])), values)
        if len(found) >= GAPS_PER_ATTRIBUTE or len(frame) < limit:
            return list(found.values())[:GAPS_PER_ATTRIBUTE]


def _gap(row: dict[str, Any]) -> GapRow:
    return GapRow(
        pair_id=row["pair_id"],
        attribute=row["attribute"],
        group_a=row["group_a"],
        group_b=row["group_b"],
        group_from=row["group_from"],
        group_to=row["group_to"],
        text=clipped(marked_runs(row["text"], row["spans_from"])),
        counterfactual=clipped(marked_runs(row["counterfactual"], row["spans_to"])),
        score_from=row["score_from"],
        score_to=row["score_to"],
        effect=row["effect"],
        label_from=row["label_from"] if isinstance(row["label_from"], str) else None,
        label_to=row["label_to"] if isinstance(row["label_to"], str) else None,
    )


def marked_runs(text: str, spans: Any) -> Runs:
    """Returns `text` cut into runs, each with whether it was changed by the swap."""
    runs: Runs = []
    done = 0
    for span in spans if spans is not None else ():
        runs += [(text[done : span["start"]], False), (text[span["start"] : span["end"]], True)]
        done = span["end"]
    return [run for run in [*runs, (text[done:], False)] if run[0]]


def clipped(runs: Runs) -> Runs:
    """Returns `runs` with long stretches that did not change cut down to what is near a change."""
    last = len(runs) - 1
    return [
        (part if changed else _near(part, before=i < last, after=i > 0), changed)
        for i, (part, changed) in enumerate(runs)
    ]


def _near(text: str, *, before: bool, after: bool) -> str:
    """Keeps the end of `text` if it stands before a change, and its start if after one."""
    if len(text) <= 2 * CONTEXT:
        return text
    start = [text[:CONTEXT]] if after or not before else []
    end = [text[-CONTEXT:]] if before else []
    return " ".join([*start, "[…]", *end])

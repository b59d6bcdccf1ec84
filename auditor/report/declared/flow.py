"""From the source to what was compared: how many there are after each step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.rates import wilson
from auditor.plan import AuditPlan
from auditor.records import Estimate, Validity
from auditor.report.declared.asked import kind_of
from auditor.report.declared.parts import DataKind, MentionRow, StepRow
from auditor.swaps.attributes import PLACEBO

UNIT = {
    "templates": "one template, filled with one person of each attribute",
    "texts": "one row of the operator's table, which has one text",
    "pairs": "one pair of texts, swapped and scored elsewhere",
    "outcomes": "one row of a table of outcomes",
}
_READ = {
    "templates": "Filled templates",
    "texts": "Rows with a text",
    "pairs": "Pairs read",
    "outcomes": "Lines of the table",
}
_SHARE = "share of texts"


def unit_of(plan: AuditPlan) -> str:
    """Returns what one row or text of the data is."""
    counts = plan.data.weight is not None and plan.data.weight_kind == "frequency"
    more = f", which stands for as many as column {plan.data.weight!r} says" if counts else ""
    return f"{UNIT[kind_of(plan)]}{more}"


def steps_of(evidence: Evidence) -> list[StepRow]:
    """Returns the counts from what was read to what a model, or a rate, was given."""
    read = StepRow(
        what=_READ[kind_of(evidence.plan)], count=evidence.coverage["texts"], model_id=None
    )
    return [*_without_text(evidence), read, *_of_rows(evidence), *_of_models(evidence)]


def _without_text(evidence: Evidence) -> Iterator[StepRow]:
    """Rows of a table that have no text: an audit of an earlier auditor did not count them."""
    stage = evidence.record.get("stages", {}).get("model 0", {})
    if stage.get("without_text"):
        yield _step("Rows left out, since they have no text", stage["without_text"])


def _of_rows(evidence: Evidence) -> Iterator[StepRow]:
    """Rows that groups of people are made of. All checkpoints see the same rows."""
    predictions = evidence.predictions()
    if predictions is None:
        return
    rows = predictions[predictions["model_id"] == evidence.model_ids[0]]
    counted = rows[rows["weight"] > 0]
    if len(counted) < len(rows):
        yield _step(
            "Left out: no weight, or one that is not above nothing", len(rows) - len(counted)
        )
    weight = counted["weight"] if _are_counts(evidence.plan) else counted["weight"] * 0 + 1
    if _are_counts(evidence.plan):
        yield _step("Rows that the remaining lines stand for", round(weight.sum()))
    undecided = weight[counted["selected"].isna()]
    if len(undecided):
        yield _step("Of these without an outcome: in no rate", round(undecided.sum()))
    decided = weight[counted["selected"].notna()]
    yield _step("Rows with an outcome, of which rates are made", round(decided.sum()))


def _are_counts(plan: AuditPlan) -> bool:
    return plan.data.weight is not None and plan.data.weight_kind == "frequency"


def _of_models(evidence: Evidence) -> Iterator[StepRow]:
    several = len(evidence.model_ids) > 1
    for model_id, counts in evidence.coverage["models"].items():
        named = model_id if several else None
        if "texts_scored" in counts:
            yield _step(
                "Distinct texts scored, swapped ones included", counts["texts_scored"], named
            )
        if counts.get("truncated"):
            yield _step("Of these cut off at the model's window", counts["truncated"], named)


def _step(what: str, count: int, model_id: str | None = None) -> StepRow:
    return StepRow(what=what, count=count, model_id=model_id)


def mentions_of(evidence: Evidence) -> list[MentionRow]:
    """Returns every attribute from texts to valid pairs. The placebo is none that is protected."""
    kind, coverage = kind_of(evidence.plan), evidence.coverage
    return [
        _mention(name, counts, coverage["texts"], kind, evidence.plan)
        for name, counts in coverage["attributes"].items()
        if name != PLACEBO
    ]


def _mention(
    name: str, counts: dict[str, Any], texts: int, kind: DataKind, plan: AuditPlan
) -> MentionRow:
    mentions, valid = counts["texts_with_mention"], counts["by_validity"].get(Validity.VALID, 0)
    own = kind == "texts" and mentions is not None
    return MentionRow(
        attribute=name,
        texts=texts,
        mentions=mentions,
        share=mention_share(mentions, texts, plan) if own else None,
        pairs=counts["pairs"],
        valid=valid,
        kept_out=counts["pairs"] - valid,
    )


def mention_share(mentions: int, texts: int, plan: AuditPlan) -> Estimate:
    """Returns the share of the operator's texts that mention an attribute, with Wilson's interval.

    Texts that share a cluster mention the same things, and the audit counted no clusters of
    mentions: their share has no interval.
    """
    value = mentions / texts
    if plan.data.cluster:
        reason = "texts of one cluster mention the same, so they are not as many independent ones"
        return Estimate(value, None, None, texts, 0, _SHARE, "share", reason=reason)
    return Estimate(value, *wilson(mentions, texts), texts, texts, _SHARE, "Wilson")

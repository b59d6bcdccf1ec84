"""From scores to everything that an audit says: `measure_scores` calls each part in order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyarrow as pa

from auditor.errors import PlanError
from auditor.metrics.cases import flag_cases
from auditor.metrics.counted import counted_pairs
from auditor.metrics.coverage import coverage
from auditor.metrics.findings import find
from auditor.metrics.groups import (
    compare_groups,
    data_notes,
    group_contrasts,
    group_metrics,
)
from auditor.metrics.measurements import (
    contrasts_by_arm,
    governing_metrics,
    measure_groups,
    measure_swaps,
    read_values,
    systematic_effects,
)
from auditor.metrics.self_test import self_test
from auditor.metrics.terms import fairness_gaps, term_effects
from auditor.metrics.verdicts import overall
from auditor.plan import AuditPlan, parts_of
from auditor.records import Arm, Comparison, Contrast, Finding, Results
from auditor.schemas import CASES


@dataclass(frozen=True, slots=True)
class Scored:
    """What was scored, as it lies in a run folder."""

    pairs: str
    """DuckDB glob, safe inside single quotes."""
    predictions: pd.DataFrame
    """Rows of `schemas.PREDICTIONS`; none where no one asked for groups."""
    models: Sequence[Mapping[str, Any]]
    """The records of the models; the first one is judged."""
    notes: Mapping[str, Sequence[Mapping[str, Any]]]
    """Model id -> the notes of its parts."""

    @property
    def model_ids(self) -> list[str]:
        return [str(model["model_id"]) for model in self.models]


def measure_scores(
    scored: Scored, plan: AuditPlan, judged: Sequence[Contrast] | None
) -> tuple[Results, pa.Table]:
    """Returns what the audit found, and the cases for a person to look at (`schemas.CASES`).

    Args:
        judged: the contrasts of the plan; None: those that stand in the pairs.
    """
    ids, favourable = scored.model_ids, favourable_labels(plan, scored.models)
    people = group_contrasts(scored.predictions, plan, favourable)
    with counted_pairs(scored.pairs, favourable) as db:
        contrasts = contrasts_by_arm(db)
        values = read_values(db, contrasts)
        contrasts[Arm.SWAP] = list(contrasts.get(Arm.SWAP, []) if judged is None else judged)
        refuse_own_target(plan, {c.attribute for c in contrasts[Arm.SWAP]})
        swaps = measure_swaps(values, plan, contrasts, ids)
        comparisons = compare_groups(scored.predictions, plan, favourable)
        findings = with_rules(find([*swaps, *measure_groups(people, plan)], plan), comparisons)
        governs = governing_metrics(values, plan, contrasts[Arm.SWAP], ids)
        cases = flag_cases(db, plan, ids[0], governs) if ids else None
        results = Results(
            overall=overall(findings),
            findings=tuple(findings),
            attribute_metrics=tuple(fairness_gaps(db, plan.seed)),
            terms=tuple(term_effects(db, {c.contrast_id: c for c in contrasts[Arm.SWAP]})),
            systematic=tuple(systematic_effects(values, plan, contrasts, ids)),
            self_test=tuple(self_test(swaps, plan)),
            group_metrics=tuple(group_metrics(scored.predictions, plan, favourable)),
            comparisons=tuple(comparisons),
            data_notes=tuple(data_notes(scored.predictions, plan, favourable)),
            coverage=coverage(scored.pairs, scored.notes),
        )
    return results, CASES.empty_table() if cases is None else cases


def refuse_own_target(plan: AuditPlan, attributes: Collection[str]) -> None:
    """Refuses pairs of an attribute that is the task's own target, which a plan of texts refuses
    before anything is scored.

    Raises:
        PlanError: naming it.
    """
    own = sorted(a for a in attributes if parts_of(a) & set(plan.metrics.task_concerns))
    if own:
        raise PlanError(
            f"{', '.join(own)} is both in the pairs and the task's own target (task_concerns): "
            "swapping it should move the score, so a verdict would be wrong; leave those pairs out"
        )


def with_rules(findings: Sequence[Finding], comparisons: Sequence[Comparison]) -> list[Finding]:
    """Returns the findings on selection rates of groups with what a rule of thumb says of each."""
    rules = {(c.model_id, c.column, c.group): c.rule_of_thumb for c in comparisons}

    def rule(finding: Finding) -> str | None:
        if finding.metric != "selection_rate_difference":
            return None
        contrast = finding.contrast
        return rules.get((finding.model_id, contrast.attribute, contrast.group_b))

    return [replace(each, rule_of_thumb=rule(each)) for each in findings]


def favourable_labels(plan: AuditPlan, models: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns the true labels that deserve the favourable outcome, in the models' words, or, where
    nothing was loaded, in the plan's."""
    named = dict.fromkeys(word for model in models for word in model.get("favourable") or ())
    return list(named) or plan.scoring.favourable_words

"""The four-fifths rule of thumb, and the tests that courts and agencies read beside it.

Each group is held against the one with the highest rate, as 29 CFR 1607.4(D) has it, whatever
reference the plan names. The words follow from a table of rules; they are never a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.columns import CROSSED
from auditor.metrics.groups.compare import FOUR_FIFTHS, compare_groups
from auditor.metrics.groups.counts import CountPair, below_four_fifths
from auditor.plan import AuditPlan
from auditor.records import Comparison
from auditor.report.edition import Edition
from auditor.report.numbers import p_value
from auditor.report.packs.scope import why_not
from auditor.report.people.parts import AdversePart, AdverseRow, BottomLine, Governing
from auditor.report.people.power import detectable_ratio
from auditor.report.words import isolated, listed

PACK = "us-ugesp-title-vii"
NO_COUNTS = "no tests: people cannot be counted, since rows share clusters or carry survey weights"
TOO_FEW = "too few rows to say"
BELOW, NOT_BELOW = "below four fifths", "not below four fifths"


def ugesp_of(evidence: Evidence, edition: Edition) -> AdversePart:
    """Returns the guideline's numbers of every group of the first checkpoint, or why not."""
    refused = why_not(PACK, evidence, edition)
    metrics = evidence.plan.metrics
    found = [] if refused else _against_highest(evidence)
    rows = [_row(each, evidence.plan) for each in found]
    return AdversePart(
        refused=refused,
        model_id=None if refused else evidence.model_ids[0],
        other_models=len(evidence.model_ids) - 1,
        alpha=metrics.alpha,
        power=metrics.power,
        columns=[_bottom_line(name, rows) for name in dict.fromkeys(row.column for row in rows)],
        rows=rows,
    )


def _against_highest(evidence: Evidence) -> list[Comparison]:
    """The comparisons of the audit where they are against the highest rate; else made anew."""
    plan, predictions = evidence.plan, evidence.predictions()
    compared, metrics = evidence.results.comparisons, plan.metrics
    as_asked = FOUR_FIFTHS in metrics.rules_of_thumb and not plan.swaps.references
    if not as_asked and predictions is not None:
        asked = {
            "metrics": metrics.model_copy(update={"rules_of_thumb": (FOUR_FIFTHS,)}),
            "swaps": plan.swaps.model_copy(update={"references": {}}),
        }
        compared = tuple(compare_groups(predictions, plan.model_copy(update=asked)))
    return [each for each in compared if each.model_id == evidence.model_ids[0]]


def _row(found: Comparison, plan: AuditPlan) -> AdverseRow:
    pair, alpha, governing = _pair(found), plan.metrics.alpha, _governing(found)
    significant = _significant(found, governing, alpha)
    below = below_four_fifths(pair) if pair and found.rule_of_thumb else None
    return AdverseRow(
        column=found.column,
        group=found.group,
        reference=found.reference,
        crossed=CROSSED in found.column and found.column not in plan.data.protected,
        selected=found.selected,
        n=found.n,
        selected_reference=found.selected_reference,
        n_reference=found.n_reference,
        rate=pair.selected / pair.n if pair else None,
        rate_reference=pair.selected_reference / pair.n_reference if pair else None,
        impact_ratio=found.impact_ratio,
        below=below,
        **{name: getattr(found, name) for name in _AS_RECORDED},
        governing=governing,
        detectable=_detectable(pair, plan) if (below, significant) == (False, False) else None,
        words=_words(found, below, significant, plan),
        tests_differ=_tests_differ(found, governing, alpha),
    )


_AS_RECORDED = (
    "z_pooled",
    "p_z",
    "z_hypergeometric",
    "p_fisher",
    "p_fisher_adjusted",
    "shortfall",
    "one_person_turns",
    "small_numbers",
)


def _pair(found: Comparison) -> CountPair | None:
    if found.selected is None or found.selected_reference is None:
        return None
    return CountPair(found.selected, found.n, found.selected_reference, found.n_reference)


def _governing(found: Comparison) -> Governing | None:
    if found.p_fisher is None:
        return None
    return "Fisher" if found.small_numbers or found.p_z is None else "z"


def _significant(found: Comparison, governing: Governing | None, alpha: float) -> bool | None:
    """By the test that is read, of this comparison alone: agencies look at the raw p."""
    p = found.p_fisher if governing == "Fisher" else found.p_z
    return None if governing is None or p is None else p <= alpha


def _words(found: Comparison, below: bool | None, significant: bool | None, plan: AuditPlan) -> str:
    """Returns what ratio and test say together. Counts decide first whether anything is said."""
    if found.selected_reference == 0:
        return f"no answer: no one of {isolated(found.reference)} was selected"
    if significant is None:
        return NO_COUNTS
    if below is None:
        return TOO_FEW
    if min(found.n, found.n_reference) < plan.metrics.min_rows:
        return f"{BELOW if below else NOT_BELOW}; {TOO_FEW} more"
    return _MEANING[below, significant, below and found.small_numbers and not significant]


_MEANING = {
    (True, True, False): f"{BELOW}, and significant",
    (True, False, True): f"{BELOW}; small numbers, and not significant",
    (True, False, False): f"{BELOW}, and not significant",
    (False, True, False): f"{NOT_BELOW}, and significant: look at the shortfall",
    (False, False, False): f"{NOT_BELOW}, and not significant at this power",
}
"""(below four fifths, significant, numbers too small for that to say much) -> words."""


def _tests_differ(found: Comparison, governing: Governing | None, alpha: float) -> str | None:
    """One answer, by the test that governs, where the two fall on two sides."""
    p_z, p_fisher = found.p_z, found.p_fisher
    if governing is None or p_z is None or p_fisher is None:
        return None
    if (p_z <= alpha) is (p_fisher <= alpha):
        return None
    why = (
        "a group has fewer than 30 rows, or an expected count is below 5, so Fisher's exact test "
        "governs"
        if governing == "Fisher"
        else "no group has fewer than 30 rows, and no expected count is below 5, so z governs"
    )
    answer = "significant" if _significant(found, governing, alpha) else "not significant"
    return (
        f"{isolated(found.group)} against {isolated(found.reference)}: p is "
        f"{p_value(p_z, mark=alpha)} by z and {p_value(p_fisher, mark=alpha)} by Fisher's exact "
        f"test; {why}: {answer} at {alpha:g}."
    )


def _detectable(pair: CountPair | None, plan: AuditPlan) -> float | None:
    if pair is None:
        return None
    metrics = plan.metrics
    return detectable_ratio(
        pair.selected_reference / pair.n_reference,
        pair.n,
        pair.n_reference,
        power=metrics.power,
        alpha=metrics.alpha,
    )


def _bottom_line(column: str, rows: Sequence[AdverseRow]) -> BottomLine:
    """What a column says in a sentence. No number of a group: a public edition may hide it."""
    own = [row for row in rows if row.column == column]
    answered = [row for row in own if row.below is not None]
    below = [row.group for row in answered if row.below]
    few = [row for row in answered if row.below and row.words.endswith(f"{TOO_FEW} more")]
    parts = [
        f"of {_groups(answered)} held against the highest rate, that of "
        f"{isolated(own[0].reference)}, {len(below) or 'none'} "
        f"{'are' if len(below) > 1 else 'is'} below four fifths of it",
        f": {listed(below)}" if below else "",
        f"; {len(few)} of these with too few rows to say more" if few else "",
        f"; {_groups(own[len(answered) :])} without an answer" if len(answered) < len(own) else "",
    ]
    said = "".join(parts) if answered else "four fifths has no answer; the table says why"
    return BottomLine(column=column, sentence=f"{isolated(column)}: {said}.")


def _groups(rows: Sequence[AdverseRow]) -> str:
    return "1 group" if len(rows) == 1 else f"{len(rows)} groups"

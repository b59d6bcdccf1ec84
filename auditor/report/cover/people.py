"""A finding on groups of people in one sentence, with counts, ratio, interval and tests."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.records import Comparison, Finding
from auditor.report.measures import FOUR_FIFTHS
from auditor.report.numbers import bracket, decimal, number, p_value, percent
from auditor.report.words import isolated

_OF_RATES = "selection_rate_difference"


def comparison_of(finding: Finding, comparisons: Sequence[Comparison]) -> Comparison | None:
    """Returns the comparison of a finding's two groups, whichever is the reference; None where
    there is none, or rows stand for no counts of people."""
    contrast = finding.contrast
    pair = {contrast.group_a, contrast.group_b}
    for each in comparisons:
        same = (each.column, each.model_id) == (contrast.attribute, finding.model_id)
        if same and {each.group, each.reference} == pair:
            return each if each.selected is not None and each.p_fisher is not None else None
    return None


def rule_of_thumb(finding: Finding, comparisons: Sequence[Comparison]) -> str | None:
    """Returns what a rule of thumb says of a finding's two groups: it is asked of the one with the
    lower rate, which may be the finding's reference."""
    found = comparison_of(finding, comparisons) if finding.metric == _OF_RATES else None
    return finding.rule_of_thumb or (found.rule_of_thumb if found else None)


def people_sentence(
    finding: Finding, comparisons: Sequence[Comparison], *, alpha: float
) -> str | None:
    """Returns a finding on selection rates in the numbers of employment law; None where it has no
    such numbers."""
    found = comparison_of(finding, comparisons)
    if found is None or found.impact_ratio.value is None or finding.metric != _OF_RATES:
        return None
    family = [c for c in comparisons if (c.column, c.model_id) == (found.column, found.model_id)]
    tests = sum(c.p_fisher_adjusted is not None for c in family)
    parts = (_counts(found, tests, alpha), _meaning(found, tests, alpha), _judged(finding, alpha))
    return " ".join(part for part in parts if part)


def _counts(found: Comparison, tests: int, alpha: float) -> str:
    group, reference = isolated(found.group), isolated(found.reference)
    ratio, level = found.impact_ratio, percent(found.impact_ratio.level)
    assert found.p_fisher is not None
    holm = ""
    if tests > 1 and found.p_fisher_adjusted is not None:
        adjusted = _p(found.p_fisher_adjusted, alpha)
        holm = f"; {adjusted} after Holm over {tests} comparisons"
    return (
        f"Among {found.n:,} rows of {group} and {found.n_reference:,} of {reference}, "
        f"{found.selected:,} and {found.selected_reference:,} were given the favourable outcome: "
        f"an impact ratio of {number(ratio, signed=False, mark=FOUR_FIFTHS)} ({level} interval; "
        f"Fisher's {_p(found.p_fisher, alpha)}{holm})."
    )


def _meaning(found: Comparison, tests: int, alpha: float) -> str:
    """What the tests say, in words that no other test on the page contradicts."""
    assert found.p_fisher is not None
    adjusted = found.p_fisher_adjusted if found.p_fisher_adjusted is not None else found.p_fisher
    unusual = found.p_fisher <= alpha
    if not unusual:
        said = "A gap of this size is not unusual where both groups have the same rate"
    elif tests == 1:
        said = "A gap this large would be unusual if both groups had the same rate"
    else:
        also = "also" if adjusted <= alpha else "less so"
        said = (
            "A gap this large would be unusual if both groups had the same rate, "
            f"{also} once {tests} comparisons are allowed for"
        )
    return f"{said}{_shortfall(found)}.{_governing(found, alpha)}"


def _shortfall(found: Comparison) -> str:
    if found.shortfall is None:
        return ""
    size = round(abs(found.shortfall))
    if size == 0:
        return "; it equals less than one selection"
    return f"; it equals about {size:,} selection{'s' if size > 1 else ''}"


def _governing(found: Comparison, alpha: float) -> str:
    """Which test decides where counts are small; both are named where they would differ."""
    if not found.small_numbers:
        return ""
    said = " The numbers are small, so Fisher's exact test governs"
    p_z, p_fisher = found.p_z, found.p_fisher
    if p_z is None or p_fisher is None or (p_z <= alpha) is (p_fisher <= alpha):
        return f"{said}."
    return f"{said}, and not the normal approximation (its {_p(p_z, alpha)})."


def _judged(finding: Finding, alpha: float) -> str:
    """What the verdict is about: the difference, and not the ratio."""
    value, criterion, ends = finding.estimate.value, finding.criterion, finding.interval_90
    if value is None or criterion is None or ends is None:
        return ""
    mark = criterion.delta
    return (
        f"The verdict is on the difference in rates of {isolated(finding.contrast.group_b)} less "
        f"{isolated(finding.contrast.group_a)}, {decimal(value, mark=mark)} "
        f"{bracket(ends, mark=mark)} ({percent(1 - 2 * alpha)} interval), against ±{mark:g}."
    )


def _p(value: float, alpha: float) -> str:
    shown = p_value(value, mark=alpha)
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"

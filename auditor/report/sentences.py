"""Findings, criteria and charts as sentences: plain, with direction, interval and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from auditor.records import Arm, Basis, Contrast, Finding
from auditor.report.measures import is_signed, quantity, unit_words
from auditor.report.numbers import counts, decimal, number
from auditor.report.words import PLACEBO_WORDS, isolated, of_placebo, versus

_SMALL = 0.0005
"""A smaller change is not called lower or higher."""


def finding_sentence(finding: Finding, *, clusters: str = "clusters") -> str:
    """Returns a finding as a sentence with direction, interval and counts. Where no difference was
    detected, the direction is the sample's and is claimed of nothing else.

    Args:
        clusters: what the clusters of this audit are, in the plural.
    """
    estimate, what = finding.estimate, quantity(finding.metric)
    signed, between = is_signed(finding.metric), _between(finding)
    if estimate.value is None:
        return f"{between}, the {what.rstrip(',')} was not measured: {estimate.reason}."
    mark = finding.criterion.delta if finding.criterion else None
    unit, basis = unit_words(estimate.unit), finding.basis
    size = number(estimate, signed=signed, mark=mark) + (f" {unit}" if unit else "")
    units = "rows" if basis is Basis.GROUPS else "pairs"
    size = f"{size} on {counts(estimate, clusters=clusters, units=units)}"
    if not signed:
        return f"{between}, the {what} is {size}."
    if abs(estimate.value) < _SMALL:
        return f"{between}, the {what} differs by {size}."
    direction = "lower" if estimate.value < 0 else "higher"
    if finding.difference_detected:
        return f"{_instead(finding)}, the {what} is {direction}: {size}."
    unshown = "; not shown to differ" if finding.difference_detected is False else ""
    return f"{_instead(finding)}, the {what} was {direction} in this sample: {size}{unshown}."


def _between(finding: Finding) -> str:
    a, b = isolated(finding.contrast.group_a), isolated(finding.contrast.group_b)
    if _is_placebo(finding.contrast):
        return f"Between {PLACEBO_WORDS}"
    return f"Within {b}" if a == b else f"Between {b} and {a}"


def _instead(finding: Finding) -> str:
    a, b = isolated(finding.contrast.group_a), isolated(finding.contrast.group_b)
    if _is_placebo(finding.contrast):
        return f"When {PLACEBO_WORDS} change"
    if finding.basis is Basis.GROUPS:
        return f"Among rows of {b}, against those of {a}"
    if finding.arm is Arm.FRAGMENTATION:
        return f"When a name of {b} is rare and in many pieces, not common and in one"
    if finding.arm is Arm.UNMENTIONED:
        return f"When a text speaks of {b} instead of no group"
    if finding.contrast.crossed:
        return f"When a text has names of {b} instead of {a}"
    return f"When a text speaks of {b} instead of {a}"


def criterion_sentence(metric: str, basis: Basis) -> str:
    """Returns what a criterion asks, up to its threshold: "the ... changes by at most"."""
    changes = "changes" if basis is Basis.SWAPS else "differs"
    return f"the {quantity(metric)} {changes} by at most"


def criterion_scope(basis: Basis) -> str:
    """Returns what a criterion asks, after its threshold."""
    if basis is Basis.SWAPS:
        return "when only the group named in a text changes"
    return "between a group of people and its reference"


def forest_statement(judged: Sequence[Finding]) -> str:
    """Returns what the forest plot shows, for those who do not see it. Needs a measured finding."""
    measured = [f for f in judged if f.estimate.value is not None]
    largest = max(measured, key=lambda f: abs(f.estimate.value or 0.0))
    verdicts = Counter(f.verdict.value for f in measured if f.verdict)
    tally = "; ".join(f"{name}: {count}" for name, count in verdicts.items())
    mark = largest.criterion.delta if largest.criterion else None
    noun = "contrast" if len(measured) == 1 else "contrasts"
    return (
        f"{quantity(largest.metric).rstrip(',').capitalize()}: effects of {len(measured)} {noun} "
        f"with intervals against the criterion's band. {tally}. The largest is "
        f"{versus(largest.contrast)} with {number(largest.estimate, mark=mark)}."
    )


def checkpoints_statement(judged: Sequence[Finding]) -> str:
    """Returns what the plot over checkpoints shows. Needs a finding with several of them."""
    measured = [f for f in judged if f.estimate.value is not None]
    steady = sum(f.holds_in == len(f.checkpoints) for f in measured)
    widest = max(measured, key=lambda f: _range(f)[1] - _range(f)[0])
    low, high = _range(widest)
    return (
        f"{steady} of {len(measured)} contrasts have the same verdict on all "
        f"{len(widest.checkpoints)} checkpoints. The one that moves most is "
        f"{versus(widest.contrast)}, from {decimal(low)} to {decimal(high)}."
    )


def _is_placebo(contrast: Contrast) -> bool:
    return of_placebo(contrast.attribute, contrast.group_a, contrast.group_b)


def _range(finding: Finding) -> tuple[float, float]:
    values = [c.estimate.value for c in finding.checkpoints if c.estimate.value is not None]
    return min(values, default=0.0), max(values, default=0.0)

"""The report's sentences: plain, with direction, interval and counts, and no judgement of law."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from auditor.records import Contrast, Estimate, Finding

STANDING = (
    "This report is technical evidence. It is not legal advice, a certification, a conformity "
    "assessment, or a finding that any law has been kept or broken. Whether a measured difference "
    "is unlawful depends on facts and law outside this test.",
    "The figures hold for the model, configuration, data and date named above. A change in any of "
    "them, such as weights, threshold or population, calls for a new test.",
    "A result that is not flagged means that no difference above the stated size was detected with "
    "the stated sample. It does not show that the system is free of bias.",
    "The root hash shows whether the evidence has changed since it was sealed. It says nothing on "
    "whether the data were right or the method suitable.",
)
SCOPE = (
    "A swap estimates the direct effect of the explicit token with the rest of the text held "
    "fixed. Proxies such as schools, leave or dialect, and group error rates, are not tested by it."
)
STIMULUS = "A swap is a controlled stimulus, not a person: a small gap does not show group parity."
ABSENCE = (
    "Inconclusive means that the data do not settle the question. It is not a sign that there is "
    "no difference."
)

MARKS = {
    "meets criterion": "●",
    "does not meet criterion": "▲",
    "inconclusive": "◆",
    "not tested": "○",
    "not applicable": "–",
}
"""A shape beside each verdict: no meaning by colour alone."""

QUANTITY = {
    "selection_rate_change": "share of texts given the favourable label",
    "mean_effect": "score",
    "mean_absolute_effect": "size of the change in score",
    "flip_rate": "share of pairs whose label flips",
}
READING = {
    "selection_rate_change": "-0.100 means that of 100 texts, 10 fewer (net) get the favourable "
    "label once they name the first group instead of the second.",
    "mean_effect": "-0.100 means that the score is lower by 0.100, on average, once a text names "
    "the first group instead of the second.",
}
"""What a value of a governing metric means, in one line."""

_UNSIGNED = ("mean_absolute_effect", "flip_rate")
_MOST_DECIMALS = 6


def finding_sentence(finding: Finding, *, clusters: str = "clusters") -> str:
    """Returns a finding as a sentence with direction, interval and counts.

    Args:
        clusters: what the clusters of this audit are, in the plural.
    """
    estimate, contrast = finding.estimate, finding.contrast
    what = QUANTITY.get(finding.metric, finding.metric.replace("_", " "))
    a, b = isolated(contrast.group_a), isolated(contrast.group_b)
    if estimate.value is None:
        return f"Between {b} and {a}, the {what} was not measured: {estimate.reason}."
    mark = finding.criterion.delta if finding.criterion else None
    size = number(estimate, signed=is_signed(finding.metric), mark=mark)
    size = f"{size} on {counts(estimate, clusters=clusters)}"
    if not is_signed(finding.metric):
        return f"Between {b} and {a}, the {what} is {size}."
    if abs(estimate.value) < 0.0005:
        return f"Between {b} and {a}, the {what} differs by {size}."
    direction = "lower" if estimate.value < 0 else "higher"
    return f"When a text speaks of {b} instead of {a}, the {what} is {direction}: {size}."


def forest_statement(judged: Sequence[Finding]) -> str:
    """Returns what the forest plot shows, for those who do not see it. Needs a measured finding."""
    measured = [f for f in judged if f.estimate.value is not None]
    largest = max(measured, key=lambda f: abs(f.estimate.value or 0.0))
    verdicts = Counter(f.verdict.value for f in measured if f.verdict)
    tally = "; ".join(f"{name}: {count}" for name, count in verdicts.items())
    mark = largest.criterion.delta if largest.criterion else None
    return (
        f"Effects of {len(measured)} contrasts with intervals against the criterion's band. "
        f"{tally}. The largest is {versus(largest.contrast)} with "
        f"{number(largest.estimate, mark=mark)}."
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


def versus(contrast: Contrast) -> str:
    """Returns a contrast's groups, the one compared first."""
    return f"{isolated(contrast.group_b)} v {isolated(contrast.group_a)}"


def is_signed(metric: str) -> bool:
    """Whether a metric has a direction, and so shows its plus."""
    return metric not in _UNSIGNED


def shown(group: str) -> str:
    """Returns the id of a group or attribute as words: "age and religion", "old christian"."""
    return group.replace("_", " ").replace("*", " and ").replace("+", " ")


def isolated(group: str) -> str:
    """Returns a group's id as words whose writing direction does not spill into the sentence."""
    words = shown(group)
    return words if words.isascii() else f"\u2068{words}\u2069"


def decimal(value: float, *, signed: bool = True, mark: float | None = None) -> str:
    """Returns a number to three decimals, or to as many more as keep it on its side of 0 and of
    +-`mark`: 0.0496 is not "0.050" beside a criterion of 0.05. What is nearer than the sixth
    decimal is rounding noise of the sums and is shown as equal."""
    marks = (0.0,) if mark is None else (0.0, mark, -mark)
    plain = f"{value:.3f}"
    for digits in range(3, _MOST_DECIMALS + 1):
        longer = f"{value:.{digits}f}"
        if all(_side(float(longer), m) == _side(value, m) for m in marks):
            plain = longer
            break
    if float(plain) == 0:
        return plain.lstrip("-")
    return f"+{plain}" if signed and value > 0 else plain


def number(estimate: Estimate, *, signed: bool = True, mark: float | None = None) -> str:
    """Returns value and interval as `decimal` shows them; "not measured" where it was not."""
    if estimate.value is None:
        return "not measured"
    value = decimal(estimate.value, signed=signed, mark=mark)
    if estimate.low is None or estimate.high is None:
        return value
    low, high = (decimal(x, signed=signed, mark=mark) for x in (estimate.low, estimate.high))
    return f"{value} [{low}, {high}]"


def counts(estimate: Estimate, *, clusters: str = "clusters") -> str:
    """Returns how many pairs in how many clusters."""
    return f"{estimate.n:,} pairs in {estimate.clusters:,} {clusters}"


def _side(value: float, mark: float) -> int:
    return (value > mark) - (value < mark)


def _range(finding: Finding) -> tuple[float, float]:
    values = [c.estimate.value for c in finding.checkpoints if c.estimate.value is not None]
    return min(values, default=0.0), max(values, default=0.0)

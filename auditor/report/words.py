"""The report's sentences: plain, with direction, interval and counts, and no judgement of law."""

from __future__ import annotations

from auditor.records import Estimate, Finding

SCOPE = (
    "A swap estimates the direct effect of the explicit token with the rest of the text held "
    "fixed. Proxies such as schools, leave or dialect, and group error rates, are not tested by it."
)
STANDING = (
    "This report records measurements on the texts and templates named in it. It is evidence for a "
    "decision and not the decision; it does not state that any law or standard is met."
)
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

_UNSIGNED = ("mean_absolute_effect", "flip_rate")


def finding_sentence(finding: Finding) -> str:
    """Returns a finding as a sentence with direction, interval and counts."""
    estimate, contrast = finding.estimate, finding.contrast
    what = QUANTITY.get(finding.metric, finding.metric.replace("_", " "))
    who = f"{shown(contrast.group_b)} and {shown(contrast.group_a)}"
    if estimate.value is None:
        return f"Between {who}, the {what} was not measured: {estimate.reason}."
    size = f"{number(estimate, signed=is_signed(finding.metric))} on {counts(estimate)}"
    if not is_signed(finding.metric):
        return f"Between {who}, the {what} is {size}."
    direction = "lower" if estimate.value < 0 else "higher"
    if abs(estimate.value) < 0.0005:
        return f"Between {who}, the {what} differs by {size}."
    return (
        f"When a text speaks of {shown(contrast.group_b)} instead of {shown(contrast.group_a)}, "
        f"the {what} is {direction}: {size}."
    )


def is_signed(metric: str) -> bool:
    """Whether a metric has a direction, and so shows its plus."""
    return metric not in _UNSIGNED


def shown(group: str) -> str:
    """Returns a group's id as words."""
    return group.replace("_", " ")


def number(estimate: Estimate, *, signed: bool = True) -> str:
    """Returns value and interval to three decimals; "not measured" where it was not."""
    form = "+.3f" if signed else ".3f"
    if estimate.value is None:
        return "not measured"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:{form}}"
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"


def counts(estimate: Estimate) -> str:
    """Returns how many pairs in how many clusters."""
    return f"{estimate.n:,} pairs in {estimate.clusters:,} clusters"

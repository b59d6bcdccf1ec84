"""Fixed words of cover, summary, plan and register: each rule is said where it is used."""

from __future__ import annotations

STATUS = {
    "DRAFT": "The evidence is not sealed, so it can still change.",
    "FINAL, UNSIGNED": "The evidence is sealed, and no one has signed it.",
    "FINAL, SIGNATURE NOT CHECKED": "The evidence is sealed, and there is a signature that this "
    "edition was given no key to check.",
    "FINAL, SIGNATURE BROKEN": "There is a signature that does not hold: of other bytes, or by "
    "none of the keys that were given.",
    "SIGNED": "The evidence is sealed, and a signature of it was found valid.",
}
"""Status -> what it means."""

FIXED = (
    "Hashed before the first model call. The time is that of the computer that ran the audit, "
    "which proves nothing to outsiders."
)
FIXED_LATE = (
    "Hashed before this audit read the scores or outcomes, which were made elsewhere. Whether "
    "anyone had looked at them before the plan was written is not known. The time is that of the "
    "computer that ran the audit, which proves nothing to outsiders."
)
EXPLORATORY = (
    "Exploratory: this run has no plan hash, so thresholds may have been chosen after the results "
    "were seen."
)

CONFIDENCE_RULE = (
    "Confidence in the evidence is high where four conditions hold: much data (at least twice the "
    "clusters or rows that the plan asks for), power (a verdict other than inconclusive was "
    "reached, or the detectable effect is no larger than the threshold), a known source (the "
    "operator's own texts; groups self-declared or on record) and completeness (at most 5 % of "
    "pairs or rows left out). Moderate: one is lacking. Low: more are, or nothing was measured. It "
    "is about the evidence and not about the size of a difference."
)
COMPLETE = 0.05
"""Share of pairs or rows left out beyond which evidence is not complete; named in the rule."""
MUCH = 2
"""Times as much data as the plan asks for; named in the rule."""

SEVERITY_RULE = (
    "Severity is high where a finding does not meet its criterion, in the direction that the plan "
    "calls the harm, at twice the threshold or more; medium where it does not meet otherwise, or "
    "is inconclusive although a difference was detected; low for the rest. It is about the "
    "measurement: how grave the harm is to people is theirs to say who know them."
)
SEVERE = 2.0
"""Thresholds of effect from which severity is high; named in the rule."""
LIKELIHOOD = (
    "Not assessed by the tool: how often such texts or people meet the system is known to those "
    "who use it."
)
BIAS_CLASS = "statistical and computational"
BIAS_CLASSES = (
    "Statistical and computational, by measurement (classes of NIST SP 1270). A test sees this "
    "class alone; whether systemic or human bias lies behind it is for a person to say."
)
NO_BETTER = "No other checkpoint that was audited has a smaller effect, and no repair was measured."
NO_ALTERNATIVE = {
    "swaps": "No alternative was measured: neither a repair nor another checkpoint.",
    "groups": "No alternative was measured: outcomes do not say what another model would have "
    "decided.",
}
"""Basis -> what stands where nothing can be offered."""
NO_REPAIR = (
    "Repairs were measured, and none is recommended by their rule; see before and after mitigation."
)
NOT_MITIGATED = "No repair was measured in this audit, so there is no before and after."

IMPOSSIBILITY = (
    "Error rates of groups stand in this report. Where groups differ in how many deserve the "
    "outcome, a model that errs at all cannot have equal false positive rates, equal false "
    "negative rates and equal predictive values at once. Which of them decides is a choice of "
    "values, and is made in this plan."
)

WHY = {
    "selection_rate_change": "The texts carry no true label that is used, and the label at the "
    "cut-off is what people meet: so the net change of labels decides.",
    "false_negative_rate_change": "The texts have true labels: one that deserves the favourable "
    "label should not be denied it because it names another group.",
    "false_positive_rate_change": "The texts have true labels: one that does not deserve the "
    "favourable label should not get it because it names another group.",
    "standardised_effect": "The model gives scores and no cut-off is known, so the mean change of "
    "score decides, in standard deviations of the scores of these texts.",
    "mean_effect": "The mean change of the score itself was named.",
    "mean_margin_effect": "The mean change of the log-odds was named, which does not flatten near "
    "certainty.",
    "selection_rate_difference": "Outcomes are what people meet, and no true label is needed to "
    "compare how often groups receive them.",
    "true_positive_rate_difference": "True labels are known: those who deserve the outcome should "
    "receive it as often in each group.",
    "false_positive_rate_difference": "True labels are known: those who do not deserve the outcome "
    "should receive it as often in each group.",
}
"""Governing metric -> why it decides."""
BY_PLAN = "named by the plan"
BY_RULE = "by the tool's rule for such data, before any result"
"""Who chose a governing metric."""

UNCHANGED = (
    "The plan in the evidence still has the hash that was recorded when the run began; every "
    "setting that decides a result is part of it."
)
CHANGED = (
    "The plan in the evidence does not have the hash that was recorded when the run began: it was "
    "changed since, and what it says of thresholds can not be relied on."
)

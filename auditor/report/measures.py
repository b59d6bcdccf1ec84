"""Words for every measure: what it is the size of, what a value means, where it is shown.

Swaps: the keys of `metrics.counterfactual.METRICS`. Groups of people: the signed differences that
may have a verdict, and the descriptive numbers of each group. To show a new measure, give it a
`QUANTITY` and a place in one of the families; without one it is shown last, by its own name.
"""

from __future__ import annotations

from auditor.metrics.counterfactual import METRICS

QUANTITY = {
    "selection_rate_change": "share of texts given the favourable label",
    "false_negative_rate_change": "share denied the favourable label, of texts that deserve it,",
    "false_positive_rate_change": "share given the favourable label, of texts that do not deserve "
    "it,",
    "mean_effect": "mean score",
    "standardised_effect": "mean score",
    "mean_margin_effect": "mean log-odds of the favourable label",
    "loss_rate": "share of texts that lose the favourable label",
    "gain_rate": "share of texts that gain the favourable label",
    "flip_rate": "share of texts whose predicted label changes",
    "mean_absolute_effect": "mean size of the change in score",
    "root_mean_square_effect": "root mean square of the change in score",
    "p95_absolute_effect": "size of change in score that nineteen of twenty clusters stay below",
    "total_variation": "mean distance between the probabilities of all labels (total variation)",
    "matched_selection_rate_change": "share of texts given the favourable label, among names alike "
    "in frequency and pieces,",
    "matched_mean_effect": "mean score, among names alike in frequency and pieces,",
    "selection_rate_difference": "share given the favourable outcome",
    "true_positive_rate_difference": "share given the favourable outcome, of those who deserve it,",
    "false_positive_rate_difference": "share given the favourable outcome, of those who do not "
    "deserve it,",
}
"""Metric -> what is lower or higher, as the subject of a sentence."""

_SWAPPED = "once they name the first group instead of the second"
READING = {
    "selection_rate_change": "-0.100 means that of 100 texts, 10 fewer (net) get the favourable "
    f"label {_SWAPPED}.",
    "false_negative_rate_change": "+0.100 means that of 100 texts that deserve the favourable "
    f"label, 10 more (net) are denied it {_SWAPPED}. For a detector, whose favourable label is "
    "that nothing was found, this is what is called its false positive rate.",
    "false_positive_rate_change": "+0.100 means that of 100 texts that do not deserve the "
    f"favourable label, 10 more (net) get it all the same {_SWAPPED}. For a detector, whose "
    "favourable label is that nothing was found, this is what is called its false negative "
    "(missed) rate.",
    "mean_effect": f"-0.100 means that scores are lower by 0.100, on average, {_SWAPPED}.",
    "standardised_effect": "-0.100 means that scores are lower, on average, by a tenth of the "
    f"standard deviation of the scores of these texts {_SWAPPED}.",
    "mean_margin_effect": "-0.100 means that the natural log-odds of the favourable label are "
    f"lower by 0.100, on average, {_SWAPPED}: near even odds 2.5 points of probability.",
    "selection_rate_difference": "-0.100 means that of 100 rows of the first group, 10 fewer get "
    "the favourable outcome than of 100 rows of the second.",
    "true_positive_rate_difference": "-0.100 means that of 100 rows that deserve the favourable "
    "outcome, 10 fewer get it in the first group than in the second.",
    "false_positive_rate_difference": "-0.100 means that of 100 rows that do not deserve the "
    "favourable outcome, 10 fewer get it in the first group than in the second.",
}
"""What a value of a governing metric means, in one or two lines."""

FAMILIES = {
    "At the cut-off in use": ("selection_rate_change", "loss_rate", "gain_rate", "flip_rate"),
    "Where the true label is known": ("false_negative_rate_change", "false_positive_rate_change"),
    "Scores": ("mean_effect", "standardised_effect", "mean_margin_effect"),
    "Size of changes, whichever their direction": (
        "mean_absolute_effect",
        "root_mean_square_effect",
        "p95_absolute_effect",
        "total_variation",
    ),
    "Names alike in frequency and pieces": ("matched_selection_rate_change", "matched_mean_effect"),
    "Signed differences of rates": (
        "selection_rate_difference",
        "true_positive_rate_difference",
        "false_positive_rate_difference",
    ),
}
"""Of findings: title of a table -> the measures that are its columns."""

GROUP_FAMILIES = {
    "Rates": ("share", "selection_rate", "impact_ratio", "impact_ratio_bounds"),
    "Errors": (
        "true_positive_rate",
        "false_negative_rate",
        "false_positive_rate",
        "true_negative_rate",
    ),
    "Predictive values": ("precision", "negative_predictive_value", "false_omission_rate"),
    "True labels": ("base_rate", "accuracy"),
    "Scores": (
        "mean_score",
        "share_above_median",
        "standardised_mean_difference_pooled",
        "standardised_mean_difference_all",
    ),
    "Calibration and ranking": (
        "expected_calibration_error",
        "subgroup_auc",
        "bpsn_auc",
        "bnsp_auc",
    ),
}
"""The same of a group of people."""
FOUR_FIFTHS = 0.8
MEANING = {
    "share": "of the rows with a known group",
    "selection_rate": "share given the favourable outcome",
    "impact_ratio": "selection rate over that of the highest group that is large enough",
    "impact_ratio_bounds": "how far the rows of unknown group could move the impact ratio",
    "true_positive_rate": "given the favourable outcome, of those who deserve it",
    "false_negative_rate": "denied it, of those who deserve it",
    "false_positive_rate": "given it, of those who do not deserve it",
    "true_negative_rate": "denied it, of those who do not deserve it",
    "base_rate": "share that deserves the favourable outcome",
    "accuracy": "share of outcomes that agree with the true label",
    "precision": "deserve the favourable outcome, of those given it",
    "negative_predictive_value": "do not deserve it, of those denied it",
    "false_omission_rate": "deserve it, of those denied it",
    "mean_score": "mean of the score of the favourable outcome",
    "share_above_median": "share of the group that scores above the median of all rows",
    "standardised_mean_difference_pooled": "mean score less the reference's, over the standard "
    "deviation of both groups pooled",
    "standardised_mean_difference_all": "the same over the standard deviation of all known rows",
    "expected_calibration_error": "mean distance between score and share that deserves the outcome",
    "subgroup_auc": "ranking of those who deserve it above those who do not, within the group",
    "bpsn_auc": "deserving rows of the group ranked above undeserving rows of the others",
    "bnsp_auc": "deserving rows of the others ranked above undeserving rows of the group",
    "selection_rate_difference_in_differences": "whether the difference by one column depends on "
    "the other",
}
"""Measure of a group of people -> what it is, in a few words."""

_UNITS = {
    "probability": "in probability",
    "log-odds": "log-odds",
    "SD": "SD",
    "output": "in units of the model's output",
    "difference of rates": "",
    "rate": "",
    "share": "",
    "ratio": "",
    "distance": "",
    "p": "",
    "AUC": "",
    "chi-square": "",
    "rows": "",
    "share of known rows": "",
}
"""Unit -> its words; of what is not here, the unit up to a bracket: "SD (of both groups)"."""
_TITLES = {
    "p95_absolute_effect": "Ninety-fifth percentile of absolute effects",
    "standardised_mean_difference_pooled": "Standardised mean difference, pooled",
    "standardised_mean_difference_all": "Standardised mean difference, all rows",
    "subgroup_auc": "Subgroup AUC",
    "bpsn_auc": "BPSN AUC",
    "bnsp_auc": "BNSP AUC",
    "omnibus_chi_square": "Chi-square over all groups",
    "omnibus_p": "Its p",
    "equalized_odds_difference_mean": "Equalized odds difference, mean of both",
    "selection_rate_difference_in_differences": "Difference in differences",
}
"""Metric -> its name where the id with blanks would not do."""


def quantity(metric: str) -> str:
    """Returns what a metric is the size or the difference of, as the subject of a sentence."""
    return QUANTITY.get(metric, metric.replace("_", " "))


def title(metric: str) -> str:
    """Returns a metric's name as the head of a column: "Flip rate"."""
    words = metric.replace("_", " ")
    return _TITLES.get(metric, words[:1].upper() + words[1:])


def is_signed(metric: str) -> bool:
    """Whether a metric has a direction, and so shows its plus."""
    if metric in METRICS:
        return METRICS[metric].signed
    return "difference" in metric and not metric.startswith(_UNSIGNED_GAPS)


_UNSIGNED_GAPS = ("demographic_parity", "equalized_odds", "equal_opportunity", "predictive_parity")
"""The largest gap of several groups, which is never below 0."""


def favours(metric: str) -> int:
    """Returns 1 where a value above 0 favours the first group of a contrast, -1 where it does not:
    more texts that are denied what they deserve."""
    return METRICS[metric].favours if metric in METRICS else 1


def mark_of(metric: str) -> float | None:
    """Returns a threshold that a measure is never rounded across; None: it has none."""
    return FOUR_FIFTHS if metric.startswith("impact_ratio") else None


def unit_words(unit: str) -> str:
    """Returns a unit as it stands behind a number; "" for shares, which need none."""
    return _UNITS.get(unit, unit.partition(" (")[0])

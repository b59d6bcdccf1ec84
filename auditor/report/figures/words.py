"""The fixed words of the measured sections: how to read a figure, and three limits of each."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.report.figures.parts import Kind


@dataclass(frozen=True, slots=True)
class Limits:
    """What stands beside the figures of a section."""

    measured: str
    not_shown: str
    would_change: str


CAUSAL_SCOPE = (
    "A swap estimates the direct effect of the explicit token with the rest held fixed; proxies "
    "such as schools, leave or dialect, and group error rates, are not tested by it."
)
MECHANISM = (
    "Mechanistic results are hypotheses supported by interventions in this model. No regulator has "
    "defined an accepted standard for them."
)
LIMITS = {
    "groups": Limits(
        "Outcomes of rows of one group beside those of another, as the data name both.",
        "Why rates differ, whether the rows were equally qualified, or whether the difference is "
        "unlawful. A group that is not in the data is not in the figures.",
        "Another cut-off, another reference, rows of unknown group turning out to be of one group, "
        "or other rows. The sensitivity table and the figure of other cut-offs show how far.",
    ),
    "errors": Limits(
        "Outcomes against the true labels of the data, group by group.",
        "Whether the labels are right. Where they carry an old bias, a model that repeats it makes "
        "no error here.",
        "Other labels, other base rates, another cut-off. Bins with few rows move much.",
    ),
    "swaps": Limits(
        "How the output of the model changes when a text names another group and nothing else.",
        "How people of these groups are treated. A swap is a controlled stimulus, not a person, "
        "and names signal several things at once (class, age, nationality). A small gap does not "
        "show group parity.",
        "Other words for the same groups, other texts, another cut-off. A gap no larger than that "
        "of placebo pairs is what any change of a word does.",
    ),
    "attributions": Limits(
        "What the output does when single tokens are masked.",
        "How the model comes to its output, or what a decision rests on.",
        "Another way of masking, another method, other texts. The checks of fidelity say how far.",
    ),
    "circuits": Limits(
        "What the output does when single components of this model are exchanged or cut.",
        "That nothing else carries the difference, or what a component is for.",
        "Other pairs, another seed, random circuits of equal size that carry as much.",
    ),
    "robustness": Limits(
        "The same plan on each checkpoint, and this audit's own rules on relabelled data.",
        "What paraphrases, other orders, other prompts or quantised weights would do.",
        "A checkpoint with another verdict, or error rates of the self-test above the plan's.",
    ),
}
"""Section -> its three limits."""

CAPTIONS: dict[Kind, str] = {
    "ratios": "Dot: rate over the reference's; bar: its interval. Full line: equal rates. A "
    "triangle at the edge lies beyond the axis. Rows of the group at the right.",
    "rates": "Dot: rate; bar: its interval. Rows of the group at the right.",
    "intersections": "The rate of each two groups at once, and its rows. Framed with dashes and "
    "marked ○: fewer rows than the plan asks for.",
    "cutoffs": "Line: impact ratio if scores from the cut-off up were selected; shade: its "
    "interval. Broken lines: equal rates (level) and the cut-off in use (upright), where the "
    "decisions follow one. Ratios above two are drawn at the edge.",
    "roc": "Curve: both rates as the cut-off moves; mark on it: as the rows were decided. Broken "
    "line: ranking by chance.",
    "reliability": "Dot: one bin of scores; below it, its rows. Broken line: of the scores in a "
    "bin, as many deserve the outcome as the mean score says.",
    "effects": "Stroke: median; box: middle half; line: middle nine in ten of the pairs. Grey: "
    "nine in ten placebo pairs have an effect no larger, whichever its sign. Pairs at the right.",
    "templates": "Each number is a mean over the terms of the reference. Blue with a plus: higher; "
    "orange with a minus: lower. The largest of many are large by chance as well.",
}
"""Kind of figure -> how to read it."""

NO_GROUPS = "the data names no group of people"
NO_LABELS = "the data names no group of people, so true labels could not be held against any"
NO_SWAPS = "this audit has outcomes only, no texts"
ONE_CHECKPOINT = "the audit has one checkpoint"
NO_SELF_TEST = "no finding of swaps was judged, or the plan asks for none"
NO_SCORES = "the rows have no scores"
NO_CROSSING = "no two protected columns, or more groups of both than can be shown"

SENSITIVITY = (
    "The impact ratio under other choices. Highest: of the groups with rows enough to be held "
    "against. Largest: the plan's reference, else the group with most rows. Highest of all: small "
    "groups too. Unknown rows: between which the rows of unknown group could move the ratio to the "
    "highest, whatever their groups are."
)
CONFUSION = (
    "Positive: given the favourable outcome. True: the label agrees. A false negative deserved it "
    "and was denied it."
)
ERROR_RATIOS = (
    "Rate of the group over that of its reference: one is equal, above one is more errors. "
    "Differences, with direction, stand below."
)
IMPOSSIBILITY = (
    "Where base rates differ between groups, equal predictive values and equal error rates cannot "
    "both be had, except by a prediction without error (Chouldechova; Kleinberg and others). Which "
    "of them governs is the plan's choice, with its reason; a report in which all are equal at "
    "unequal base rates would be suspect."
)
CALIBRATION = (
    "Calibration error: mean distance of score and share over bins of equal width, weighted by "
    "their rows. It is above none by chance alone, the more so the fewer rows a bin has."
)
SWAP_LISTS = (
    "As the words met the judged model. Unequal: share of pairs whose two terms have unequal "
    "numbers of tokens, which alone can move a score. Marked ≠ where any has."
)
NO_TOKENIZER = "no tokenizer at hand"
GAP_SIZES = (
    "Sizes are absolute, means signed: the second group of the label against the first named. Gap "
    "and noise are root mean squares, of swaps and of placebo pairs; gap over noise is one where "
    "a swap does no more than any change of a word."
)
ASYMMETRIC = (
    "Counterfactuals that change the right answer, or that one group alone would say, are kept "
    "apart as asymmetric: they are counted here and enter no verdict."
)
HOW_TO_READ_ATTRIBUTIONS = (
    "A value says by how much the output rises or falls when its token is shown instead of masked, "
    "averaged over what else is shown. Read the sign first, then the size beside that of the "
    "placebo pairs, then the checks of fidelity.",
    "A large value on a word that names a group is neither needed for a biased outcome nor proof "
    "of one: hold it against the effect of the swap.",
)
NO_REASON = (
    "This is not a reason for a decision. Attribution values are no statement of reasons to a "
    "person; reasons come from the factors that were actually considered."
)
"""Beside every attribution."""
PRECISION = (
    "Scored again: texts near a decision, repeated in full precision. Precision other than that, "
    "quantised weights, paraphrases, other orders and prompts were not tried."
)

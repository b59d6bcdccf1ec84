"""The fixed words of the report on attributions: what they show, and what they do not."""

from __future__ import annotations

import re
from dataclasses import replace

from auditor.records import Estimate
from auditor.report.words import in_units

METHODS = {
    "owen": "SHAP (Owen values)",
    "input_x_gradient": "Input × gradient",
    "integrated_gradients": "Integrated gradients",
    "attention_rollout": "Attention rollout",
}
"""Method -> its own name. Second opinions are never called SHAP."""
MEASURES = {
    "deletion_auc": "Deletion AUC",
    "insertion_auc": "Insertion AUC",
    "mask_stability": "Stability over masks",
    "mask_difference": "Difference between masks",
    "randomised_weights": "Likeness to random weights",
}
"""Measure of fidelity -> its name where the id with blanks would not do."""
_RANDOM_ORDER = ("beats random order", "did not beat random order on these texts")
OUTCOMES = {
    "deletion_auc": _RANDOM_ORDER,
    "insertion_auc": _RANDOM_ORDER,
    "comprehensiveness": _RANDOM_ORDER,
    "sufficiency": _RANDOM_ORDER,
    "randomised_weights": (
        "unlike those of random weights",
        "not shown to be unlike those of random weights on these texts",
    ),
}
"""Measure -> its values where the check holds, and where it does not."""
UNDECIDED = "too few texts to say"

METHOD = (
    "Method: SHAP, computed as Owen values over the hierarchy of tokens. A token's value is what "
    "showing it, instead of masking it, adds to the output, averaged over which groups of other "
    "tokens are shown; the output is explained as it is, with no link function between. Values add "
    "up: those of a text and its base, which is the output with every token masked, make the "
    "output. So the differences from token to token make the gap between the two texts of a pair."
)
LOG_ODDS = (
    "Log-odds are zero where the label is as likely as not; near there, a tenth more is two and a "
    "half points of probability."
)
CHOSEN = (
    "Explained are the most severe of the flagged pairs, a random sample of the other pairs of "
    "each contrast and, as a control, placebo pairs, whose two texts name the same group or none. "
    "Flagged pairs are extreme and no sample: where all pairs of a contrast are spoken of, each "
    "explained pair counts for as many as it stands for (one over its chance of being drawn), and "
    "intervals count"
)
NOT_SHOWN = (
    "How the model comes to its output. A value says what the output does when a token is masked, "
    "not by which way inside the model.",
    "Whether a word ought to count. A large value can be right and a small one wrong.",
    "A verdict. None rests on attributions, and they are no statement of reasons for a decision "
    "about a person.",
    "The only possible values. Masked texts are unlike those that a model was trained on, and "
    "another way of masking gives other values: the checks below say how far.",
)
PARTS = (
    "Gap: mean output of the first group's texts less that of the second's, over all pairs of the "
    "contrast. It is the sum of what lies on the terms (taken as words), on the other words (which "
    "are the same in both texts and count otherwise beside the other term) and on the base (the "
    "two texts with every token masked, which can differ in length alone)."
)
SHARE = (
    "Share on other words: sizes of the differences on other words over sizes of all of them, "
    "whichever their direction. It does not say how large the gap is, and it is not zero where "
    "words that should make no difference are exchanged: read it against "
    "that of the placebo pairs below."
)
NO_BASE = "Nothing lies on the base: fully masked, the two texts of every pair have one output."
TERMS = (
    "How much of the output rests on the terms, in texts of either group: the mean size of their "
    "values, and their share of the sizes of all values in the text. The placebo pairs below "
    "exchange words that should make no difference."
)
WORDS = (
    "Words of the context whose values change most when the first group is named instead of the "
    "second. The largest of many is large by chance as well (the winner's curse), so the intervals "
    "are simultaneous: they hold for all words of a contrast together. Tested is a word that "
    "stands in enough of the texts and in a pair drawn at random."
)
NAMES = "Intervals of contrasts whose groups are told by names hold for the names that were tested."
PAIRS = (
    "The most severe of the flagged pairs that were explained, of as many attributes as there are. "
    "Chosen for being extreme: no estimate rests on them alone. Underlined is what carries the gap "
    "between the two texts, and numbers stand on what carries most. The swapped term is in "
    "semi-bold."
)
CHECKS = (
    "Measured on explained texts of this audit. The control, where there is one, is the same "
    "measure with tokens in random order. SHAP's values are those shown above; the others are "
    "second opinions, other quantities in other units, and are compared by the order in which they "
    "put the tokens."
)
AGREEMENT = (
    "Rank correlation of the values of two methods over the tokens of a text: one where they put "
    "them in the same order, none where the orders are unrelated. Methods answer different "
    "questions, so little agreement does not say which of them is wrong."
)
_NAMES = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")


def method_title(name: str) -> str:
    """Returns a method's own name."""
    return METHODS.get(name, _capital(name))


def measure_title(name: str) -> str:
    """Returns the name of a measure of fidelity."""
    return MEASURES.get(name, _capital(name))


def without_ids(text: str) -> str:
    """Returns a recorded sentence with methods and measures called by their names."""
    known = {**METHODS, **MEASURES}
    text = re.sub(r"\bowen\b", METHODS["owen"], text)
    return _NAMES.sub(lambda found: known.get(found[0], found[0].replace("_", " ")), text)


def worded(estimate: Estimate, clusters: str) -> Estimate:
    """Returns an estimate whose reason calls things as this report does."""
    if estimate.reason is None:
        return estimate
    return replace(estimate, reason=in_units(without_ids(estimate.reason), clusters))


def _capital(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]

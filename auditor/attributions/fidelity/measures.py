"""What is measured: names, meanings, units, and what is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ERASER = "DeYoung et al. 2020, ERASER, https://arxiv.org/abs/1911.03429"
RISE = "Petsiuk et al. 2018, RISE, https://arxiv.org/abs/1806.07421"
ADEBAYO = "Adebayo et al. 2018, Sanity Checks for Saliency Maps, https://arxiv.org/abs/1810.03292"

UNRELATED_BELOW = 0.5
"""Rank correlation below which two attributions are called unrelated: a quarter of the variance of
ranks in common (.5 squared). 0 would be too strict: what any network does with the same tokens,
positions and tree leaves some order in common."""

_TOWARDS = (
    "Effects count towards the side on which the text lies from the text with every token masked, "
    "so that texts that the model speaks against count like those it speaks for."
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of fidelity: a number per text, averaged within clusters, then over them."""

    name: str
    meaning: str
    unit: str
    """"score" stands for the unit of the explained output: log-odds, probability, output."""
    better: Literal["higher", "lower"] | None
    """None: neither, it compares."""
    neutral: float | None
    """What says nothing for or against; None: the control, tokens in random order."""
    source: str | None = None
    passes: str | None = None
    """When `passed` is true; None: a number without a threshold."""

    def unit_in(self, score: str) -> str:
        """Returns the unit for an output in the unit `score`."""
        return score if self.unit == "score" else self.unit


_BEATS_RANDOM = (
    "the 95 % interval of the difference from the control, text by text, lies wholly on the better "
    "side of 0"
)

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "additivity_error",
            "How far base and values are from adding up to the output of the text, the largest "
            "over the outputs.",
            unit="score",
            better="lower",
            neutral=0.0,
        ),
        Measure(
            "deletion_auc",
            "Mean output, beyond that of the text with every token masked, while tokens are masked "
            f"one after another, the most important first. {_TOWARDS}",
            unit="score",
            better="lower",
            neutral=None,
            source=RISE,
            passes=_BEATS_RANDOM,
        ),
        Measure(
            "insertion_auc",
            "Mean output, beyond that of the text with every token masked, while masked tokens are "
            f"shown one after another, the most important first. {_TOWARDS}",
            unit="score",
            better="higher",
            neutral=None,
            source=RISE,
            passes=_BEATS_RANDOM,
        ),
        Measure(
            "comprehensiveness",
            "How much of the output goes when the most important 1, 5, 10, 20 and 50 % of tokens "
            f"(at least one) are masked, the mean of the five. {_TOWARDS}",
            unit="score",
            better="higher",
            neutral=None,
            source=ERASER,
            passes=_BEATS_RANDOM,
        ),
        Measure(
            "sufficiency",
            "How much of the output is missing when only the most important 1, 5, 10, 20 and 50 % "
            f"of tokens (at least one) are shown, the mean of the five. {_TOWARDS}",
            unit="score",
            better="lower",
            neutral=None,
            source=ERASER,
            passes=_BEATS_RANDOM,
        ),
        Measure(
            "agreement",
            "Rank correlation of two methods' values over the tokens of a text: 1 the same order, "
            "0 unrelated, -1 reversed; of absolute values where one of the methods has no sign.",
            unit="rank correlation",
            better=None,
            neutral=0.0,
        ),
        Measure(
            "mask_stability",
            "Rank correlation of a method's values over the tokens of a text with those when "
            "tokens are masked otherwise: 1 where the choice of mask changes no rank.",
            unit="rank correlation",
            better="higher",
            neutral=0.0,
        ),
        Measure(
            "mask_difference",
            "Mean absolute difference of a token's value when tokens are masked in another way.",
            unit="score",
            better="lower",
            neutral=0.0,
        ),
        Measure(
            "randomised_weights",
            "Rank correlation of absolute values with those of the same architecture with weights "
            "drawn at random: near 0 where a method speaks of what the model learnt, high where it "
            "speaks of the text alone.",
            unit="rank correlation",
            better="lower",
            neutral=0.0,
            source=ADEBAYO,
            passes=f"the upper end of the 95 % interval is below {UNRELATED_BELOW}",
        ),
    )
}

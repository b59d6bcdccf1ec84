"""The declared type of a figure, and of the tables that stand beside the findings in a section."""

from __future__ import annotations

from typing import Any, Literal

from auditor.records import Estimate
from auditor.report.base import Part

Kind = Literal[
    "ratios",
    "rates",
    "intersections",
    "cutoffs",
    "roc",
    "reliability",
    "effects",
    "templates",
]
"""Which drawing and which table a figure is: `draw.DRAWINGS` and `layout.TABLES` have one each."""
Section = Literal["groups", "errors", "swaps", "robustness"]


class FigureRow(Part):
    """One chart and the table under it, which hold the same numbers."""

    name: str
    """Its own in a report: "rates", or "intersections of sex and race"."""
    kind: Kind
    section: Section
    """Where it stands."""
    title: str
    statement: str
    """What it shows, in words, for those who do not see it."""
    level: float | None
    """Of its intervals, or the share of pairs that its band holds; None: it has none."""
    marks: dict[str, float]
    """Lines drawn across it, by what they are."""
    rows: list[dict[str, Any]]
    """What is drawn: one row a mark; numbers, words, or None for not measured or not shown.
    `n` counts what a row rests on, so that a public edition can hide small ones."""


class ConfusionRow(Part):
    """The four counts of a group of people, or of what they stand for."""

    model_id: str
    column: str
    group: str
    true_positives: int
    """Deserved the favourable outcome and got it."""
    false_negatives: int
    false_positives: int
    true_negatives: int


class ErrorRatioRow(Part):
    """A group's error rate over its reference's: 1 is equal, above 1 more errors."""

    model_id: str
    column: str
    group: str
    reference: str
    metric: str
    """false_negative_rate, false_positive_rate, false_omission_rate."""
    estimate: Estimate


class SensitivityRow(Part):
    """One group's impact ratio under each way of choosing what it is held against."""

    model_id: str
    column: str
    group: str
    n: int
    small: bool
    """Fewer rows than the plan asks for."""
    highest: str | None
    """The highest group that is large enough."""
    against_highest: Estimate
    largest: str | None
    """The plan's reference, else the group with most rows."""
    against_largest: Estimate
    highest_of_all: str | None
    """The highest group, however small."""
    against_highest_of_all: Estimate
    bounds: Estimate | None
    """Between which the rows of unknown group could move the ratio to the highest; None: no row's
    group is unknown, or it is the highest itself."""


class SwapListRow(Part):
    """The words of both groups of a contrast, as they were swapped."""

    attribute: str
    group_a: str
    group_b: str
    sources: list[str]
    """Where the lists come from."""
    terms_a: int
    terms_b: int
    pieces_a: float | None
    """Mean tokens of a term under the first model; None: it has no tokenizer."""
    pieces_b: float | None
    unequal: float | None
    """Share of pairs whose two terms have unequal numbers of tokens."""
    pairs: int


class GapSizeRow(Part):
    """How large the effects of a contrast are, beside what any change of a word does."""

    attribute: str
    group_a: str
    group_b: str
    mean_absolute: Estimate
    mean: Estimate
    """Signed: of the second group against the first."""
    largest: float | None
    """The largest absolute effect of one pair."""
    flips: Estimate
    gap: Estimate | None
    """Root mean square of the effects; None: there is no noise floor to hold it against."""
    noise: Estimate | None
    """The same of placebo pairs."""
    ratio: float | None
    """Gap over noise; 1: no more than any change of a word does."""


class MeasuredPart(Part):
    """Tables of the measured sections that no finding has."""

    confusion: list[ConfusionRow]
    no_confusion: str | None
    """Why there is none though there are labels; None: there is one, or there are no labels."""
    error_ratios: list[ErrorRatioRow]
    sensitivity: list[SensitivityRow]
    swap_lists: list[SwapListRow]
    gap_sizes: list[GapSizeRow]

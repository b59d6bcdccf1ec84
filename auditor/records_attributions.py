"""The vocabulary of attributions: what `evidence/attributions.json` holds.

Values per token are in the tables of `schemas.ATTRIBUTIONS`; here is what is said of them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auditor.records import Contrast, Estimate


class Chosen(StrEnum):
    """Why a pair was explained."""

    FLAGGED = "flagged"
    """A case for a person: in with certainty."""
    SAMPLE = "sample"
    """Drawn at random from the other valid swap pairs of its attribute."""
    PLACEBO = "placebo"
    """Drawn at random from the pairs within one group."""


class Role(StrEnum):
    """What a token is to its pair."""

    TERM = "term"
    """Swapped, or changed with the swap: the protected term, an article, a pronoun."""
    CONTEXT = "context"
    """The same on both sides."""
    RECUT = "recut"
    """The same characters, which the tokenizer cuts otherwise beside the swapped term."""
    SPECIAL = "special"
    """Put there by the tokenizer; never masked."""


@dataclass(frozen=True, slots=True)
class ExplainedCount:
    """How many pairs of an attribute were explained."""

    attribute: str
    chosen: Chosen
    explained: int
    of: int
    """Valid pairs that could have been chosen so."""


@dataclass(frozen=True, slots=True)
class AttributionMetric:
    """One number about the explained pairs of one contrast, of all its pairs by inverse-probability
    weights."""

    contrast: Contrast
    metric: str
    """A name of `attributions.aggregates.METRICS`, which says what it means."""
    group: str | None
    """Where the metric is of one side: which group's words; else None."""
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class WordEffect:
    """How much of a contrast's effect one word of the context carries, over the pairs with it."""

    contrast: Contrast
    word: str
    pairs: int
    estimate: Estimate
    """Of the change in the word's attribution from group_a to group_b, simultaneous over words."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """One measure of how far a method can be trusted, on texts of this audit."""

    method: str
    measure: str
    """A name of `attributions.fidelity.MEASURES`, which says what it means."""
    estimate: Estimate
    against: str | None = None
    """The other method, mask or model that it is compared with."""
    control: Estimate | None = None
    """The same of tokens in random order, where that says something."""
    passed: bool | None = None
    """Whether a check holds; None: a number without a threshold."""


@dataclass(frozen=True, slots=True)
class Explanations:
    """What the explained pairs say together."""

    model_id: str | None = None
    """The checkpoint that is judged, which is the one explained."""
    method: str = "owen"
    output: str = ""
    """The favourable labels, in the model's words."""
    unit: str = ""
    """log-odds, probability, output."""
    max_evals: int = 0
    not_explained: str | None = None
    """Why nothing was explained; None where something was."""
    counts: tuple[ExplainedCount, ...] = ()
    metrics: tuple[AttributionMetric, ...] = ()
    words: tuple[WordEffect, ...] = ()
    """The words of each contrast with the largest mean change."""
    fidelity: tuple[Fidelity, ...] = ()
    refused: int = 0
    """Pairs that were chosen and could not be explained."""
    notes: tuple[str, ...] = ()
    """What was left out or cut short, in sentences."""

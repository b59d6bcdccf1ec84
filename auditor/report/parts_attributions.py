"""The declared type of what a report says of attributions: every key is always there."""

from __future__ import annotations

from typing import Literal

from auditor.records import Estimate
from auditor.records_attributions import Role
from auditor.report.base import Part


class ExplainedRow(Part):
    """How many pairs of an attribute were explained, of how many that could have been."""

    attribute: str
    flagged: int
    flagged_of: int
    sample: int
    sample_of: int
    placebo: int
    placebo_of: int


class WordRow(Part):
    """A word of the context, and how much its attribution changes with the group."""

    word: str
    pairs: int
    change: Estimate
    """From the reference to the group compared; its interval holds for all words tested."""


class ContrastRow(Part):
    """What the explained pairs of one contrast say of all its pairs."""

    attribute: str
    group_a: str
    group_b: str
    gap: Estimate
    gap_on_term: Estimate
    gap_on_context: Estimate
    gap_base: Estimate
    context_share: Estimate
    placebo_context_share: Estimate
    term_attribution_a: Estimate
    term_attribution_b: Estimate
    placebo_term_attribution: Estimate
    term_share_a: Estimate
    term_share_b: Estimate
    placebo_term_share: Estimate
    words: list[WordRow]
    """Those with the largest changes."""


class Sides(Part):
    """One number of either text of a pair, and of the gap between them."""

    text: float
    counterfactual: float
    gap: float
    """Of the counterfactual less the text."""


class UnitRow(Part):
    """Tokens of both texts that are compared with each other."""

    role: Role
    units: int
    """1; more: a stretch of a long text that carries little is left out, and stands here as one."""
    text: str
    """As written; "" where this side has no token."""
    counterfactual: str
    blank_text: bool
    """Whether a blank follows."""
    blank_counterfactual: bool
    value: Sides


class ExplainedPairRow(Part):
    """One flagged pair, token by token."""

    pair_id: str
    attribute: str
    group_from: str
    group_to: str
    severity: str
    score_from: float
    score_to: float
    label_from: str | None
    label_to: str | None
    units: list[UnitRow]
    """In reading order, without what the tokenizer puts around a text."""
    most: list[int]
    """Places in `units` of those that carry most, the largest first."""
    others: int
    """How many units are not among them."""
    on_others: Sides
    on_term: float
    """Part of the gap."""
    on_context: float
    base: Sides
    """Output of the two texts with every token masked."""
    residual: Sides
    """What base and values leave of the output."""
    total: Sides
    """The output: base, values and residual together."""
    unresolved: float
    """Absolute effect that the budget left on groups of tokens, of the text with more of it."""


class MethodRow(Part):
    """One way of giving a value to each token."""

    name: str
    title: str
    meaning: str


class CheckCell(Part):
    """One check of one method."""

    estimate: Estimate
    control: Estimate | None
    """The same of tokens in random order; None: it has no control."""
    passed: bool | None
    """None: a number without a threshold, or too little data for one."""
    outcome: str | None
    """`passed` in words."""


class CheckRow(Part):
    """One measure of how far methods can be trusted."""

    measure: str
    title: str
    against: str | None
    """What the values are compared with, where there is more than one."""
    meaning: str
    """In one line."""
    detail: str | None
    """What else there is to know of how it counts."""
    better: Literal["higher", "lower"] | None
    unit: str
    passes: str | None
    """When a check holds, in words."""
    source: str | None
    cells: list[CheckCell | None]
    """In the order of `AttributionsPart.methods`; None: not asked of this method."""


class AgreementRow(Part):
    """How alike two methods order the tokens of a text."""

    first: int
    """Place in `AttributionsPart.methods`."""
    second: int
    estimate: Estimate


class AttributionsPart(Part):
    """What carries the difference, token by token, and how far that can be trusted."""

    not_explained: str | None
    """Why there is nothing; None: there is something."""
    model_id: str | None
    method: str
    output: str
    """The favourable labels."""
    unit: str
    max_evals: int
    explained: list[ExplainedRow]
    refused: int
    """Pairs that were chosen and could not be explained."""
    contrasts: list[ContrastRow]
    on_terms: int | None
    """Contrasts whose part on the terms has an interval that leaves out zero; None: none has an
    interval."""
    on_context: int | None
    """The same of the part on other words."""
    pairs: list[ExplainedPairRow]
    methods: list[MethodRow]
    """SHAP first; the others are second opinions."""
    checks: list[CheckRow]
    agreement: list[AgreementRow]
    shortfalls: list[str]
    """Checks that a method did not meet, in sentences."""
    notes: list[str]
    """What was left out or cut short."""

"""The declared type of the tables that employment law asks for.

Counts are whole numbers, and every rate and ratio is worked out from them. None with a reason is
what has no answer; it is never 0.
"""

from __future__ import annotations

from typing import Literal

from auditor.records import Estimate
from auditor.report.base import Part
from auditor.report.declared.parts import FactRow

TableKind = Literal["sex", "race_ethnicity", "intersections", "other"]
Governing = Literal["z", "Fisher"]


class CategoryRow(Part):
    """One category of people, or one intersection of several."""

    names: list[str]
    """One of each of the table's columns."""
    n: int
    """Assessed, with an outcome."""
    hits: int
    """Selected, or scored above the median."""
    rate: float | None
    """None: the category has no one."""
    impact_ratio: float | None
    no_ratio: str | None
    """Why there is none."""
    share: float | None
    """Of all in the table."""
    is_highest: bool
    """Whether the ratios are against this category's rate."""
    excluded: bool
    """Left out of the ratios, as fewer than the law's share of the table."""
    low: float | None
    """The least that the ratio to the highest can be, whatever the unknown are."""
    high: float | None
    """The greatest."""


class CategoryTable(Part):
    """The rates of the categories of one column, or of several at once."""

    kind: TableKind
    columns: list[str]
    missing: str | None
    """Why a table that the law asks for is not there; None: it is."""
    rows: list[CategoryRow]
    n: int
    hits: int
    unknown: int
    """With an outcome, of unknown category: in no row."""
    undecided: int
    """Without an outcome, of unknown category."""


class Ll144Part(Part):
    """What New York City's Local Law 144 asks a bias audit to publish."""

    refused: str | None
    """Why there are no tables; None: there are."""
    model_id: str | None
    other_models: int
    """Checkpoints of this audit that the tables do not speak of."""
    classes: list[str]
    """Where the model sorts into more than two: the law asks for the tables of each."""
    rate: Literal["selection", "scoring"]
    """Scoring where the outcome is a score without a cut-off."""
    median: float | None
    """Scoring: of all that have a score."""
    tied: int | None
    """Scoring: with exactly the median, and so not above it."""
    tied_share: float | None
    assessed: int
    """People with an outcome, of whatever category."""
    unknown: int
    """People, with an outcome or not, of whom a category that the law names is not known."""
    undecided: int
    """People of known category without an outcome: in no table."""
    tables: list[CategoryTable]
    excluded_because: str | None
    """The auditor's justification, where small categories are left out of the ratios."""
    audited_on: str | None
    """Date of the audit."""
    too_old: bool
    """Whether it was made more than a year before this edition."""
    facts: list[FactRow]
    """What people declare of tool and data."""
    missing: int
    """How many of these were not given."""
    statement: list[str]
    """The pack's fixed sentences: what the page is, and what it is not."""
    posting: str
    """What is published, where, and for how long."""


class AdverseRow(Part):
    """One group against the one with the highest rate, and what the guideline's numbers say."""

    column: str
    group: str
    reference: str
    crossed: bool
    """Two columns at once, which the guideline does not ask for."""
    selected: int | None
    n: int
    selected_reference: int | None
    n_reference: int
    rate: float | None
    rate_reference: float | None
    impact_ratio: Estimate
    below: bool | None
    """Of whole numbers: below four fifths; exactly four fifths is not. None: no answer."""
    z_pooled: float | None
    p_z: float | None
    z_hypergeometric: float | None
    p_fisher: float | None
    p_fisher_adjusted: float | None
    shortfall: float | None
    one_person_turns: bool | None
    small_numbers: bool
    governing: Governing | None
    """Which test is read: Fisher's where numbers are small; None: there are no tests."""
    detectable: float | None
    """The largest ratio below one that this sample would show with the plan's power."""
    words: str
    """What the four-fifths answer and the test say together; never a verdict."""
    tests_differ: str | None
    """Where z and Fisher fall on two sides of the plan's error rate: which is read, and why."""


class BottomLine(Part):
    """One column of groups in a sentence, before any detail."""

    column: str
    sentence: str


class AdversePart(Part):
    """The four-fifths rule of thumb and the tests that courts and agencies read beside it."""

    refused: str | None
    """Why there is nothing; None: there is something."""
    model_id: str | None
    other_models: int
    alpha: float
    power: float
    columns: list[BottomLine]
    rows: list[AdverseRow]


class PeoplePart(Part):
    """None of either: its pack was not chosen."""

    ll144: Ll144Part | None
    ugesp: AdversePart | None

"""The declared type of system, data and monitoring: what people say, beside what was counted."""

from __future__ import annotations

from typing import Literal

from auditor.records import Basis, Estimate
from auditor.report.base import Part

DataKind = Literal["templates", "texts", "pairs", "outcomes"]
"""What was audited on: our templates filled, the operator's own texts, pairs that were scored
elsewhere, or a table of outcomes."""


class FactRow(Part):
    """One fact that a person declares."""

    key: str
    """In the plan's section `declared`."""
    label: str
    section: str
    """Of the report, where it is shown: "3", "4.1"."""
    value: str | None
    """None: NOT PROVIDED, where it applies."""
    required_by: str
    """What asks for it."""
    otherwise: str | None
    """Why it is not asked for here; None: it applies."""


class DeclaredPart(Part):
    """Every fact, in the order of the report."""

    system: list[FactRow]
    data: list[FactRow]
    people: list[FactRow]
    """Who tested, reviewed and answers for it."""
    monitoring: list[FactRow]


class StepRow(Part):
    """How many there are after one step from the source to what was compared."""

    what: str
    count: int
    model_id: str | None
    """None: the same for all models."""


class MentionRow(Part):
    """One attribute, from the texts to the pairs that may enter a verdict."""

    attribute: str
    texts: int
    mentions: int | None
    """Texts that speak of it; None: not counted."""
    share: Estimate | None
    """Of the operator's texts; None: these are no texts of the operator's."""
    pairs: int
    valid: int
    kept_out: int


class ObtainedRow(Part):
    """How one protected attribute was learned."""

    name: str
    kind: Literal["column", "words", "names"]
    """A column of the data, or what was swapped: words or names."""
    how: str | None
    """None: NOT PROVIDED."""
    inferred: bool
    declared: bool
    """False: it follows from how the audit was made."""


class RepresentedRow(Part):
    """How much of the data one group is."""

    column: str
    crossed: bool
    """Of two protected columns."""
    group: str
    n: int
    share: float | None
    """Of the rows with a known group; None: there are none."""
    reference: float | None
    """Its share in the population to compare with; None: not declared."""
    ratio: float | None
    """Of the two shares."""
    gap: float | None
    """Share less reference."""
    small: bool
    """Fewer rows than the plan asks of a group that is tested."""


class EmptyRow(Part):
    """Groups of two columns together in which there is no row."""

    column: str
    groups: list[str]


class UnknownRow(Part):
    """Rows of one column whose group is not known, on the first checkpoint."""

    column: str
    n: int
    of: int
    selected: int | None
    """None: no outcomes, or weights that are no counts."""
    refused: int | None


class SourceRow(Part):
    """A template set, word list or table of names that came with the audit."""

    name: str
    kind: Literal["templates", "words", "names"]
    sha256: str
    licence: str | None
    """None: the file says none."""
    source: str | None
    reviewed_by: str | None
    """None: the file does not say who."""
    missing: str | None
    """What the file itself says that it lacks."""
    differs: str | None
    """Why none of this is known: the file at hand is not the one of the audit."""


class StoredRow(Part):
    """One file, or kind of file, of the evidence folder and what is in it."""

    path: str
    holds: str


class DataPart(Part):
    """What the audit was made on."""

    kind: DataKind
    unit: str
    """What one row or text is."""
    steps: list[StepRow]
    mentions: list[MentionRow]
    obtained: list[ObtainedRow]
    represented: list[RepresentedRow]
    empty: list[EmptyRow]
    unknown: list[UnknownRow]
    bounds: list[int]
    """Places in `Summary.groups`: how far unknown rows could move the impact ratios."""
    base_rates: list[int]
    """Places in `Summary.groups`: shares that deserve the favourable outcome."""
    sources: list[SourceRow]
    stored: list[StoredRow]


class WatchRow(Part):
    """What one criterion asks of the system in use."""

    metric: str
    basis: Basis
    unit: str
    delta: float
    of: list[str]
    findings: int
    """That were tested here."""
    within_reach: int
    """Of these, findings whose detectable difference is no larger than the threshold."""
    detectable: float | None
    """The largest of them: what this much data finds in the hardest of its findings."""
    smallest: int | None
    """Clusters (swaps), or rows of both groups (people), of the finding that had fewest."""
    people: int | None
    """Rows in each of two groups that find a drop by the threshold from the reference's rate."""
    rate: float | None
    """That rate."""


class MonitoringPart(Part):
    """What to watch, on how much data, and when to audit anew."""

    watch: list[WatchRow]
    triggers: list[str]
    """What calls for a new audit at once."""
    trend: str
    """Why there is no trend, or what it shows."""

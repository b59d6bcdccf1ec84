"""The declared type of the annexes: what each framework asks, and what this run has of it."""

from __future__ import annotations

from typing import Literal

from auditor.records import Verdict
from auditor.report.base import Part

GroundState = Literal["tested", "not tested", "no lexicon"]


class EvidenceRow(Part):
    """One kind of evidence, and what this run has of it."""

    key: str
    title: str
    section: int
    """Of the report, where it stands."""
    here: bool
    what: str
    """What this run has of it, or why it has nothing."""


class ClauseRow(Part):
    """One clause: the duty, the evidence of this run, and what is left to others."""

    id: str
    known: str
    """How sure we are of the clause: read, secondary, memory."""
    duty: str
    """In our words."""
    evidence: list[EvidenceRow]
    """Of this run; none of what it lacks."""
    strength: Literal["direct", "partial", "context", "none"]
    gap: str
    supplier: str
    elaboration: str | None
    """A text made of this run's findings, where the clause asks for one."""


class ChapterRow(Part):
    """Clauses that belong together."""

    title: str
    state: str | None
    """Status and dates in words, where they are its own; None: those of the framework."""
    verdict: Verdict | None
    """ "not applicable" where a scope test refuses it; it then has no clauses."""
    reason: str | None
    clauses: list[ClauseRow]


class GroundRow(Part):
    """One protected ground, and whether this run tested it."""

    ground: str
    state: GroundState
    how: str
    """What tested it, or what would."""
    known: str
    """How sure we are that the framework protects it."""


class AskedRow(Part):
    """A fact that the framework asks of people."""

    label: str
    value: str | None
    """None: NOT PROVIDED."""


class AnnexContent(Part):
    """What an annex says of a framework that applies."""

    sentences: list[str]
    history: list[str]
    coming: list[str]
    """What changes when, and what is expected without a date."""
    mark: str | None
    """A number that the framework itself sets, and where."""
    answers: list[str]
    """What a person may answer to each clause; none: the framework asks for no answer."""
    asked: list[AskedRow]
    signatures: list[AskedRow]
    chapters: list[ChapterRow]
    grounds: list[GroundRow]
    grounds_note: str
    columns_read: list[str]
    """How protected columns were read as grounds, in sentences."""
    sources: list[str]


class FrameworkRow(Part):
    """One annex."""

    id: str
    letter: str | None
    """Of the annex; None: a pack of the user's own."""
    title: str
    instrument: str
    version: str
    status: str
    state: str
    """Status and dates in words."""
    as_of: str
    age_days: int
    """When this edition was issued."""
    banner: str | None
    """A warning that the pack is old."""
    sha256: str
    """Of the pack's file."""
    scope: str
    verdict: Verdict | None
    """ "not applicable" where a scope test refuses the pack."""
    reason: str | None
    supplier: str
    content: AnnexContent | None
    """None where a scope test refuses the pack."""


class LegalRow(Part):
    """One instrument and where it stands."""

    pack: str
    instrument: str
    state: str
    next_on: str | None
    """The first date after this edition on which something changes."""
    next_what: str
    as_of: str
    old: bool


class GlossaryRow(Part):
    """One metric: what it is, which way it points, and a number worked out."""

    id: str
    part: str
    """Heading under which it stands."""
    title: str
    formula: str
    direction: str
    example: str
    value: float
    """Of the example."""


class FrameworksPart(Part):
    """The frameworks that were chosen, and what all of them are."""

    chosen: list[str]
    """Ids of the packs that were asked for."""
    annexes: list[FrameworkRow]
    """Those, and what a refused one sends to instead."""
    evidence: list[EvidenceRow]
    """Every kind there is, whether this run has it or not."""
    legal: list[LegalRow]
    glossary: list[GlossaryRow]

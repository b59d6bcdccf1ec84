"""The annexes of an edition: each chosen pack with the evidence of this run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from auditor.evidence.reader import Evidence
from auditor.records import Verdict
from auditor.report.edition import Edition
from auditor.report.packs.coverage import Coverage, clause_row, coverage_of
from auditor.report.packs.glossary import glossary
from auditor.report.packs.grounds import columns_read, grounds_of
from auditor.report.packs.legal import age_days, banner, coming, in_words, legal_rows, state_words
from auditor.report.packs.pack import Asked, Chapter, Pack, load_pack, shipped_packs
from auditor.report.packs.parts import (
    AnnexContent,
    AskedRow,
    ChapterRow,
    FrameworkRow,
    FrameworksPart,
)
from auditor.report.packs.scope import refusal
from auditor.report.packs.subject import Subject


def frameworks_of(evidence: Evidence, edition: Edition) -> FrameworksPart:
    """Returns the annexes, the legal status of every pack, and the glossary."""
    run = Subject.of(evidence, edition)
    coverage = coverage_of(run)
    chosen, shipped = [load_pack(name) for name in edition.choice.packs], shipped_packs()
    own = [pack for pack in chosen if shipped.get(pack.id) != pack]
    return FrameworksPart(
        chosen=[pack.id for pack in chosen],
        annexes=[_annex(pack, run, coverage) for pack in _with_instead(chosen, run)],
        evidence=list(coverage.values()),
        legal=legal_rows([*shipped.values(), *own], run.today),
        glossary=glossary(),
    )


def _with_instead(chosen: Iterable[Pack], run: Subject) -> list[Pack]:
    """The packs that were chosen, and those that a refused chapter of one sends to."""
    packs = {pack.sha256: pack for pack in chosen}
    sent = [
        load_pack(chapter.instead)
        for pack in packs.values()
        for chapter in pack.chapters
        if chapter.instead and refusal(chapter.tests, pack, run)
    ]
    return list({**packs, **{pack.sha256: pack for pack in sent}}.values())


def _annex(pack: Pack, run: Subject, coverage: Coverage) -> FrameworkRow:
    reason = refusal(pack.tests, pack, run)
    return FrameworkRow(
        id=pack.id,
        letter=pack.letter,
        title=pack.title,
        instrument=pack.instrument,
        version=pack.version,
        status=pack.status,
        state=state_words(pack.status, pack.in_force_from),
        as_of=in_words(pack.as_of),
        age_days=age_days(pack, run.today),
        banner=banner(pack, run.today),
        sha256=pack.sha256,
        scope=pack.scope,
        verdict=None if reason is None else Verdict.NOT_APPLICABLE,
        reason=reason,
        supplier=pack.supplier,
        content=None if reason else _content(pack, run, coverage),
    )


def _content(pack: Pack, run: Subject, coverage: Coverage) -> AnnexContent:
    as_of = in_words(pack.as_of)
    return AnnexContent(
        sentences=[text.replace("{as_of}", as_of) for text in pack.sentences],
        history=list(pack.history),
        coming=coming(pack),
        mark=f"{pack.mark.value} ({pack.mark.origin})" if pack.mark else None,
        answers=list(pack.answers),
        asked=[_asked(each, run) for each in pack.asks],
        signatures=[_asked(each, run) for each in pack.signatures],
        chapters=[_chapter(each, pack, run, coverage) for each in pack.chapters],
        grounds=grounds_of(pack, run),
        grounds_note=pack.grounds_note,
        columns_read=columns_read(pack, run),
        sources=list(pack.sources),
    )


def _chapter(chapter: Chapter, pack: Pack, run: Subject, coverage: Coverage) -> ChapterRow:
    reason = refusal(chapter.tests, pack, run)
    state = state_words(chapter.status, chapter.in_force_from) if chapter.status else None
    rows = [] if reason else [clause_row(each, coverage, run) for each in chapter.clauses]
    return ChapterRow(
        title=chapter.title,
        state=state,
        verdict=Verdict.NOT_APPLICABLE if reason else None,
        reason=": ".join(filter(None, [chapter.refused, reason])) if reason else None,
        clauses=rows,
    )


def _asked(asked: Asked, run: Subject) -> AskedRow:
    return AskedRow(label=asked.label, value=_said(getattr(run.declared, asked.key)))


def _said(value: Any) -> str | None:
    """A declared fact in words; None: not provided."""
    if value in (None, ""):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return in_words(value) if isinstance(value, date) else str(value)

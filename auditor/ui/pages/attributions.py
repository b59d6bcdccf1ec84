"""Attributions: what carries the differences of each contrast, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from auditor.evidence.reader import Evidence
from auditor.explanation import how_to_explain
from auditor.report.attribution_tables import any_names, has_base
from auditor.report.measures import unit_words
from auditor.report.parts_attributions import AttributionsPart, ContrastRow
from auditor.report.words_attributions import (
    AGREEMENT,
    CHECKS,
    CHOSEN,
    METHOD,
    NAMES,
    NO_BASE,
    NOT_SHOWN,
    PARTS,
    SHARE,
    TERMS,
    WORDS,
)
from auditor.ui import tables_attributions as tables
from auditor.ui.filters import show_explained
from auditor.ui.marking import plain
from auditor.ui.state import evidence, summary

PAIRS = Path(__file__).with_name("pairs.py")


def show(run: Evidence, part: AttributionsPart, clusters: str) -> None:
    """Draws the page."""
    st.title("Attributions")
    if part.not_explained is not None:
        _not_explained(run, part.not_explained)
        return
    _explained(part, clusters)
    if part.contrasts:
        _gaps(part)
        _terms(part.contrasts)
        _words(run)
    _checks(part)
    with st.container(border=True):
        st.subheader("What attributions do not show")
        st.text("\n".join(f"• {line}" for line in NOT_SHOWN))


def _not_explained(run: Evidence, reason: str) -> None:
    st.text(f"No pair of this audit was explained by token: {reason}.")
    if not run.count_pairs():
        return
    words, code = how_to_explain(run, "ID")
    st.text(words)
    if code:
        st.code(code, language=None, wrap_lines=True)


def _explained(part: AttributionsPart, clusters: str) -> None:
    """Draws what was explained, by which method, and what was left out."""
    of = f"{unit_words(part.unit)} of {part.output}" if part.unit != "output" else part.output
    st.text(
        plain(
            f"Explained is the output of {part.model_id}: {of}. A text was masked in at most "
            f"{part.max_evals:,} distinct ways."
        )
    )
    _table(map(tables.explained_row, part.explained))
    refused = [f"{part.refused:,} of the chosen pairs could not be explained"]
    notes = [*(refused if part.refused else []), *part.notes]
    if notes:
        st.text("\n".join(f"• {plain(note)}." for note in notes))
    if st.button("Read the explained pairs", icon=":material/compare_arrows:"):
        show_explained()
        st.switch_page(PAIRS)
    st.caption(f"{METHOD} {CHOSEN} {clusters}.")


def _gaps(part: AttributionsPart) -> None:
    rows, unit = part.contrasts, unit_words(part.unit)
    st.subheader("How the gap divides")
    heads = dict(tables.GAPS)
    base = has_base(rows)
    if not base:
        heads.pop("gap_base")
    _numbers(rows, heads)
    also = [*([] if base else [NO_BASE]), *([NAMES] if any_names(rows) else [])]
    st.caption(" ".join([f"In {unit}, and shares.", PARTS, SHARE, *also]))


def _terms(rows: Sequence[ContrastRow]) -> None:
    st.subheader("How much rests on the terms")
    _numbers(rows, tables.TERMS)
    st.caption(TERMS)


def _numbers(rows: Sequence[ContrastRow], heads: Mapping[str, str]) -> None:
    """Draws numbers of contrasts, below them those of placebo pairs, and why any are missing."""
    _table(tables.contrast_row(row, heads) for row in rows)
    _table(tables.placebo_rows(rows, heads))
    lines = list(tables.reasons(rows, heads))
    if lines:
        st.text("\n".join(map(plain, lines)))


def _words(run: Evidence) -> None:
    st.subheader("Words that count otherwise beside the other term")
    effects = run.explanations.words
    if effects:
        _table(map(tables.word_row, effects))
    else:
        st.text("No word of the context stands in enough of the explained pairs.")
    st.caption(WORDS)


def _checks(part: AttributionsPart) -> None:
    """Draws how far the methods can be trusted."""
    st.subheader("How far the methods can be trusted")
    if not part.checks:
        st.text("This was not measured.")
        return
    if part.shortfalls:
        st.text("\n".join(f"▲ {line}" for line in part.shortfalls))
    _table(tables.check_rows(part))
    st.caption(CHECKS)
    with st.expander("What each measure and method means"):
        measures = dict.fromkeys(map(tables.meaning, part.checks))
        methods = [f"{method.title}: {method.meaning}" for method in part.methods]
        st.text("\n".join(f"• {line}" for line in [*measures, *methods]))
    if part.agreement:
        st.text("Whether the methods agree")
        _table(tables.agreement_row(row, part) for row in part.agreement)
        st.caption(AGREEMENT)


def _table(rows: Iterable[Mapping[str, Any]]) -> None:
    st.dataframe(pd.DataFrame(list(rows)), hide_index=True, width="stretch")


show(evidence(), summary().attributions, summary().clusters_are)

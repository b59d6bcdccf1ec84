"""Circuits: which heads, MLPs and edges carry a finding, what speaks against it, and, as context,
where a head looks in one pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from auditor.evidence.reader import Evidence
from auditor.explanation import how_to_trace
from auditor.records_circuits import CircuitRecord
from auditor.report.circuit_charts import draw_figure
from auditor.report.measures import unit_words
from auditor.report.parts_circuits import CircuitsPart, FigureName, TracedRow, UntestedRow
from auditor.report.words import contrast_words, in_units
from auditor.report.words_circuits import (
    ATTENTION,
    ATTENTION_TITLE,
    COMPONENTS,
    CURVES,
    EDGES,
    GRADE,
    LENS,
    METHOD,
    NAMES,
    NOT_SHOWN,
    REPAIR,
)
from auditor.ui import tables_circuits as tables
from auditor.ui.looked_at import draw_component
from auditor.ui.marking import plain
from auditor.ui.state import choice, evidence, summary
from auditor.ui.theme import draw

FINDING = "circuits.finding"
"""The key of the chosen finding in the session."""
LIST = "components"
"""The key of the table of components."""


def show(run: Evidence, part: CircuitsPart, clusters: str) -> None:
    """Draws the page."""
    st.title("Circuits")
    st.caption(GRADE)
    if part.not_traced is not None:
        st.text(f"No finding was traced through the model: {part.not_traced}.")
        _how(run)
        return
    if part.traced:
        _circuit(run, _choose(part.traced), clusters)
    if part.untested:
        _untested(run, part.untested)
    with st.container(border=True):
        st.subheader("What a circuit does not show")
        st.text("\n".join(f"• {line}" for line in NOT_SHOWN))


def _choose(traced: Sequence[TracedRow]) -> TracedRow:
    named = {str(each.record.finding_id): each for each in traced}
    chosen = choice("Finding", list(named), FINDING, lambda key: plain(_words(named[key].record)))
    return named[chosen]


def _words(record: CircuitRecord) -> str:
    return record.metric if record.contrast is None else contrast_words(record.contrast)


def _circuit(run: Evidence, traced: TracedRow, clusters: str) -> None:
    record = traced.record
    st.subheader(plain(_words(record)))
    st.text(plain(record.sentence))
    unit = unit_words(record.unit)
    facts = [
        f"Traced is the {record.metric} of {record.model_id}; effects are in {unit}.",
        tables.effect_line(record),
        tables.pairs_line(record, clusters),
        tables.settings_line(record),
        *(f"• {note}" for note in record.notes),
    ]
    st.text("\n".join(plain(line) for line in facts if line))
    st.caption(f"{METHOD} {clusters}. {NAMES}")
    _components(run, traced, clusters)
    for section in (_edges, _curves, _controls, _attention, _lens, _repair):
        section(traced)


def _components(run: Evidence, traced: TracedRow, clusters: str) -> None:
    """Draws the graph and the components; one that is chosen is shown on its pairs."""
    places = [*traced.members, *traced.beside]
    if not places:
        return
    _figures(traced, "graph", "heads")
    event = st.dataframe(
        pd.DataFrame([tables.component_row(traced, place) for place in places]),
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        key=LIST,
    )
    st.caption(f"Choose a row to see its pairs. {in_units(COMPONENTS, clusters)}")
    chosen = [i for i in event["selection"]["rows"] if i < len(places)]
    draw_component(run, traced.record, places[chosen[0] if chosen else 0])


def _edges(traced: TracedRow) -> None:
    if traced.edges:
        st.subheader("Edges with the largest scores")
        _table(tables.edge_row(traced.record.edges[place]) for place in traced.edges)
        st.caption(EDGES)


def _curves(traced: TracedRow) -> None:
    if traced.record.curve:
        st.subheader("How much circuits of growing size carry")
        _figures(traced, "components", "ablation", "edges")
        _table(map(tables.curve_row, traced.record.curve))
        st.caption(CURVES)


def _controls(traced: TracedRow) -> None:
    rows = list(tables.control_rows(traced.record))
    if rows:
        st.subheader("What speaks for the circuit, and against it")
        _table(rows)


def _attention(traced: TracedRow) -> None:
    found = traced.record.attention
    if found is not None:
        st.subheader(ATTENTION_TITLE)
        st.text(f"Correlation: {tables.shown_estimate(found.correlation)}.")
        _table(tables.attention_rows(traced.record))
        st.caption(ATTENTION)


def _lens(traced: TracedRow) -> None:
    if traced.record.lens:
        st.subheader("Logit lens: where the gap can be read")
        _table(map(tables.lens_row, traced.record.lens))
        st.caption(LENS)


def _repair(traced: TracedRow) -> None:
    found = traced.record.repair
    if found is None:
        return
    st.subheader("Repair")
    st.text(plain(found.reason))
    before = tables.shown_estimate(found.quality_before, signed=False)
    st.text(plain(f"Quality is {found.quality_measure}; before any repair: {before}."))
    _figures(traced, "repair")
    _table(tables.repair_row(i, o, found.recommended) for i, o in enumerate(found.options))
    st.caption(REPAIR)


def _figures(traced: TracedRow, *names: FigureName) -> None:
    said = {figure.name: figure.statement for figure in traced.figures}
    for name in names:
        if name in said:
            draw(draw_figure(traced.record, name), said[name])
            st.caption(plain(said[name]))


def _untested(run: Evidence, rows: Sequence[UntestedRow]) -> None:
    st.subheader("Findings that were not traced")
    for row in rows:
        named = f"{contrast_words(row.contrast)}: " if row.contrast is not None else ""
        st.text(plain(f"○ {named}not tested, {row.reason}."))
    _how(run)


def _how(run: Evidence) -> None:
    """Says how any finding can be traced, where there are texts to trace it on."""
    if not run.count_pairs():
        return
    words, code = how_to_trace(run, "ID")
    st.text(words)
    if code:
        st.code(code, language=None, wrap_lines=True)


def _table(rows: Iterable[Mapping[str, Any]]) -> None:
    st.dataframe(pd.DataFrame(list(rows)), hide_index=True, width="stretch")


show(evidence(), summary().circuits, summary().clusters_are)

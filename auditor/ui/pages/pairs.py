"""Pairs: pages through pairs and flagged cases, and shows one with its changed words marked."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from auditor.evidence.reader import Evidence
from auditor.report.summarize import marked_runs
from auditor.report.words import shown
from auditor.ui.marking import marked_html
from auditor.ui.state import evidence

PAGE = 25
COLUMNS = ["pair_id", "text", "counterfactual", "score_from", "score_to", "effect", "flip"]
# Characters of a text in the list; the pair below shows it whole. (A comment, not a docstring:
# Streamlit prints bare strings of a page.)
SHORT = 120


def show(run: Evidence) -> None:
    """Draws the page."""
    st.title("Pairs")
    where, params = _filters(run)
    total = run.count_pairs(where, params)
    if not total:
        st.info("No pair meets these filters. Widen them in the sidebar.")
        return
    pages = -(-total // PAGE)
    page = st.number_input(f"Page of {pages:,} ({total:,} pairs)", 1, pages, 1, key="page")
    rows = run.pairs(
        where,
        params,
        order_by="abs(effect) DESC, pair_id",
        limit=PAGE,
        offset=(int(page) - 1) * PAGE,
    )
    chosen = _list(rows)
    _pair(run, {str(k): v for k, v in rows.iloc[chosen].items()})


def _filters(run: Evidence) -> tuple[str, list[Any]]:
    """Returns the sidebar's filters as an SQL condition with its values."""
    side = st.sidebar
    conditions, params = [], []
    choices = {
        "model_id": ("Model", run.model_ids),
        "attribute": ("Attribute", list(run.coverage["attributes"])),
        "contrast_id": ("Contrast", sorted({f.contrast.contrast_id for f in run.findings})),
    }
    for column, (label, values) in choices.items():
        # The first model is the one that is judged; other choices begin with all.
        options = [*values, "all"] if column == "model_id" else ["all", *values]
        value = side.selectbox(label, options, key=column)
        if value != "all":
            conditions.append(f"{column} = ?")
            params.append(value)
    if side.checkbox("Flips only", key="flips"):
        conditions.append("flip")
    if side.checkbox("Flagged only", key="flagged"):
        ids = run.cases()["pair_id"].dropna().tolist()
        conditions.append("list_contains(?, pair_id)")
        params.append(ids)
    needle = side.text_input("Text contains", key="needle")
    if needle:
        conditions.append("(contains(lower(text), ?) OR contains(lower(counterfactual), ?))")
        params += [needle.lower()] * 2
    return " AND ".join(conditions) or "true", params


def _list(rows: pd.DataFrame) -> int:
    """Draws the list and returns the position of the chosen row."""
    table = rows[COLUMNS].copy()
    for column in ("text", "counterfactual"):
        table[column] = table[column].str.slice(0, SHORT)
    event = st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        key="list",
        column_config={
            name: st.column_config.NumberColumn(format="%+.3f")
            for name in ("score_from", "score_to", "effect")
        },
    )
    selected = event["selection"]["rows"]
    return int(selected[0]) if selected and selected[0] < len(rows) else 0


def _pair(run: Evidence, row: dict[str, Any]) -> None:
    """Draws one pair, both sides next to each other on one scale."""
    st.subheader(f"Pair {row['pair_id']}")
    sides = (("from", "text"), ("to", "counterfactual"))
    for column, (side, text) in zip(st.columns(2), sides, strict=True):
        with column.container(border=True):
            st.text(f"{shown(row[f'group_{side}'])}: {shown(row[f'term_{side}'] or '')}")
            st.html(marked_html(marked_runs(row[text], row[f"spans_{side}"])))
            _score(row, side)
    cutoff = run.plan.scoring.cutoff
    facts = [
        f"effect of {shown(row['group_b'])} against {shown(row['group_a'])}: "
        f"{row['effect']:+.3f} ({row['unit']})",
        f"validity: {shown(row['validity'])}" + (f", {row['reason']}" if row["reason"] else ""),
        f"cut-off: {'most probable label' if cutoff is None else cutoff}",
        f"cluster {row['cluster']}, model {row['model_id']}",
    ]
    st.text("\n".join(facts))


def _score(row: dict[str, Any], side: str) -> None:
    score, label = row[f"score_{side}"], row[f"label_{side}"]
    words = f"{score:.3f} {label if isinstance(label, str) else ''}"
    if row["unit"] == "probability":
        st.progress(min(1.0, max(0.0, score)))
    st.text(words)


show(evidence())

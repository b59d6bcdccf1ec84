"""Pairs: pages through pairs and flagged cases, and shows one side by side."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import pandas as pd
import streamlit as st

from auditor.evidence.reader import Evidence
from auditor.explanation import explained_pairs
from auditor.records import digest
from auditor.report.gaps import marked_runs
from auditor.report.words import shown
from auditor.ui.attributed import draw_attributions
from auditor.ui.filters import KEPT, Selection, choose, clear
from auditor.ui.marking import marked_html, plain, shortened, snippet
from auditor.ui.scale import Point, ends_of, scale_html
from auditor.ui.state import evidence

PAGE = 25
ROW = 30
SHOWN = 8  # rows of the list at once, so that the pair below it is in sight
FLAGS = {"high": "▲ high", "medium": "◆ medium", "low": "○ low"}

Row = Mapping[str, Any]


def show(run: Evidence) -> None:
    """Draws the page."""
    st.title("Pairs")
    if not run.count_pairs():
        st.text(
            "This audit has no pairs: its data are outcomes without texts, or no text names a "
            "group that can be swapped. The findings page says what was measured."
        )
        return
    cases = run.cases()
    flags = dict(zip(cases["pair_id"], cases.to_dict("records"), strict=True))
    explained = list(explained_pairs(run))
    selection = choose(run, cases, explained)
    total = run.count_pairs(selection.where, selection.params)
    if not total:
        st.text("No pair meets these filters.")
        st.button("Clear the filters", on_click=clear)
        return
    rows = _read(run, selection, _page(run, total, selection))
    row = rows[_list(rows, flags, {(pair_id, run.model_ids[0]) for pair_id in explained})]
    _pair(run, row, flags.get(row["pair_id"]))


def _page(run: Evidence, total: int, selection: Selection) -> int:
    """Returns which page to show, from 0. Each run and selection keeps a page of its own."""
    pages = -(-total // PAGE)
    key = digest(str(run.folder), selection.where, *map(str, selection.params))
    left, right = st.columns([2, 1], vertical_alignment="center")
    order = "most severe" if selection.order_params else "largest effect"
    left.text(f"{_count(total, 'pair')}, {order} first, on {_count(pages, 'page')}")
    number = right.number_input(
        "Page", 1, pages, key=f"{KEPT}page.{key}", label_visibility="collapsed"
    )
    return int(number) - 1


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _read(run: Evidence, selection: Selection, page: int) -> list[Row]:
    frame = run.pairs(
        selection.where,
        (*selection.params, *selection.order_params),
        order_by=selection.order_by,
        limit=PAGE,
        offset=page * PAGE,
    )
    return [{str(k): _known(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _known(value: Any) -> Any:
    """DuckDB's nulls come as NaN, NA or None, by the column's type; a page knows only None."""
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else value


def _list(rows: list[Row], flags: Mapping[str, Row], explained: Set[tuple[str, str]]) -> int:
    """Draws the page's pairs and returns the position of the chosen one.

    Args:
        explained: pair and model; empty: the audit explained none, and no column says which.
    """
    event = st.dataframe(
        pd.DataFrame([_list_row(row, flags.get(row["pair_id"]), explained) for row in rows]),
        hide_index=True,
        width="stretch",
        height=(1 + min(len(rows), SHOWN)) * ROW + 10,
        row_height=ROW,
        on_select="rerun",
        selection_mode="single-row",
        key="list",
        column_config={
            "score": st.column_config.NumberColumn(format="%.3f"),
            "swapped": st.column_config.NumberColumn(format="%.3f"),
            "effect": st.column_config.NumberColumn(format="%+.3f"),
            "text": st.column_config.TextColumn(width=280),
            "counterfactual": st.column_config.TextColumn(width=280),
            "tokens": st.column_config.TextColumn(help="✓: explained by token, below."),
        },
    )
    chosen = [i for i in event["selection"]["rows"] if i < len(rows)]
    return chosen[0] if chosen else 0


def _list_row(row: Row, case: Row | None, explained: Set[tuple[str, str]]) -> dict[str, Any]:
    mark = "✓" if (row["pair_id"], row["model_id"]) in explained else ""
    return {
        "flag": FLAGS[case["severity"]] if case else "",
        "swap": f"{shown(row['group_from'])} → {shown(row['group_to'])}",
        "effect": row["effect"],
        "flip": "flip" if row["flip"] else "",
        **({"tokens": mark} if explained else {}),
        "text": snippet(marked_runs(row["text"], row["spans_from"])),
        "counterfactual": snippet(marked_runs(row["counterfactual"], row["spans_to"])),
        "score": row["score_from"],
        "swapped": row["score_to"],
    }


def _pair(run: Evidence, row: Row, case: Row | None) -> None:
    """Draws one pair: both texts next to each other, both scores on one scale."""
    st.subheader(f"{'Flagged pair' if case else 'Pair'} {row['pair_id']}")
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        _side(row, "from", "text", "As it stands")
    with right.container(border=True, height="stretch"):
        _side(row, "to", "counterfactual", "Swapped")
    _scores(run, row)
    st.text("\n".join(plain(line) for line in _facts(run, row, case)))
    draw_attributions(run, row)


def _side(row: Row, side: str, column: str, title: str) -> None:
    label = row[f"label_{side}"]
    outcome = "" if label is None else f" · model says: {label}"
    st.text(plain(f"{title} · {shown(row[f'group_{side}'])}{outcome}"))
    runs = marked_runs(row[column], row[f"spans_{side}"])
    brief = shortened(runs)
    st.html(marked_html(brief))
    if brief != runs:
        with st.expander(f"The whole text, {len(row[column]):,} characters"):
            st.html(marked_html(runs))


def _scores(run: Evidence, row: Row) -> None:
    if row["score_from"] is None or row["score_to"] is None:
        st.text("This pair has no score on one of its sides, so there is no effect.")
        return
    points = [
        Point(plain(f"{mark} {shown(row[f'group_{side}'])}"), row[f"score_{side}"], mark)
        for side, mark in (("from", "●"), ("to", "◆"))
    ]
    cutoff = run.plan.scoring.cutoff
    known = [point.score for point in points] + ([] if cutoff is None else [cutoff])
    st.html(scale_html(points[0], points[1], ends=ends_of(known, row["unit"]), cutoff=cutoff))


def _facts(run: Evidence, row: Row, case: Row | None) -> list[str]:
    cutoff = run.plan.scoring.cutoff
    rule = "the most probable label" if cutoff is None else f"favourable from {cutoff:g} on"
    effect = "not measured" if row["effect"] is None else f"{row['effect']:+.3f} {row['unit']}"
    validity = shown(row["validity"]) + (f", {row['reason']}" if row["reason"] else "")
    facts = {
        "Flagged": f"{case['severity']}, {case['reason']}" if case else None,
        "Effect": f"{effect}, {shown(row['group_b'])} against {shown(row['group_a'])}",
        "Score": _meaning(run, row),
        "Decision": rule,
        "True label": row["label_true"],
        "Validity": validity if row["validity"] == "valid" else f"{validity}: in no verdict",
        "Cut off": "the model did not see the end of a text" if row["truncated"] else None,
        "Row": f"{row['row_id']}, cluster {row['cluster']}",
        "Model": row["model_id"],
    }
    return [f"{name}: {value}" for name, value in facts.items() if value is not None]


def _meaning(run: Evidence, row: Row) -> str:
    """Says what a score is: of a model, the probability of its favourable labels."""
    model = next(m for m in run.record["models"] if m["model_id"] == row["model_id"])
    labels = model.get("favourable") or []
    return f"{row['unit']} of {', '.join(map(str, labels))}" if labels else str(row["unit"])


show(evidence())

"""One component on the pairs of a circuit, and where a head looks in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from auditor.evidence.reader import Evidence
from auditor.records_circuits import CircuitRecord
from auditor.report.words import isolated
from auditor.report.words_circuits import ATTENTION_TITLE
from auditor.ui.attention_maps import attention_map, window
from auditor.ui.marking import plain
from auditor.ui.theme import draw

PAIR_LIST = "circuit_pairs"
"""The key of the table of pairs."""
SHOWN = 8
ROW = 30
_FACTS = {"pair_id": "pair", "cluster": "cluster", "split": "split"}
_NUMBERS = {
    "score": "score",
    "exact": "exact effect",
    "necessity": "necessity",
    "attention_to_term_a": "attention to the term, second group",
    "attention_to_term_b": "the same, first group",
}
"""Column of a pair -> its head."""


def draw_component(run: Evidence, record: CircuitRecord, place: int) -> None:
    """Draws the values of a component pair by pair, and the maps of the pair that is chosen."""
    name = record.nodes[place].name
    st.subheader(f"{name}, pair by pair")
    rows = run.circuit_pairs("finding_id = ? AND component = ?", (record.finding_id, name))
    if not len(rows):
        st.text("The run keeps no pairs of this component.")
        return
    rows = rows.iloc[rows["score"].abs().argsort(kind="stable")[::-1]]
    _maps(record, rows.iloc[_list(rows)].to_dict())


def _list(rows: pd.DataFrame) -> int:
    """Draws the pairs, the largest score first, and returns the place of the chosen one."""
    known = [column for column in _NUMBERS if rows[column].notna().any()]
    listed = rows[[*_FACTS, *known]].rename(columns={**_FACTS, **_NUMBERS})
    event = st.dataframe(
        listed.assign(split=[str(each).replace("_", " ") for each in listed["split"]]),
        hide_index=True,
        width="stretch",
        height=(1 + min(len(rows), SHOWN)) * ROW + 10,
        row_height=ROW,
        on_select="rerun",
        selection_mode="single-row",
        key=PAIR_LIST,
        column_config={
            _NUMBERS[column]: st.column_config.NumberColumn(
                format="%.3f" if column.startswith("attention") else "%+.3f"
            )
            for column in known
        },
    )
    chosen = [i for i in event["selection"]["rows"] if i < len(rows)]
    return chosen[0] if chosen else 0


def _maps(record: CircuitRecord, row: Mapping[Any, Any]) -> None:
    """Draws both texts' attention side by side."""
    sides = {side: _side(row, side) for side in ("a", "b")}
    tokens_a, tokens_b = (tokens for tokens, _ in sides.values())
    if not tokens_a or not tokens_b:
        st.text("Attention maps are kept of the circuit's heads only.")
        return
    st.text(plain(f"Pair {row['pair_id']} · {ATTENTION_TITLE}"))
    part = window(tokens_a, tokens_b)
    groups = _groups(record)
    for column, (side, (tokens, weights)) in zip(st.columns(2), sides.items(), strict=True):
        with column.container(border=True):
            st.text(plain(groups[side]))
            words = f"Attention of {row['component']} in the text of {groups[side]}."
            draw(attention_map(tokens, weights, part), words)
    longest = max(len(tokens_a), len(tokens_b))
    if longest > part.stop - part.start:
        st.caption(f"Drawn are {part.stop - part.start} of {longest} tokens, where the texts part.")


def _side(row: Mapping[Any, Any], side: str) -> tuple[list[str], Sequence[Sequence[float]]]:
    """Returns tokens and attention of one text; none where the run keeps no map."""
    tokens, weights = row[f"tokens_{side}"], row[f"attention_{side}"]
    if pd.api.types.is_scalar(tokens) or pd.api.types.is_scalar(weights):
        return [], []
    return [str(token) for token in tokens], weights


def _groups(record: CircuitRecord) -> dict[str, str]:
    if record.contrast is None:
        return {"a": "group A", "b": "group B"}
    return {"a": isolated(record.contrast.group_a), "b": isolated(record.contrast.group_b)}

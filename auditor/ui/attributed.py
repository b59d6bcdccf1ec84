"""The tokens of one pair on the pairs page: what each adds, and what carries the gap.

Only what the audit found is shown; how a pair that was not explained can be is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from auditor.attributions.methods import METHODS
from auditor.evidence.reader import Evidence
from auditor.explanation import PairExplanation, how_to_explain, stored_explanations
from auditor.explanation.words import caveats, explanation_rows
from auditor.report.measures import unit_words
from auditor.report.numbers import decimal
from auditor.report.words_attributions import method_title
from auditor.ui.filters import KEPT
from auditor.ui.marking import plain
from auditor.ui.shading import gaps_html, legend_html, side_html

METHOD = f"{KEPT}method"
TITLE = "What carries the difference"


def draw_attributions(run: Evidence, row: Mapping[str, Any]) -> None:
    """Draws the attributions of a pair, or says why there are none and how to get them."""
    st.subheader(TITLE)
    found = stored_explanations(run, row)
    if found:
        _explained(found[_choose(list(found))])
    else:
        _not_explained(run, row)


def _choose(methods: list[str]) -> str:
    """SHAP stands first; a method that this pair does not have is forgotten."""
    if st.session_state.get(METHOD) not in methods:
        st.session_state[METHOD] = methods[0]
    if len(methods) == 1:
        st.text(method_title(methods[0]))
        return methods[0]
    chosen: str = st.radio(
        "Method",
        methods,
        format_func=method_title,
        key=METHOD,
        horizontal=True,
        label_visibility="collapsed",
    )
    return chosen


def _not_explained(run: Evidence, row: Mapping[str, Any]) -> None:
    explanations = run.explanations
    judged = run.model_ids[0]
    if explanations.not_explained is not None:
        st.text(f"No pair of this audit was explained by token: {explanations.not_explained}.")
    elif row["model_id"] != judged:
        st.text(f"Only the model that is judged is explained: {plain(judged)}.")
        return
    else:
        st.text("This pair is not among those that the audit explained by token.")
    words, code = how_to_explain(run, row["pair_id"])
    st.text(words)
    if code:
        st.code(code, language=None, wrap_lines=True)


def _explained(explanation: PairExplanation) -> None:
    unit = unit_words(explanation.unit)
    sides = (explanation.text, explanation.counterfactual)
    largest = max((abs(token.value) for side in sides for token in side.tokens), default=0.0)
    for column, side, title in zip(st.columns(2), sides, ("As it stands", "Swapped"), strict=True):
        with column.container(border=True, height="stretch"):
            st.text(f"{title} · {_adds_up(side.base, side.sum, side.total)}")
            st.html(side_html(side, largest, unit))
    signed = METHODS[explanation.method].signed
    up, down = ("raises the output", "lowers it") if signed else ("counts", None)
    st.html(legend_html(up, down, largest, unit))
    _gap(explanation, unit)
    st.caption(plain(" ".join(_caption(explanation, unit))))
    with st.expander("Every number"):
        _table(explanation)


def _adds_up(base: float | None, values: float, total: float | None) -> str:
    if base is None or total is None:
        return f"sum of tokens {decimal(values)}"
    return f"base {decimal(base)}, tokens {decimal(values)}, output {decimal(total)}"


def _gap(explanation: PairExplanation, unit: str) -> None:
    """Draws the gap token by token."""
    gaps = [each.gap for each in explanation.compared]
    with st.container(border=True):
        whole = explanation.counterfactual.sum - explanation.text.sum
        st.text(f"Gap, swapped less as it stands · tokens {decimal(whole)}{_ends(explanation)}")
        st.html(gaps_html(explanation, unit))
        signed = METHODS[explanation.method].signed
        up = "raises the swapped text's output against the other's" if signed else "counts more"
        down = "lowers it" if signed else "counts less"
        st.html(legend_html(up, down, max(map(abs, gaps), default=0.0), unit))


def _ends(explanation: PairExplanation) -> str:
    a, b = explanation.text, explanation.counterfactual
    if a.base is None or b.base is None or a.total is None or b.total is None:
        return ""
    return f", base {decimal(b.base - a.base)}, output {decimal(b.total - a.total)}"


def _caption(explanation: PairExplanation, unit: str) -> list[str]:
    base = " Base: the output with every token masked." if explanation.text.base is not None else ""
    return [
        f"{method_title(explanation.method)} of {explanation.label}, {unit}.{base}",
        METHODS[explanation.method].meaning,
        *caveats(explanation),
    ]


def _table(explanation: PairExplanation) -> None:
    rows = [
        {name: plain(text) for name, text in row.items()} for row in explanation_rows(explanation)
    ]
    right = {
        name: st.column_config.TextColumn(alignment="right")
        for name in ("value from", "value to", "gap")
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", column_config=right)

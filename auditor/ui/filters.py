"""The filters of the pairs page: what a person chose, as an SQL condition with its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from auditor.evidence.reader import Evidence
from auditor.report.words import shown
from auditor.ui.state import ANY, choice

KEPT = "pairs."
"""Begins the keys of all that a person chooses on this page."""
MODEL, ATTRIBUTE, CONTRAST, EXPLAINED, FLIPS, FLAGGED, WORDS = FILTERS = tuple(
    f"{KEPT}{name}"
    for name in ("model", "attribute", "contrast", "explained", "flips", "flagged", "words")
)
ONLY = {ANY: "all", "yes": "explained", "no": "not explained"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pairs to show, in which order."""

    where: str
    params: tuple[Any, ...]
    order_by: str
    order_params: tuple[Any, ...]
    """Values of `order_by`: they follow `params`."""

    def narrowed(self, condition: str, params: tuple[Any, ...]) -> Selection:
        """Returns the same with one more condition."""
        where = f"{self.where} AND {condition}"
        return replace(self, where=where, params=(*self.params, *params))


def choose(run: Evidence, cases: pd.DataFrame, explained: Sequence[str]) -> Selection:
    """Draws the filters in the sidebar and returns what they select.

    Args:
        cases: the flagged cases of the run, most severe first.
        explained: pairs whose tokens were explained, on the judged model; none: no filter.
    """
    # The first model is the one that is judged: unlike the others, this filter begins with it.
    models = [*run.model_ids, ANY]
    equal = {
        "model_id": choice("Model", models, MODEL, _plain) if len(models) > 2 else ANY,
        "attribute": choice("Attribute", [ANY, *run.coverage["attributes"]], ATTRIBUTE, _name),
    }
    contrasts = _contrasts(run, equal["attribute"])
    equal["contrast_id"] = choice("Contrast", list(contrasts), CONTRAST, contrasts.__getitem__)
    only = choice("Tokens", list(ONLY), EXPLAINED, ONLY.__getitem__) if explained else ANY
    flips = st.sidebar.checkbox("Flips only", key=FLIPS)
    flagged = st.sidebar.checkbox("Flagged only", key=FLAGGED)
    words = st.sidebar.text_input("Text contains", key=WORDS)
    selected = _selection(equal, flips, list(cases["pair_id"]) if flagged else None, words)
    if only == ANY:
        return selected
    return selected.narrowed(_EXPLAINED[only], (run.model_ids[0], list(explained)))


def clear() -> None:
    """Forgets every filter."""
    for key in FILTERS:
        st.session_state.pop(key, None)


def show_only(attribute: str, contrast_id: str) -> None:
    """Sets the filters to one contrast, for a page that leads to its pairs."""
    clear()
    st.session_state[ATTRIBUTE] = attribute
    st.session_state[CONTRAST] = contrast_id


def show_explained() -> None:
    """Sets the filters to the explained pairs."""
    clear()
    st.session_state[EXPLAINED] = "yes"


_EXPLAINED = {
    "yes": "(model_id = ? AND pair_id IN (SELECT unnest(?::VARCHAR[])))",
    "no": "NOT (model_id = ? AND pair_id IN (SELECT unnest(?::VARCHAR[])))",
}


def _selection(
    equal: Mapping[str, str], flips: bool, flagged: Sequence[str] | None, words: str | None
) -> Selection:
    """Flagged pairs come as the cases do, most severe first; others by the size of the effect."""
    given = {column: value for column, value in equal.items() if value != ANY}
    conditions = [f"{column} = ?" for column in given]
    params: list[Any] = [*given.values()]
    if flips:
        conditions.append("flip")
    if words:
        conditions.append(
            "(contains(lower(text), lower(?)) OR contains(lower(counterfactual), lower(?)))"
        )
        params += [words, words]
    order = "abs(effect) DESC NULLS LAST, pair_id, model_id"
    if flagged is None:
        return Selection(" AND ".join(conditions) or "true", tuple(params), order, ())
    conditions.append("pair_id IN (SELECT unnest(?::VARCHAR[]))")
    severest = f"list_position(?::VARCHAR[], pair_id), {order}"
    return Selection(" AND ".join(conditions), (*params, flagged), severest, (flagged,))


def _contrasts(run: Evidence, attribute: str) -> dict[str, str]:
    """Returns contrast id -> its words; only those of `attribute` where one is chosen."""
    contrasts = dict.fromkeys(finding.contrast for finding in run.findings)
    return {ANY: "all"} | {
        c.contrast_id: f"{shown(c.group_b)} v {shown(c.group_a)}"
        for c in contrasts
        if attribute in (ANY, c.attribute)
    }


def _name(value: str) -> str:
    return "all" if value == ANY else shown(value)


def _plain(value: str) -> str:
    return "all" if value == ANY else value

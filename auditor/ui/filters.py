"""The filters of the pairs page: what a person chose, as an SQL condition with its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from auditor.evidence.reader import Evidence
from auditor.report.words import shown
from auditor.ui.state import ANY, choice

KEPT = "pairs."
"""Begins the keys of all that a person chooses on this page."""
MODEL, ATTRIBUTE, CONTRAST, FLIPS, FLAGGED, WORDS = (
    f"{KEPT}{name}" for name in ("model", "attribute", "contrast", "flips", "flagged", "words")
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pairs to show, in which order."""

    where: str
    params: tuple[Any, ...]
    order_by: str
    order_params: tuple[Any, ...]
    """Values of `order_by`: they follow `params`."""


def choose(run: Evidence, cases: pd.DataFrame) -> Selection:
    """Draws the filters in the sidebar and returns what they select.

    Args:
        cases: the flagged cases of the run, most severe first.
    """
    # The first model is the one that is judged: unlike the others, this filter begins with it.
    models = [*run.model_ids, ANY]
    equal = {
        "model_id": choice("Model", models, MODEL, _plain) if len(models) > 2 else ANY,
        "attribute": choice("Attribute", [ANY, *run.coverage["attributes"]], ATTRIBUTE, _name),
    }
    contrasts = _contrasts(run, equal["attribute"])
    equal["contrast_id"] = choice("Contrast", list(contrasts), CONTRAST, contrasts.__getitem__)
    flips = st.sidebar.checkbox("Flips only", key=FLIPS)
    flagged = st.sidebar.checkbox("Flagged only", key=FLAGGED)
    words = st.sidebar.text_input("Text contains", key=WORDS)
    return _selection(equal, flips, list(cases["pair_id"]) if flagged else None, words)


def clear() -> None:
    """Forgets every filter."""
    for key in (MODEL, ATTRIBUTE, CONTRAST, FLIPS, FLAGGED, WORDS):
        st.session_state.pop(key, None)


def show_only(attribute: str, contrast_id: str) -> None:
    """Sets the filters to one contrast, for a page that leads to its pairs."""
    clear()
    st.session_state[ATTRIBUTE] = attribute
    st.session_state[CONTRAST] = contrast_id


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

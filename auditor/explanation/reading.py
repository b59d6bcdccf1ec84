"""Explanations as the audit made them, read from its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from auditor.attributions.methods import METHODS
from auditor.errors import RunError
from auditor.evidence.reader import Evidence
from auditor.explanation.pair import PairExplanation, Side, TokenValue
from auditor.records_attributions import Chosen, Role

SHAP = "owen"


def find_pair(evidence: Evidence, pair_id: str) -> dict[str, Any]:
    """Returns the row of a pair on the judged model; a beginning that only one id has will do.

    Raises:
        RunError: no such pair, or several.
    """
    known = "pair_id = ?", "starts_with(pair_id, ?)"
    for condition in known:
        frame = evidence.pairs(
            f"{condition} AND model_id = ?",
            [pair_id, evidence.model_ids[0]],
            order_by="pair_id",
            limit=50,
        ).drop_duplicates("pair_id")
        if len(frame) == 1:
            return {str(name): value for name, value in frame.iloc[0].items()}
    if not len(frame) or not pair_id:
        raise RunError(
            f"no pair of {evidence.folder} has the id {pair_id!r}; ids stand on the pairs page of "
            f"`auditor review {evidence.folder}`, in its report, and in the column pair_id of "
            "run.pairs()"
        )
    raise RunError(
        f"several pairs of {evidence.folder} begin with {pair_id!r}: "
        f"{', '.join(frame['pair_id'].head(3))}, ...; give more of the id"
    )


def explained_pairs(evidence: Evidence) -> dict[str, Chosen]:
    """Returns the pairs that the audit explained, each with why it did."""
    rows = evidence.attributions("method = ? AND side = 'from' AND \"index\" = 0", [SHAP])
    return {
        str(i): Chosen(chosen) for i, chosen in zip(rows["pair_id"], rows["chosen"], strict=True)
    }


def stored_explanations(evidence: Evidence, row: Mapping[str, Any]) -> dict[str, PairExplanation]:
    """Returns method -> explanation of a pair, as the audit made them, SHAP first.

    Empty where the pair was not explained.

    Args:
        row: of `schemas.PAIRS`.
    """
    rows = evidence.attributions("pair_id = ? AND model_id = ?", [row["pair_id"], row["model_id"]])
    found = {str(name): read_rows(own, row) for name, own in rows.groupby("method", sort=False)}
    return {name: found[name] for name in METHODS if name in found}


def read_rows(rows: pd.DataFrame, pair: Mapping[str, Any]) -> PairExplanation:
    """Returns an explanation from rows of `schemas.ATTRIBUTIONS` of one pair and method.

    Args:
        pair: the row of `schemas.PAIRS`, which has the texts.
    """
    first = rows.iloc[0]
    return PairExplanation(
        pair_id=str(first["pair_id"]),
        model_id=str(first["model_id"]),
        method=str(first["method"]),
        label=str(first["label"]),
        unit=str(first["unit"]),
        chosen=Chosen(first["chosen"]),
        text=_side(rows[rows["side"] == "from"], pair["text"], pair["spans_from"]),
        counterfactual=_side(rows[rows["side"] == "to"], pair["counterfactual"], pair["spans_to"]),
    )


def _side(rows: pd.DataFrame, text: str, spans: Any) -> Side:
    tokens = tuple(
        TokenValue(**_token(row)) for row in rows.sort_values("index").to_dict("records")
    )
    first = rows.iloc[0]
    return Side(
        text,
        tuple((int(span["start"]), int(span["end"])) for span in spans),
        tokens,
        _number(first["base"]),
        _number(first["residual"]),
        _number(first["unresolved"]) or 0.0,
    )


def _token(row: Mapping[Any, Any]) -> dict[str, Any]:
    numbers = {name: int(row[name]) for name in ("start", "end", "aligned")}
    return {**numbers, "token": row["token"], "role": Role(row["role"]), "value": row["value"]}


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)

"""Attributions as `shap.Explanation` objects, which shap's plots take."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auditor.attributions.base import Attribution, Refused
from auditor.errors import ModelError

if TYPE_CHECKING:
    import shap


def pack(
    found: Sequence[Attribution | Refused], names: Sequence[str], *, hierarchy: bool = True
) -> shap.Explanation:
    """Returns one `shap.Explanation` of all texts, as shap packs its own.

    A text that could not be explained keeps its place, with no tokens and a base of NaN; a warning
    names it, and the attribute `refused` maps its index to the reason.

    Args:
        names: of the outputs.
        hierarchy: keep clustering and hierarchical values, by which `shap.plots.text` joins
            tokens that act together.

    Raises:
        ModelError: no text at all could be explained.
    """
    refused = {i: each.reason for i, each in enumerate(found) if isinstance(each, Refused)}
    if refused and len(refused) == len(found):
        raise ModelError(f"none of {len(found)} texts can be explained: {refused[0]}")
    if refused:
        warnings.warn(_left_out(refused), stacklevel=3)
    columns = [_columns(each, len(names)) for each in found]
    optional: Mapping[str, Any] = {
        name: packed([column[name] for column in columns])
        for name in ("clustering", "hierarchical_values")
        if hierarchy and all(column[name] is not None for column in columns)
    }
    return _explanation(
        values=packed([column["values"] for column in columns]),
        base_values=np.array([column["base"] for column in columns]),
        data=packed([column["data"] for column in columns]),
        feature_names=[[str(t).strip() for t in column["data"]] for column in columns],
        output_names=list(names),
        refused=refused,
        **optional,
    )


def _explanation(*, refused: Mapping[int, str], **parts: Any) -> shap.Explanation:
    import shap

    explanation = shap.Explanation(**parts)
    explanation.refused = dict(refused)
    return explanation


def _columns(each: Attribution | Refused, outputs: int) -> dict[str, Any]:
    if isinstance(each, Refused):
        return {
            "values": np.empty((0, outputs)),
            "base": np.full(outputs, np.nan),
            "data": np.empty(0, object),
            "clustering": np.empty((0, 4)),
            "hierarchical_values": np.empty((0, outputs)),
        }
    return {
        "values": each.values,
        "base": each.base,
        "data": np.array(each.tokens.segments, object),
        "clustering": each.tokens.clustering,
        "hierarchical_values": each.hierarchical,
    }


def packed(arrays: Sequence[Any]) -> Any:
    """Returns one array where all have one shape, else an array of arrays, as shap has it."""
    if len({np.shape(each) for each in arrays}) == 1:
        return np.array(list(arrays))
    ragged = np.empty(len(arrays), object)
    for i, each in enumerate(arrays):
        ragged[i] = each
    return ragged


def _left_out(refused: Mapping[int, str]) -> str:
    first = next(iter(refused))
    return (
        f"{len(refused)} texts could not be explained, the first at {first}: {refused[first]} "
        "(all reasons: the result's `refused`)"
    )

"""A circuit as users hold it: tables of components and edges, and the record behind them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from auditor.records import Estimate, to_plain
from auditor.records_circuits import CircuitRecord, EdgeEffect, NodeEffect


@dataclass(frozen=True)
class Circuit:
    """The heads, MLPs and edges that carry an effect, and what speaks for and against them.

    `str()` gives the result in one sentence with its uncertainty.
    """

    record: CircuitRecord

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the heads and MLPs of the circuit, the largest scores first."""
        return self.record.members

    @cached_property
    def nodes(self) -> pd.DataFrame:
        """One row per component, the largest score first.

        `score` is the conductance on discovery pairs, `exact` the effect of patching it alone on
        held-out pairs with its interval `low` to `high`, all in log-odds; `p` by sign flips over
        clusters; `inclusion` the share of resamples in which it is among the circuit's size.
        """
        return pd.DataFrame([{"name": n.name, **_row(n)} for n in self.record.nodes])

    @cached_property
    def edges(self) -> pd.DataFrame:
        """One row per edge, the largest scores alone; columns as of `nodes`."""
        return pd.DataFrame(
            [{"writer": e.writer, "reader": e.reader, **_row(e)} for e in self.record.edges]
        )

    @property
    def faithfulness(self) -> Estimate:
        """Share of the effect that the circuit alone carries on held-out pairs; 1: all of it."""
        return self.record.faithfulness or Estimate.missing(
            "no component was confirmed", unit="share of the effect"
        )

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Faithfulness by size, of components (`level` node) and edges, with the random band."""
        return pd.DataFrame(
            [
                {
                    "level": point.level,
                    "size": point.size,
                    "share": point.share,
                    **_ends("faithfulness", point.faithfulness),
                    **_ends("random", point.random),
                    **_ends("ablation", point.ablation),
                }
                for point in self.record.curve
            ]
        )

    @property
    def controls(self) -> dict[str, object]:
        """What the circuit must beat: random circuits, random weights, other texts."""
        found = self.record
        return {
            "embedding_only": found.embedding_only,
            "random": found.random,
            "reinitialised": found.reinitialised,
            "stability": found.stability,
            "across_templates": found.across,
        }

    def to_json(self) -> str:
        """Returns the whole record as JSON."""
        return json.dumps(to_plain(self.record), ensure_ascii=False, allow_nan=False)

    def __str__(self) -> str:
        return self.record.sentence

    def __repr__(self) -> str:
        return f"<Circuit of {self.record.model_id}: {self.record.sentence}>"


def _row(effect: NodeEffect | EdgeEffect) -> dict[str, object]:
    exact = effect.exact
    return {
        "score": effect.score.value,
        "exact": exact.value,
        "low": exact.low,
        "high": exact.high,
        "p": effect.p,
        "inclusion": effect.inclusion,
        "in_circuit": effect.in_circuit,
    }


def _ends(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    if estimate is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}

"""Which pairs a circuit is found on, and which others it is judged on.

Whole clusters are split before anything is flagged, and all pairs of a side may be drawn, never
only flagged ones. Pairs whose versions have as many tokens come first, since nothing stands in
for anything in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from auditor.attributions.pairs import TextPair, text_pairs
from auditor.circuits.aligning import AlignedPairs, align_pairs
from auditor.circuits.base import Aligned, Ints
from auditor.circuits.misalignment import Margins, alignment_errors, drop_misaligned
from auditor.circuits.subject import Subject
from auditor.errors import DataError, ModelError
from auditor.plan_circuits import CircuitPlan
from auditor.records import digest
from auditor.records_circuits import CircuitPairs

DISCOVERY, HELD_OUT = "discovery", "held_out"
CANDIDATES = 5
"""Times the pairs wanted that are looked at, to prefer those of equal length."""


@dataclass(frozen=True, slots=True)
class Side:
    """The pairs of one side of the split."""

    pairs: Aligned
    rows: pd.DataFrame
    """One per pair: pair_id, cluster, template_id, text_a, text_b, label_true."""
    tokens: tuple[tuple[list[str], list[str]], ...]  # [pair], of A's and B's version

    @property
    def clusters(self) -> tuple[str, ...]:
        return tuple(self.rows["cluster"].astype(str))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Both sides, and how they came about."""

    discovery: Side
    held_out: Side
    counts: CircuitPairs


def oriented(pairs: pd.DataFrame) -> pd.DataFrame:
    """Returns an audit's pairs with group A's version as `text_a` and group B's as `text_b`."""
    is_a = pairs["group_from"] == pairs["group_a"]
    frame = pairs.copy()
    for name, plain, other in (
        ("text", "text", "counterfactual"),
        ("spans", "spans_from", "spans_to"),
    ):
        frame[f"{name}_a"] = frame[plain].where(is_a, frame[other])
        frame[f"{name}_b"] = frame[other].where(is_a, frame[plain])
    return frame


def given(pairs: Any) -> pd.DataFrame:
    """Returns pairs of any form as rows: `text` is group A's version, `counterfactual` B's.

    A frame may name each pair's `cluster` and `split`; without, every pair is a cluster of its
    own, and clusters are split in halves. Their order does not matter.

    Raises:
        DataError: no pair at all, something that is none, a pair without cluster, or a split that
            is none of the two or cuts a cluster.
    """
    found = text_pairs(pairs)
    frame = pairs.reset_index(drop=True) if isinstance(pairs, pd.DataFrame) else pd.DataFrame()
    made = pd.DataFrame(
        {
            "pair_id": [digest(pair.text, pair.counterfactual) for pair in found],
            "template_id": None,
            "label_true": None,
            "text_a": [pair.text for pair in found],
            "text_b": [pair.counterfactual for pair in found],
            "spans_a": [pair.spans_from for pair in found],
            "spans_b": [pair.spans_to for pair in found],
        }
    )
    for name in ("pair_id", "cluster", "template_id", "split", "label_true"):
        if name in frame:
            made[name] = frame[name]
    # The same pair twice is one cluster, so that it does not judge what it helped to find.
    made = made if "cluster" in made else made.assign(cluster=made["pair_id"])
    if without := int(made["cluster"].isna().sum()):
        raise DataError(
            f"{without} pairs have no cluster; name the template or document that each came from, "
            "or leave the column out"
        )
    if "split" not in made:
        return made.assign(split=_halves(made["cluster"]))
    _check_split(made)
    return made


def _check_split(rows: pd.DataFrame) -> None:
    wrong = sorted(set(rows["split"].astype(str)) - {DISCOVERY, HELD_OUT})
    if wrong:
        raise DataError(
            f"split is {', '.join(map(repr, wrong))} in some pairs; it is {DISCOVERY} or {HELD_OUT}"
        )
    sides = rows.groupby("cluster")["split"].nunique()
    if (sides > 1).any():
        raise DataError(
            f"cluster {sides.idxmax()!r} has pairs of both splits, so that the circuit would be "
            "judged on what it was found on; give all pairs of a cluster one split"
        )


def _halves(clusters: pd.Series) -> pd.Series:
    """Every other cluster, in an order that their names do not tell."""
    names = sorted(set(clusters.astype(str)), key=digest)
    side = {name: (DISCOVERY, HELD_OUT)[i % 2] for i, name in enumerate(names)}
    return clusters.astype(str).map(side)


def choose(subject: Subject, frame: pd.DataFrame, plan: CircuitPlan, margins: Margins) -> Chosen:
    """Returns the pairs of both sides, aligned.

    Args:
        frame: as of `oriented` or `given`.
        margins: (inputs, read) -> the margin of each row, to see what alignment moves.

    Raises:
        ModelError: too few clusters on either side, and why pairs were left out.
    """
    drawn = pd.concat(
        [
            _drawn(frame[frame["split"] == split], CANDIDATES * plan.circuit_pairs)
            for split in (DISCOVERY, HELD_OUT)
        ],
        ignore_index=True,
    )
    _check(drawn, plan, {})
    found = align_pairs(subject.model, subject.tokenizer, _text_pairs(drawn), head=subject.head)
    kept = drawn.iloc[found.kept].reset_index(drop=True)
    chosen = _preferred(kept, found.equal, plan)
    part = _only(found, chosen)
    errors = alignment_errors(margins, part)
    part = drop_misaligned(part, errors)
    used = np.isin(found.kept[chosen], part.kept)
    rows = kept.iloc[chosen[used]].reset_index(drop=True)
    _check(rows, plan, part.refused)
    return Chosen(
        _side(part, rows, DISCOVERY),
        _side(part, rows, HELD_OUT),
        _counts(frame, found, part, rows, errors[used]),
    )


def _drawn(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Takes a pair of every cluster in turn, so that few pairs have many clusters."""
    order = rows.assign(_hash=[digest(str(each)) for each in rows["pair_id"]])
    order = order.assign(_name=rows["cluster"].astype(str)).sort_values(["_hash", "_name"])
    order["_turn"] = order.groupby("cluster").cumcount()
    order = order.sort_values(["_turn", "_hash", "_name"]).head(count)
    return order.drop(columns=["_hash", "_name", "_turn"])


def _text_pairs(rows: pd.DataFrame) -> Sequence[TextPair]:
    return text_pairs(
        [
            {"text": a, "counterfactual": b, "spans_from": spans_a, "spans_to": spans_b}
            for a, b, spans_a, spans_b in zip(
                rows["text_a"], rows["text_b"], rows["spans_a"], rows["spans_b"], strict=True
            )
        ]
    )


def _preferred(rows: pd.DataFrame, equal: Any, plan: CircuitPlan) -> Ints:
    """Returns the first pairs of each side; those of equal length alone where they suffice."""
    even = rows[equal]
    enough = all(
        even.loc[even["split"] == split, "cluster"].nunique() >= plan.circuit_clusters
        for split in (DISCOVERY, HELD_OUT)
    )
    usable = even if enough else rows
    first = usable.groupby("split", sort=False).head(plan.circuit_pairs)
    found: Ints = first.index.to_numpy()
    return found


def _only(pairs: AlignedPairs, rows: Ints) -> AlignedPairs:
    others = set(pairs.kept.tolist()) - set(pairs.kept[rows].tolist())
    return replace(pairs.without(dict.fromkeys(others, "")), refused=pairs.refused)


def _side(part: AlignedPairs, rows: pd.DataFrame, split: str) -> Side:
    at = np.flatnonzero(rows["split"] == split)
    return Side(
        part.aligned.rows(at),
        rows.iloc[at].reset_index(drop=True),
        tuple(part.tokens[i] for i in at),
    )


def _check(rows: pd.DataFrame, plan: CircuitPlan, refused: dict[int, str]) -> None:
    counts = [
        rows.loc[rows["split"] == split, "cluster"].nunique() for split in (DISCOVERY, HELD_OUT)
    ]
    if min(counts) >= plan.circuit_clusters:
        return
    reasons = sorted(set(refused.values()))
    why = f" {len(refused)} pairs were left out ({'; '.join(reasons[:2])})." if refused else ""
    raise ModelError(
        f"{min(counts)} clusters are left on the smaller side of the split, and the plan asks for "
        f"{plan.circuit_clusters} (circuit_clusters): a circuit found on fewer is not told from "
        f"chance.{why} Give more texts or templates"
    )


def _counts(
    frame: pd.DataFrame,
    found: AlignedPairs,
    part: AlignedPairs,
    rows: pd.DataFrame,
    errors: Any,
) -> CircuitPairs:
    split = rows["split"]
    clusters = {s: rows.loc[split == s, "cluster"].nunique() for s in (DISCOVERY, HELD_OUT)}
    return CircuitPairs(
        discovery=int((split == DISCOVERY).sum()),
        held_out=int((split == HELD_OUT).sum()),
        discovery_clusters=int(clusters[DISCOVERY]),
        held_out_clusters=int(clusters[HELD_OUT]),
        of=len(frame),
        equal_length=found.equal_share,
        filled=int((~part.equal).sum()),
        dropped=len(part.refused),
        worst_alignment=float(errors.max(initial=0.0)),
    )

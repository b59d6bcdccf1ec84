"""By how much effects differ from cluster to cluster: assumed before, estimated by a pilot.

How large a difference can be found depends on it, and before the first call nobody knows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.metrics.clusters import Cells, Floats
from auditor.metrics.crossed import Design, Parts, complete
from auditor.metrics.estimates import NOISE, OneTrial, StudentMean
from auditor.records import Contrast

Kind = Literal["gender", "words", "names"]
Scale = Literal["rate", "score", "SD", "log-odds"]

SCALES: Mapping[str, Scale] = {
    "selection_rate_change": "rate",
    "false_negative_rate_change": "rate",
    "false_positive_rate_change": "rate",
    "mean_effect": "score",
    "standardised_effect": "SD",
    "mean_margin_effect": "log-odds",
}
"""Governing metric -> what it is in."""
COLUMNS: Mapping[Scale, str] = {
    "rate": "selected",
    "score": "score",
    "SD": "score",
    "log-odds": "margin",
}
"""Scale -> column of `schemas.PAIRS`, without its side."""


@dataclass(frozen=True, slots=True)
class SDs:
    """Standard deviations of an effect, in the unit of its metric."""

    clusters: float
    """Of words: between clusters, of the effect of a swap. Of names: of a template's own effect
    on a group."""
    rest: float
    """Of words: between the pairs of one cluster. Of names: what name and template leave open."""
    names: float = 0.0
    """Between the names of a group."""

    @property
    def none(self) -> bool:
        """Whether nothing differed: as of a model that always answers the same."""
        return max(self.clusters, self.rest, self.names) <= NOISE


ASSUMED: Mapping[Kind, Mapping[Scale, SDs]] = {
    "gender": {
        "rate": SDs(0.16, 0.18),
        "score": SDs(0.023, 0.028),
        "SD": SDs(0.09, 0.11),
        "log-odds": SDs(0.06, 0.15),
    },
    "words": {
        "rate": SDs(0.37, 0.16),
        "score": SDs(0.085, 0.022),
        "SD": SDs(0.35, 0.09),
        "log-odds": SDs(0.37, 0.14),
    },
    "names": {
        "rate": SDs(0.036, 0.22, names=0.10),
        "score": SDs(0.009, 0.050, names=0.08),
        "SD": SDs(0.036, 0.20, names=0.32),
        "log-odds": SDs(0.044, 0.22, names=0.53),
    },
}
"""What is assumed of a model that has not been asked, by what is swapped: gender (he, she, man),
words (every other descriptor) and names.

Medians over contrasts and the three checkpoints of `auditor demo` on the templates `everyday`:
1 contrast of gender, 54 of ten other attributes, 4 of race_names and gender_names. Orders of
magnitude, no more: it is one small classifier, many of whose texts lie near the cut-off, and SDs of
net flips of single contrasts ran from .11 (christian, buddhist) to .53 (nondisabled, blind). The
same encoder trained to detect sexism flips hardly one of these texts, so its SDs of flips are 0,
those of log-odds .10 for words and, again, .5 between names. A pilot tells such models apart.

State of 2026-11 (version 0.1.0, torch 2.13, transformers 5, float32 on a CPU), from runs of plans
with these attributes and models:

    auditor run spreads.toml --out R
    python -c "from auditor.planned.spreads import measured; print(measured('R/evidence/pairs'))"
"""


def kind_of(attribute: str) -> Kind:
    """Returns which row of `ASSUMED` holds for an attribute."""
    if Contrast(attribute, "a", "b").crossed:
        return "names"
    return "gender" if attribute == "gender" else "words"


def word_law(sds: SDs, clusters: int, inverse_size: float) -> StudentMean | OneTrial:
    """Returns the law to expect of a mean effect of 0.

    Args:
        inverse_size: mean over clusters of 1 / their pairs.
    """
    if sds.none:
        return OneTrial(0.0, clusters, (-1.0, 1.0))
    variance = (sds.clusters**2 + sds.rest**2 * inverse_size) / clusters
    return StudentMean(0.0, float(variance**0.5), clusters - 1, (-inf, inf))


def name_parts(sds: SDs, sizes: tuple[int, ...], clusters: int) -> Parts:
    """Returns the parts of the variance to expect of names x templates."""
    rest = tuple(sds.rest**2 / (n * clusters) for n in sizes)
    own = [sds.names**2 / n for n in sizes]
    return Parts(
        tuple(a + c for a, c in zip(own, rest, strict=True)),
        len(sizes) * sds.clusters**2 / clusters + sum(rest),
        rest,
        sizes,
        clusters,
    )


def word_sds(clusters: npt.ArrayLike, effects: npt.ArrayLike) -> SDs | None:
    """Returns the SDs of effects, by a one-way analysis of variance; None of one cluster.

    Where no cluster has two pairs, all is between clusters.

    Args:
        clusters: [pair], the cluster's name.
        effects: [pair].
    """
    by_cluster = pd.Series(np.asarray(effects, float)).groupby(np.asarray(clusters))
    sizes, means = by_cluster.size(), by_cluster.mean()
    if len(means) < 2:
        return None
    free = int((sizes - 1).sum())
    within = float(((sizes - 1) * by_cluster.var(ddof=1).fillna(0.0)).sum()) / max(free, 1)
    between = float(means.var(ddof=1)) - within * float((1 / sizes).mean())
    return SDs(float(max(0.0, between) ** 0.5), within**0.5)


def name_sds(design: Design) -> SDs:
    """Returns the SDs behind a measured design; of one group `clusters` cannot be told: 0.

    Residuals' share is taken off names and templates; medians of the groups would hide one.
    """
    t, groups = design.templates, [y for _, y in design.groups]
    rest = [_residual_variance(y) for y in groups]
    pairs = zip(groups, rest, strict=True)
    names = np.mean([max(0.0, float(y.mean(axis=1).var(ddof=1)) - r / t) for y, r in pairs])
    deltas = sum(c * y.mean(axis=0) for c, y in design.groups)
    noise = sum(r / len(y) for y, r in zip(groups, rest, strict=True))
    own = (float(np.var(deltas, ddof=1)) - noise) / len(groups) if len(groups) > 1 else 0.0
    return SDs(float(max(0.0, own) ** 0.5), float(np.mean(rest)) ** 0.5, float(names) ** 0.5)


def _residual_variance(y: Floats) -> float:
    residuals = y - y.mean(axis=1, keepdims=True) - y.mean(axis=0) + y.mean()
    return float((residuals**2).sum() / ((len(y) - 1) * (y.shape[1] - 1)))


def sides(pairs: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """Returns one row per side of each pair: group, term, cluster, value."""
    column = COLUMNS[scale]
    unit = own_sd(pairs) if scale == "SD" else 1.0
    frames = [
        pd.DataFrame(
            {
                "group": pairs[f"group_{side}"],
                "term": pairs[f"term_{side}"],
                "cluster": pairs["cluster"],
                "value": pairs[f"{column}_{side}"].astype(float) / unit,
            }
        )
        for side in ("from", "to")
    ]
    return pd.concat(frames, keys=["from", "to"], names=["side", "row"])


def own_sd(pairs: pd.DataFrame) -> float:
    """Returns the SD of the scores of the texts that were swapped in."""
    return float(pairs.drop_duplicates("text")["score_from"].std())


def pair_effects(pairs: pd.DataFrame, scale: Scale) -> Floats:
    """Returns each pair's effect of group B against group A. [pair]"""
    values = sides(pairs, scale)["value"]
    change = values.loc["to"].to_numpy() - values.loc["from"].to_numpy()
    forward = (pairs["group_from"] == pairs["group_a"]).to_numpy()
    effects: Floats = np.where(forward, change, -change)
    return effects


def name_design(pairs: pd.DataFrame, scale: Scale, reference: str) -> Design:
    """Returns the complete design of pairs of names: one group, or two with `reference` as A."""
    table = sides(pairs, scale).pivot_table(
        index=["group", "term"], columns="cluster", values="value", aggfunc="mean"
    )
    groups = table.index.get_level_values("group")
    signs = np.where(groups == reference, -1.0, 1.0)
    values = table.to_numpy(np.float64)
    return complete(Cells(values, (~np.isnan(values)).astype(float), signs))


def measured(folder: str) -> pd.DataFrame:
    """Returns the SDs of every model, contrast and scale of a finished run: `ASSUMED` is the
    median of those of a kind.

    Args:
        folder: of the run's pairs.
    """
    pairs = pd.read_parquet(folder)
    pairs = pairs[(pairs["validity"] == "valid") & (pairs["arm"] == "swap")]
    rows = [
        row
        for _, of_model in pairs.groupby("model_id")
        for _, chosen in of_model.groupby("contrast_id")
        for row in _measured(chosen, own_sd(of_model))
    ]
    return pd.DataFrame(rows)


def _measured(pairs: pd.DataFrame, unit: float) -> list[dict[str, Any]]:
    first = pairs.iloc[0]
    found = []
    for scale in COLUMNS:
        raw: Scale = "score" if scale == "SD" else scale
        if kind_of(first["attribute"]) == "names":
            sds: SDs | None = name_sds(name_design(pairs, raw, first["group_a"]))
        else:
            sds = word_sds(pairs["cluster"], pair_effects(pairs, raw))
        over = unit if scale == "SD" else 1.0
        if sds is not None:
            found.append(
                {
                    "model_id": first["model_id"],
                    "contrast_id": first["contrast_id"],
                    "kind": kind_of(first["attribute"]),
                    "scale": scale,
                    "clusters": sds.clusters / over,
                    "rest": sds.rest / over,
                    "names": sds.names / over,
                }
            )
    return found

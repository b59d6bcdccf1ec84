"""The pilot's one call to a model: placebo pairs, or, without any, texts alone for their time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pandas as pd

from auditor.metrics.estimates import HARD_FLOOR
from auditor.models import Model, Outcome, load_model, score_part
from auditor.pipeline import model_ids
from auditor.plan import AuditPlan
from auditor.planned.counts import TRUTHS, Counted
from auditor.planned.forecast import Spread
from auditor.planned.spreads import (
    ASSUMED,
    COLUMNS,
    SCALES,
    Scale,
    SDs,
    kind_of,
    name_design,
    name_sds,
    pair_effects,
    word_sds,
)
from auditor.records import Contrast
from auditor.schemas import PAIRS
from auditor.swaps.attributes import PLACEBO

_WARM_UP = 32
"""Texts scored before the clock starts: a model's first calls are its slowest."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the placebo pairs of a sample of texts showed."""

    pairs: pd.DataFrame
    """Valid placebo pairs with their scores; columns of `schemas.PAIRS`."""
    selects: bool
    favourable: frozenset[str]
    """The favourable labels in the model's words, casefolded; empty of a regression."""
    seconds_per_1000_tokens: float | None
    notes: list[str]

    def spread(self, contrast: Contrast, metric: str, assumed: Spread) -> Spread:
        """Returns the SDs of a contrast's governing metric; assumed ones where none are seen."""
        names = kind_of(contrast.attribute) == "names"
        attribute = contrast.attribute if names else PLACEBO
        pairs = self._of(attribute, TRUTHS.get(metric))
        scale, found = SCALES[metric], None
        if len(pairs) and pairs[f"{COLUMNS[scale]}_from"].notna().all():
            found = _of_names(pairs, contrast, scale) if names else _of_words(pairs, scale)
        if found is not None:
            return found
        kind = f"names of {contrast.group_a}" if names else "words"
        why = (
            f"too few placebo pairs of {kind} with such a {scale}"
            if len(pairs)
            else (f"there are no placebo pairs of {kind}")
        )
        return Spread(assumed.sds, f"{assumed.origin}, since {why}")

    def _of(self, attribute: str, truth: bool | None) -> pd.DataFrame:
        chosen = self.pairs[self.pairs["attribute"] == attribute]
        if truth is None:
            return chosen
        labels = chosen["label_true"]
        good = labels.str.casefold().isin(self.favourable)
        return chosen[labels.notna() & (good == truth)]


def _of_words(pairs: pd.DataFrame, scale: Scale) -> Spread | None:
    clusters = pairs["cluster"].nunique()
    sds = word_sds(pairs["cluster"], pair_effects(pairs, scale))
    if sds is None or clusters < HARD_FLOOR:
        return None
    return Spread(sds, f"placebo words, {len(pairs):,} pairs in {clusters:,} clusters")


def _of_names(pairs: pd.DataFrame, contrast: Contrast, scale: Scale) -> Spread | None:
    """One group cannot show what templates add to one group alone: in the assumed proportion to
    what name and template leave open."""
    design = name_design(pairs, scale, contrast.group_a)
    if design.too_small:
        return None
    sds, usual = name_sds(design), ASSUMED["names"][scale]
    by_group = sds.rest * usual.clusters / usual.rest
    origin = (
        f"placebo names of {contrast.group_a}, {design.sizes[0]} names in {design.templates:,} "
        "clusters; templates by group in the assumed proportion"
    )
    return Spread(SDs(by_group, sds.rest, sds.names), origin)


def ask(spec: Any, plan: AuditPlan, counted: Counted) -> Measured:
    """Returns what the first model says of the sample's placebo pairs, and how fast."""
    model = load_model(spec, plan.scoring, model_id=model_ids(plan)[0])
    outcome = Outcome.of(model.labels, model.kind, plan.scoring)
    selects = not (model.kind == "regression" and plan.scoring.cutoff is None)
    favourable = frozenset(label.casefold() for label in outcome.favourable_labels)
    pairs = [pair for each in counted.placebos.values() for pair in each]
    model.score(list(dict.fromkeys(counted.sample))[:_WARM_UP])
    if pairs:
        begun = time.perf_counter()
        scored = score_part([], pairs, model, outcome, plan=plan).pairs.to_pandas()
        spent, tokens = time.perf_counter() - begun, _tokens(scored)
        note = f"{len(pairs):,} placebo pairs were scored, and no swap"
    else:
        scored = PAIRS.empty_table().to_pandas()
        spent, tokens = _time(model, counted.sample)
        note = "the plan has no placebo pairs: texts were scored for their time alone"
    valid = scored[scored["validity"] == "valid"]
    speed = 1000 * spent / tokens if tokens else None
    return Measured(valid, selects, favourable, speed, [note])


def _tokens(scored: pd.DataFrame) -> int:
    """Tokens of the distinct texts."""
    sides = pd.concat(
        [
            scored[["text", "pieces_from"]].set_axis(["text", "pieces"], axis=1),
            scored[["counterfactual", "pieces_to"]].set_axis(["text", "pieces"], axis=1),
        ]
    ).drop_duplicates("text")
    words = sides["text"].map(lambda text: len(text.split()))
    return int(sides["pieces"].fillna(words).sum())


def _time(model: Model, texts: list[str]) -> tuple[float, int]:
    distinct = list(dict.fromkeys(texts))
    begun = time.perf_counter()
    raw = model.score(distinct)
    spent = time.perf_counter() - begun
    words = sum(len(text.split()) for text in distinct)
    return spent, words if raw.n_tokens is None else int(raw.n_tokens.sum())

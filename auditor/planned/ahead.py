"""An audit looked at before it is made: `dry_run` asks no model, `pilot` scores placebo pairs.

Both swap every text as the run would, and write nothing. A pilot never sees a swap's score, so the
plan still comes before the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from auditor.errors import PlanError
from auditor.metrics.measurements import governing
from auditor.pipeline import Inputs, model_ids, resolve
from auditor.plan import AuditPlan, ModelPlan
from auditor.planned.cost import (
    ModelFiles,
    favourable_words,
    read_files,
    refuse_unknown,
    refuse_unnamed,
    token_count,
    tokenizer_of,
)
from auditor.planned.counts import TRUTHS, ContrastCount, Counted, count_swaps
from auditor.planned.forecast import Cost, Forecast, Planned, Spread, forecast, with_adjusted
from auditor.planned.people import plan_people
from auditor.planned.spreads import ASSUMED, SCALES, kind_of
from auditor.planned.tracing import TracingCost, tracing_cost
from auditor.records import Contrast
from auditor.swaps.swapper import Swapper

if TYPE_CHECKING:
    import pandas as pd

    from auditor.planned.pilot import Measured

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What is known once every text was swapped."""

    plan: AuditPlan
    files: list[ModelFiles]
    selects: bool
    """Whether the model gives or withholds a label: not a regression without a cut-off."""
    function: bool
    """Whether the model is one: it has no parts that a finding could be traced to."""
    favourable: frozenset[str]
    contrasts: tuple[Contrast, ...]
    counted: Counted
    tokens: int
    notes: list[str]

    def metric(self, contrast: Contrast) -> str:
        return governing(self.plan, contrast.attribute, selects=self.selects)


def dry_run(
    plan: AuditPlan,
    frame: pd.DataFrame | None = None,
    *,
    models: Sequence[Any] = (),
    tell: Tell = lambda _: None,
) -> Planned:
    """Returns what an audit could find, and what it costs, without asking a model.

    Args:
        frame: the data, in place of `plan.data.path`.
        models: in place of the plan's model names, as of `run_audit`; only a tokenizer is used.
        tell: called with each stage.

    Raises:
        AuditError: the plan's data, attributes or options cannot be used.
    """
    _refuse_scored(plan)
    if plan.data.predictions:
        return plan_people(plan)
    ahead = _look(plan, frame, models, tell)
    return _planned(ahead, lambda contrast: _assumed(ahead, contrast), None)


def pilot(
    plan: AuditPlan,
    frame: pd.DataFrame | None = None,
    *,
    models: Sequence[Any] = (),
    tell: Tell = lambda _: None,
) -> Planned:
    """Returns the same from placebo pairs of a sample of texts, scored with the first model.

    Args: as of `dry_run`; the first model is loaded and asked.

    Raises:
        AuditError: as `dry_run`; also no model, or one that cannot be loaded.
    """
    _refuse_scored(plan)
    if plan.data.predictions:
        raise PlanError(
            "a pilot scores with a model, but outcomes are given and no model is asked; "
            "--dry-run says what differences these rows can find"
        )
    if not plan.models:
        raise PlanError("a pilot asks the first model, but none is named; name one (--model M)")
    from auditor.planned.pilot import ask

    ahead = _look(plan, frame, models, tell)
    tell(f"scoring placebo pairs with {model_ids(plan)[0]}")
    found = ask(next(iter(models), plan.models[0]), plan, ahead.counted)
    ahead = replace(ahead, selects=found.selects, favourable=found.favourable or ahead.favourable)
    spread_of = {
        c.contrast_id: found.spread(c, ahead.metric(c), _assumed(ahead, c)) for c in ahead.contrasts
    }
    return _planned(ahead, lambda contrast: spread_of[contrast.contrast_id], found)


def _refuse_scored(plan: AuditPlan) -> None:
    if plan.data.pairs:
        raise PlanError(
            "pairs scored elsewhere are given, so nothing is left to plan; run the audit: each of "
            "its findings says what it could detect"
        )


def _look(plan: AuditPlan, frame: pd.DataFrame | None, models: Sequence[Any], tell: Tell) -> _Ahead:
    """Swaps every text and counts."""
    inputs = _resolved(plan, frame)
    assert inputs.attributes is not None
    assert inputs.texts is not None
    files = [read_files(model) for model in plan.models] or [ModelFiles()]
    refuse_unnamed(plan, files[0])
    for each, given in zip_longest(files, models[: len(files)]):
        refuse_unknown(plan.scoring, each, function=callable(given))
    first = next(iter([*models, *plan.models]), None)
    counter, why = tokenizer_of(first, plan.scoring)
    favourable = favourable_words(plan.scoring, files[0].labels)
    selects = not (files[0].regression and plan.scoring.cutoff is None)
    contrasts = inputs.attributes.judged
    metrics = {c.contrast_id: governing(plan, c.attribute, selects=selects) for c in contrasts}
    tell("swapping every text")
    counted = count_swaps(
        inputs.texts,
        Swapper(inputs.attributes, plan.swaps, counter if inputs.attributes.names else None),
        contrasts,
        truths={key: TRUTHS.get(metric) for key, metric in metrics.items()},
        favourable=favourable,
        seed=plan.seed,
    )
    tokens = token_count(counted, counter)
    notes = [] if why is None else [why]
    return _Ahead(
        plan, files, selects, callable(first), favourable, contrasts, counted, tokens, notes
    )


def _resolved(plan: AuditPlan, frame: pd.DataFrame | None) -> Inputs:
    """A dry run needs no model, so a plan may name none yet."""
    named = plan.models or (ModelPlan(id="none yet"),)
    return resolve(plan.model_copy(update={"models": named}), frame)


def _assumed(ahead: _Ahead, contrast: Contrast) -> Spread:
    scale = SCALES[ahead.metric(contrast)]
    if scale == "score" and ahead.files[0].regression:
        return Spread(None, "not known")
    return Spread(ASSUMED[kind_of(contrast.attribute)][scale], "assumed")


def _planned(
    ahead: _Ahead, spread_of: Callable[[Contrast], Spread], measured: Measured | None
) -> Planned:
    plan = ahead.plan
    forecasts = [_forecast(count, ahead, spread_of) for count in ahead.counted.contrasts]
    return Planned(
        plan.name,
        plan.sha256,
        plan.metrics.power,
        plan.metrics.alpha,
        with_adjusted(forecasts, plan.metrics),
        _cost(ahead, measured),
        [*ahead.notes, *(measured.notes if measured else [])],
    )


def _forecast(
    count: ContrastCount, ahead: _Ahead, spread_of: Callable[[Contrast], Spread]
) -> Forecast:
    metrics, contrast = ahead.plan.metrics, count.contrast
    metric = ahead.metric(contrast)
    criterion = metrics.criterion(contrast.attribute, metric)
    return forecast(count, spread_of(contrast), criterion, metrics)


def _explaining(ahead: _Ahead) -> dict[str, int]:
    """How many texts are explained, and in how many masked versions, about tokens squared each."""
    asked, counts = ahead.plan.attributions, ahead.counted.contrasts
    attributes = len({count.contrast.attribute for count in counts})
    most = (
        asked.explain_flagged * attributes
        + asked.explain_sample * len(counts)
        + asked.explain_placebo * attributes
    )
    texts = min(2 * most, ahead.counted.distinct)
    tokens = ahead.tokens / max(1, ahead.counted.distinct)
    return {
        "explained_texts": texts,
        "masked_texts": round(texts * min(asked.max_evals, max(2.0, tokens**2))),
    }


def _tracing(ahead: _Ahead) -> TracingCost | None:
    if ahead.function:
        return None
    attributes = [count.contrast.attribute for count in ahead.counted.contrasts]
    return tracing_cost(ahead.plan.circuits, attributes, ahead.files[0].components)


def _cost(ahead: _Ahead, measured: Measured | None) -> Cost:
    names = model_ids(ahead.plan)
    parameters: Mapping[str, int | None] = {
        name: files.parameters for name, files in zip(names, ahead.files, strict=False)
    }
    known = [size for size in parameters.values() if size is not None]
    all_known = len(known) == len(names) > 0
    speed = measured.seconds_per_1000_tokens if measured else None
    models = max(1, len(names))
    return Cost(
        texts=ahead.counted.texts,
        distinct_texts=ahead.counted.distinct,
        tokens=ahead.tokens,
        counted_in="words" if ahead.notes else "tokens",
        models=models,
        parameters=parameters,
        operations=2.0 * sum(known) * ahead.tokens if all_known else None,
        **_explaining(ahead),
        tracing=_tracing(ahead),
        seconds_per_1000_tokens=speed,
        seconds=None if speed is None else speed * ahead.tokens / 1000 * models,
    )

"""What can be looked at before anything is scored: swaps, a plan's inputs, what there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from auditor.errors import AuditError, PlanError, collected
from auditor.pipeline import Inputs, model_ids, resolve
from auditor.plan import AuditPlan, DataPlan, SwapPlan
from auditor.records import Pair
from auditor.sources import open_texts
from auditor.swaps.lexicons import contrasts_of, load_lexicons
from auditor.swaps.swapper import Swapper, swap

CHUNK = 1_000
"""Texts read at a time."""


def swap_text(
    text: str, attributes: Sequence[str], to: str | None = None, lexicons: Sequence[Path] = ()
) -> Iterator[Pair]:
    """Yields every pair of one text, for each attribute and target group."""
    for attribute in attributes:
        yield from swap(text, attribute, to, lexicons=lexicons)


def swap_file(
    path: Path,
    columns: Sequence[str],
    attributes: Sequence[str],
    to: str | None = None,
    lexicons: Sequence[Path] = (),
) -> Iterator[Pair]:
    """Yields every pair of a table's texts, in the table's order, without holding it in memory."""
    loaded = load_lexicons(attributes, lexicons)
    _known_group(to, {group for lexicon in loaded.values() for group in lexicon.groups})
    every = SwapPlan(attributes=tuple(attributes), contrasts="all")
    swapper = Swapper(loaded, {name: contrasts_of(item, every) for name, item in loaded.items()})
    source = open_texts(DataPlan(path=str(path), text=tuple(columns)))
    for texts in source.chunks(CHUNK):
        for text in texts:
            yield from (p for p in swapper.pairs(text) if to in (None, p.group_to))


def _known_group(to: str | None, groups: set[str]) -> None:
    if to is not None and to not in groups:
        raise PlanError(
            f"no group {to!r} in these attributes; there are {', '.join(sorted(groups))}"
        )


def check_inputs(plan: AuditPlan) -> list[str]:
    """Returns what an audit of this plan would use, one line each.

    Raises:
        PlanError: with every problem of data, lexicons and models, one line each.
    """
    lines = [f"plan: {plan.name}, SHA-256 {plan.sha256}"]
    with collected("the plan cannot be run", PlanError) as problems:
        try:
            lines += _data_lines(resolve(plan))
        except AuditError as error:
            problems.add(str(error))
        for index in range(len(plan.models)):
            try:
                lines.append(_model_line(plan, index))
            except AuditError as error:
                problems.add(str(error))
    return lines


def _data_lines(inputs: Inputs) -> list[str]:
    lines = [f"input: {name}, SHA-256 {digest}" for name, digest in sorted(inputs.digests.items())]
    if inputs.texts is not None:
        first = next(inputs.texts.chunks(CHUNK), [])
        swapper = Swapper(inputs.lexicons, inputs.contrasts)
        pairs = sum(len(swapper.pairs(text)) for text in first)
        lines.append(f"data: {pairs:,} pairs from the first {len(first):,} texts")
    return lines


def _model_line(plan: AuditPlan, index: int) -> str:
    from auditor.models import Outcome, load_model

    name = model_ids(plan)[index]
    model = load_model(plan.models[index], plan.scoring, model_id=name)
    Outcome.of(model.labels, model.kind, plan.scoring)
    return f"model: {name}, {model.kind}, labels {', '.join(model.labels)}"


def rows_of(listing: str) -> list[dict[str, Any]]:
    """Returns what there is of attributes, templates, metrics or models, one row each."""
    return {
        "attributes": _attributes,
        "templates": _templates,
        "metrics": _metrics,
        "models": _models,
    }[listing]()


def _attributes() -> list[dict[str, Any]]:
    from auditor.swaps.lexicons import available_lexicons

    return [
        {"attribute": name, "groups": list(lexicon.groups), "reference": lexicon.reference}
        for name, lexicon in available_lexicons().items()
    ]


def _templates() -> list[dict[str, Any]]:
    from auditor.sources.templates import template_sets

    return template_sets()


def _metrics() -> list[dict[str, Any]]:
    from auditor.metrics.counterfactual import METRICS

    return [{"metric": m.name, "unit": m.unit, "meaning": m.description} for m in METRICS.values()]


def _models() -> list[dict[str, Any]]:
    from auditor.models import KINDS

    return [{"kind": kind, "meaning": meaning} for kind, meaning in KINDS.items()]

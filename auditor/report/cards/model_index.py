"""The metadata block of a model card: `model-index`, as model hubs read it.

Specification: https://github.com/huggingface/hub-docs/blob/main/modelcard.md. A source of results
needs an address there, which an audit has not; so none is given.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from auditor.report.cards.results import Result, results_of, subject_of
from auditor.report.cards.text import plain
from auditor.report.numbers import bracket
from auditor.report.parts import Summary


def metadata_block(summary: Summary) -> str:
    """Returns the YAML block that a card begins with."""
    from huggingface_hub import EvalResult, ModelCardData

    model = summary.models[0]
    where = {"task_type": _task(model.kind), **_data(summary)}
    results = [
        EvalResult(**where, **_metric(result)) for result in results_of(summary, model.model_id)
    ]
    data = ModelCardData(
        model_name=plain(subject_of(model, summary)),
        eval_results=results or None,
        tags=["bias-audit"],
    )
    return f"---\n{data.to_yaml(line_break=chr(10))}\n---\n\n"


def _metric(result: Result) -> dict[str, Any]:
    """Value, groups, interval and count: a number does not stand alone."""
    e = result.estimate
    assert e.low is not None
    assert e.high is not None
    about = {
        "attribute": plain(result.attribute),
        "group": plain(result.group),
        "reference": result.reference and plain(result.reference),
        "low": e.low,
        "high": e.high,
        "level": e.level,
        "n": e.n,
        "clusters": e.clusters,
        "unit": e.unit,
        "finding": result.finding_id and plain(result.finding_id),
        "verdict": result.verdict and str(result.verdict),
    }
    return {
        "metric_type": result.metric,
        "metric_value": e.value,
        "metric_name": f"{plain(result.name)}, {bracket((e.low, e.high))}",
        "metric_args": {name: value for name, value in about.items() if value is not None},
    }


def _task(kind: str) -> str:
    return "other" if kind in ("predictions", "pairs") else "text-classification"


def _data(summary: Summary) -> dict[str, Any]:
    """What the audit was made on; the hashes of all that it read stand beside its name."""
    data = summary.plan["data"]
    sets = [PurePath(name).name for name in data["templates"]]
    path = data["path"] or data["pairs"] or data["predictions"] or ""
    name = f"Template sets: {', '.join(sets)}" if sets else PurePath(path).name
    return {
        "dataset_type": _slug(f"templates-{'-'.join(sets)}" if sets else PurePath(path).stem),
        "dataset_name": plain(name) or "data",
        "dataset_args": {"sha256": {plain(k): v for k, v in sorted(summary.inputs.items())}},
    }


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "data"

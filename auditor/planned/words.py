"""A plan looked ahead, in rows, sentences and plain values."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from auditor.planned.forecast import Cost, Forecast, Planned
from auditor.planned.spreads import SDs
from auditor.planned.tracing import TracingCost
from auditor.records import SCHEMA_VERSION, Basis


def planned_rows(planned: Planned) -> list[dict[str, str]]:
    """Returns one row of words per judged contrast; a column that none fills is left out."""
    rows = [_row(each) for each in planned.forecasts]
    filled = {name for row in rows for name, value in row.items() if value}
    return [{name: value for name, value in row.items() if name in filled} for row in rows]


def _row(found: Forecast) -> dict[str, str]:
    contrast, people = found.contrast, found.basis is Basis.GROUPS
    chance = found.chance_to_meet
    return {
        "attribute": contrast.attribute,
        "contrast": f"{contrast.group_b} v {contrast.group_a}",
        "rows": f"{found.n:,}" if people else "",
        "smaller_group": f"{found.clusters:,}" if people else "",
        "pairs": "" if people else f"{found.n:,}",
        "clusters": "" if people else f"{found.clusters:,}",
        "names": "" if found.names is None else f"{found.names}",
        "delta": f"{found.criterion.delta:g}",
        "finds": _number(found.detectable),
        "Holm": _number(found.detectable_adjusted),
        "meets": "" if chance is None else f"{chance:.0%}",
        "outlook": found.outlook,
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def planned_lines(planned: Planned) -> list[str]:
    """Returns what stands under the rows, one sentence a line."""
    power, alpha = f"{planned.power:.0%}", f"{planned.alpha:g}"
    return [
        *_criteria(planned),
        f"finds: the least true effect that a two-sided test at {alpha} shows to differ from 0 "
        f"with a power of {power}, in the metric's unit; Holm: the same in a family of all these "
        "tests; outlook: whether an effect as large as delta would be found; meets: the chance "
        "that the criterion is met if the true effect is 0, which takes more data than finding "
        "such an effect, or less.",
        *_origins(planned),
        *(_cost_lines(planned.cost) if planned.cost else []),
        *planned.notes,
        "nothing was written",
    ]


def _criteria(planned: Planned) -> list[str]:
    """One line for each governing metric with its threshold, and the attributes it governs."""
    found: dict[str, dict[str, None]] = {}
    for each in planned.forecasts:
        criterion = each.criterion
        words = f"{criterion.metric} within +-{criterion.delta:g} ({criterion.origin})"
        found.setdefault(words, {})[each.contrast.attribute] = None
    return [f"governing {', '.join(names)}: {words}" for words, names in found.items()]


def _origins(planned: Planned) -> list[str]:
    """One line for each set of SDs, and the attributes it stands for."""
    found: dict[str, dict[str, None]] = {}
    for each in planned.forecasts:
        if each.spread is not None and each.spread.sds is not None:
            words = f"{each.spread.origin} ({_sds(each.spread.sds, names=each.names is not None)})"
            found.setdefault(words, {})[each.contrast.attribute] = None
    return [f"spread of {', '.join(names)}: {words}" for words, names in found.items()]


def _sds(sds: SDs, *, names: bool) -> str:
    if names:
        return (
            f"SD of names {sds.names:.2g}, of templates by group {sds.clusters:.2g}, of the rest "
            f"{sds.rest:.2g}"
        )
    return f"SD between clusters {sds.clusters:.2g}, within {sds.rest:.2g}"


def _cost_lines(cost: Cost) -> list[str]:
    models = "model" if cost.models == 1 else "models"
    lines = [
        f"{cost.texts:,} texts give {cost.distinct_texts:,} distinct texts to score, about "
        f"{cost.tokens:,} {cost.counted_in}, with {cost.models} {models}"
    ]
    if cost.operations is not None:
        lines.append(
            f"about {cost.operations:.2g} floating point operations (2 x parameters x "
            f"{cost.counted_in})"
        )
    else:
        lines.append("operations: not known, since a model's files are not on this machine")
    if cost.seconds is not None and cost.seconds_per_1000_tokens is not None:
        lines.append(
            f"time: about {_duration(cost.seconds)} here "
            f"({cost.seconds_per_1000_tokens:.3g} s per 1,000 tokens, measured)"
        )
    else:
        lines.append("time: --pilot measures it on this device")
    if cost.explained_texts:
        lines.append(
            f"explaining comes on top: up to {cost.explained_texts:,} texts in up to "
            f"{cost.masked_texts:,} masked versions (fewer where texts share them)"
        )
    return lines if cost.tracing is None else [*lines, _tracing(cost.tracing)]


def _tracing(cost: TracingCost) -> str:
    words = (
        "tracing findings that do not meet their criterion comes on top: up to "
        f"{cost.findings:,} of them"
    )
    if cost.passes is None:
        return f"{words}, of a model whose heads and layers are not known here"
    return (
        f"{words}, in up to {cost.passes:,} passes of one text (many through the later layers "
        f"alone), {cost.gradient_passes:,} of them with a gradient"
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def planned_json(planned: Planned) -> dict[str, Any]:
    """Returns everything as one JSON document."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": planned.name,
        "plan_sha256": planned.plan_sha256,
        "power": planned.power,
        "alpha": planned.alpha,
        "findings": [_plain(each) for each in planned.forecasts],
        "cost": asdict(planned.cost) if planned.cost else None,
        "notes": planned.notes,
    }


def _plain(found: Forecast) -> dict[str, Any]:
    contrast = found.contrast
    return {
        "contrast_id": contrast.contrast_id,
        "attribute": contrast.attribute,
        "group_a": contrast.group_a,
        "group_b": contrast.group_b,
        "basis": found.basis.value,
        "metric": found.criterion.metric,
        "criterion": asdict(found.criterion),
        "n": found.n,
        "clusters": found.clusters,
        "names_per_group": found.names,
        "spread": asdict(found.spread) if found.spread else None,
        "detectable": found.detectable,
        "detectable_adjusted": found.detectable_adjusted,
        "chance_to_meet": found.chance_to_meet,
        "suffices": found.suffices,
        "outlook": found.outlook,
        "untested": found.untested,
    }

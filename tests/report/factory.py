"""Evidence made from records, for what no quick audit gives: strange names, many checkpoints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from auditor.evidence.files import write_json
from auditor.evidence.reader import Evidence
from auditor.metrics.verdicts import overall
from auditor.plan import AuditPlan
from auditor.plan_file import check_plan
from auditor.records import (
    CheckpointResult,
    Contrast,
    Criterion,
    Estimate,
    Finding,
    Verdict,
    to_plain,
)
from auditor.schemas import PAIRS
from tests.report.beside import beside, findings, judged_groups

STRANGE = (
    "<script>alert(1)</script>",
    "\"double\" & 'single', =1+1",
    "עברית عربي",
    "over\u202eride",
    "long " * 60,
)
"""Markup, quotes and commas, right to left, an override of direction, 300 characters."""
MODELS = ("org/model~a", "seed-1")
"""The first has both characters that a JSON pointer escapes."""
DELTA = 0.05


def evidence(
    folder: Path,
    groups: Sequence[str] = STRANGE,
    *,
    values: Sequence[float | None] = (-0.6, 0.04961, None, -0.2, 0.0),
    pairs: Sequence[dict[str, Any]] = (),
    **options: Any,
) -> Evidence:
    """Returns evidence with one judged finding per group against "reference".

    Args:
        values: effect of each group; None: not measured.
        pairs: columns of a pair that differ from `pair`'s; one row for each of `MODELS`.
        options: sections of the plan.
    """
    judged = [finding(g, v) for g, v in zip(groups, values, strict=False)]
    described = [finding(g, v, "flip_rate") for g, v in zip(groups, values, strict=False)]
    people = judged_groups(groups[:2], MODELS[0])
    others = findings(groups, MODELS[0])
    write_pairs(folder, [pair(m, **columns) for columns in pairs or [{}] for m in MODELS])
    results = {
        "findings": [to_plain(f) for f in [*judged, *people, *described, *others]],
        **beside(groups, MODELS),
        "overall": to_plain(overall([*judged, *people])),
        "coverage": {
            "texts": 1234,
            "clusters": 77,
            "attributes": {
                "gender": {
                    "texts_with_mention": 1000,
                    "pairs": 2468,
                    "by_validity": {"valid": 2400, "not_seen_by_model": 68},
                    "by_arm": {"placebo": 312},
                    "kept_out": {"is <not> equally said of both groups": 41},
                    "skipped": {"in a phrase that is left alone": 23},
                }
            },
            "names": [
                {
                    "model_id": MODELS[0],
                    "attribute": "race_names",
                    "group": "black",
                    "names": 24,
                    "mean_log_count": 2.31,
                    "mean_pieces": 2.29,
                }
            ],
            "models": {m: {"texts_scored": 3702, "truncated": 68, "rescored": 0} for m in MODELS},
        },
    }
    made = plan(**options)
    write_json(folder / "evidence" / "plan.json", {"plan": json.loads(made.canonical())})
    return Evidence(folder, made, {**record(), "plan_sha256": made.sha256}, results)


def plan(**sections: Any) -> AuditPlan:
    """Returns a plan of templates for gender."""
    given = {
        "name": "An audit",
        "models": [{"id": m} for m in MODELS],
        "data": {"templates": ["everyday"]},
        "swaps": {"attributes": ["gender"]},
    }
    return check_plan({**given, **sections}, "plan")


def record() -> dict[str, Any]:
    """Returns a run.json of two checkpoints, one of them trusted by name."""
    model = {
        "class": "BertForSequenceClassification",
        "kind": "single_label",
        "labels": ["negative", "positive"],
        "favourable": ["positive"],
        "device": "cpu",
        "dtype": "float32",
        "window": 512,
        "commit": None,
        "digests": {"model.safetensors": "ab" * 32},
    }
    trusted = {"trust_remote_code": "our own code", "allow_pickle": "our own weights"}
    return {
        "run_id": "20260101T000000-abcdef01",
        "run_number": 7,
        "plan_sha256": "ef" * 32,
        "started_at": "2026-01-01T00:00:00+00:00",
        "finished_at": "2026-01-01T00:01:00+00:00",
        "models": [{**model, "model_id": MODELS[0], **trusted}, {**model, "model_id": MODELS[1]}],
        "inputs": {"templates everyday": "cd" * 32},
        "environment": {"python": "3.11.7", "platform": "Linux", "packages": {"torch": None}},
    }


def finding(group: str, value: float | None, metric: str = "selection_rate_change") -> Finding:
    """Returns a finding whose verdict follows from its interval, or a descriptive one."""
    contrast = Contrast("gender", "reference", group)
    estimate = _estimate(value)
    if metric != "selection_rate_change":
        return Finding(contrast, metric, MODELS[0], estimate, None)
    verdict = _verdict(value)
    other = _estimate(None if value is None else value / 2)
    return Finding(
        contrast,
        metric,
        MODELS[0],
        estimate,
        verdict,
        verdict_reason="8 clusters; at least 20 are asked for" if value is None else "p = 0.003",
        p_bad_adjusted=None if value is None else 0.003,
        difference_detected=None if value is None else verdict is Verdict.DOES_NOT_MEET,
        interval_90=None if value is None else (value - 0.0081, value + 0.0081),
        criterion=Criterion(DELTA, "in-house"),
        detectable=None if value is None else 0.0213,
        settles="about 93 clusters would settle it" if verdict is Verdict.INCONCLUSIVE else None,
        harmful=None if value is None else value < 0,
        checkpoints=(
            CheckpointResult(MODELS[0], estimate, verdict),
            CheckpointResult(MODELS[1], other, _verdict(other.value)),
        ),
    )


def pair(model_id: str, **columns: Any) -> dict[str, Any]:
    """Returns one row of PAIRS; columns that are not given are null."""
    given = {
        "pair_id": "p1",
        "arm": "swap",
        "attribute": "gender",
        "group_a": "male",
        "group_b": "female",
        "group_from": "male",
        "group_to": "female",
        "text": "The man left.",
        "counterfactual": "The woman left.",
        "spans_from": [{"start": 4, "end": 7}],
        "spans_to": [{"start": 4, "end": 9}],
        "validity": "valid",
        "model_id": model_id,
        "score_from": 0.75,
        "score_to": 0.25,
        "effect": -0.5,
        "label_from": "positive",
        "label_to": "negative",
    }
    return {**dict.fromkeys(PAIRS.names), **given, **columns}


def write_pairs(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Writes rows of PAIRS where `Evidence` looks for them."""
    (folder / "evidence" / "pairs").mkdir(parents=True)
    table = pa.Table.from_pylist(rows, schema=PAIRS)
    pq.write_table(table, folder / "evidence" / "pairs" / "part-0.parquet")


def _estimate(value: float | None) -> Estimate:
    if value is None:
        return Estimate.missing("no text <mentions> it", unit="difference of rates")
    return Estimate(value, value - 0.01, value + 0.01, 1540, 77, "difference of rates", "t")


def _verdict(value: float | None) -> Verdict:
    if value is None:
        return Verdict.NOT_TESTED
    if abs(value) > DELTA + 0.01:
        return Verdict.DOES_NOT_MEET
    return Verdict.MEETS if abs(value) + 0.01 < DELTA else Verdict.INCONCLUSIVE

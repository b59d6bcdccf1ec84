"""Attributions made from records: strange words, several methods, checks that do not hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from auditor.evidence.reader import Evidence
from auditor.records import SCHEMA_VERSION, Contrast, Estimate, to_plain
from auditor.records_attributions import (
    AttributionMetric,
    Chosen,
    ExplainedCount,
    Explanations,
    Fidelity,
    WordEffect,
)
from auditor.schemas import ATTRIBUTIONS, CASES
from tests.report import factory
from tests.report.beside import estimate

Token = tuple[str, float, int, str]
"""As written, its value, the unit it is compared in, its role."""

SCRIPT = "<script>alert(7)</script>"
ARABIC = {
    "pair_id": "arabic",
    "attribute": "religion",
    "group_from": "jewish",
    "group_to": "muslim",
    "text": "جاء الرجل اليهودي",
    "counterfactual": "جاء الرجل المسلم",
}
ARABIC_TOKENS: list[list[Token]] = [
    [("جاء", 0.1, 1, "context"), ("الرجل", 0.2, 2, "context"), ("اليهودي", 0.3, 3, "term")],
    [("جاء", 0.1, 1, "context"), ("الرجل", -0.1, 2, "context"), ("المسلم", 0.9, 3, "term")],
]
STRANGE = {
    "pair_id": "strange",
    "text": f"The man's {SCRIPT} unhappy 2.",
    "counterfactual": f"The old woman's {SCRIPT} unhappy 2.",
}
STRANGE_TOKENS: list[list[Token]] = [
    [
        ("The", 0.0411, 1, "context"),
        ("man", 0.25, 3, "term"),
        ("'s", 0.0, 4, "context"),
        (SCRIPT, -0.5, 5, "context"),
        ("un", 0.125, 6, "context"),
        ("happy", 0.5, 7, "context"),
        ("2.", 0.0, 8, "recut"),
    ],
    [
        ("The", 0.0422, 1, "context"),
        ("old", -0.4, 2, "term"),
        ("woman", -0.75, 3, "term"),
        ("'s", 0.0, 4, "context"),
        (SCRIPT, -0.5, 5, "context"),
        ("un", 0.125, 6, "context"),
        ("happy", 0.75, 7, "context"),
        ("2.", 0.0, 8, "recut"),
    ],
]
BASES = (0.5, 0.25)
PAIRS: list[tuple[dict[str, str], Sequence[Sequence[Token]]]] = [
    (STRANGE, STRANGE_TOKENS),
    (ARABIC, ARABIC_TOKENS),
]


def evidence(
    folder: Path,
    given: Sequence[tuple[dict[str, str], Sequence[Sequence[Token]]]] = PAIRS,
    **changes: Any,
) -> Evidence:
    """Returns evidence of a run whose pairs were explained.

    Args:
        given: columns of each pair that differ from the factory's, and the tokens of both sides;
            the most severe first.
        changes: of `explanations`.
    """
    made = factory.evidence(folder, pairs=[columns for columns, _ in given])
    rows = [row for columns, sides in given for row in _rows(columns, sides)]
    _write(folder / "evidence" / "attributions" / "part-0.parquet", rows, ATTRIBUTIONS)
    cases = [_case(columns, place) for place, (columns, _) in enumerate(given)]
    _write(folder / "evidence" / "cases.parquet", cases, CASES)
    made_of = replace(explanations(), **changes)
    values = json.dumps({"schema_version": SCHEMA_VERSION} | to_plain(made_of))
    (folder / "evidence" / "attributions.json").write_text(values, "utf-8")
    return made


def explanations() -> Explanations:
    """Returns two contrasts, one of them without a pair drawn at random, and two methods."""
    first = Contrast("gender", "reference", "<i>women</i>")
    second = Contrast("race_names", "white", "black")
    return Explanations(
        model_id=factory.MODELS[0],
        output="<b>positive",
        unit="log-odds",
        max_evals=500,
        counts=(
            ExplainedCount("gender", Chosen.FLAGGED, 25, 77),
            ExplainedCount("gender", Chosen.SAMPLE, 16, 1290),
            ExplainedCount("race_names", Chosen.FLAGGED, 3, 3),
            ExplainedCount("placebo", Chosen.PLACEBO, 10, 76),
        ),
        metrics=(*metrics(first, None), *metrics(second, "none of <them> was drawn at random")),
        words=tuple(
            WordEffect(first, word, 41, estimate(0.0281, "log-odds", level=0.9875))
            for word in ("<u>the", "7th", "a", "of")
        ),
        fidelity=tuple(fidelity()),
        refused=4,
        notes=("input_x_gradient leaves out 2 of <20> texts", "7 texts were cut"),
    )


def metrics(contrast: Contrast, missing: str | None) -> list[AttributionMetric]:
    """Returns every number of a contrast; placebo numbers also where the others are missing."""
    sides = [(name, g) for name in ("term_attribution", "term_share") for g in groups(contrast)]
    names = ("gap", "gap_on_term", "gap_on_context", "gap_base", "context_share")
    placebo = ("placebo_term_attribution", "placebo_term_share", "placebo_context_share")
    found: list[AttributionMetric] = []
    for name, group in [*sides, *((n, None) for n in names + placebo)]:
        unit = "share" if name.endswith("share") else "log-odds"
        value = estimate(0.1733 + len(found) / 100, unit, n=41, clusters=38)
        if missing and name not in placebo:
            value = Estimate.missing(missing, unit=unit, n=3, clusters=3)
        found.append(AttributionMetric(contrast, name, group, value))
    return found


def groups(contrast: Contrast) -> tuple[str, str]:
    return contrast.group_a, contrast.group_b


def fidelity() -> list[Fidelity]:
    """Returns checks of SHAP, which falls short in one, and of a method without weights."""
    rate = "rank correlation"
    missing = Estimate.missing("it has no weights", unit=rate)
    control = estimate(0.4224, "log-odds", n=20, clusters=19)
    bare = estimate(3e-8, "log-odds", low=None, high=None, reason="all <clusters> equal")
    own = estimate(0.3554, "log-odds", n=20, clusters=19)
    return [
        Fidelity("attention_rollout", "deletion_auc", own, control=control, passed=None),
        Fidelity("attention_rollout", "additivity_error", Estimate.missing("no base", unit="x")),
        Fidelity("owen", "additivity_error", bare),
        Fidelity("owen", "agreement", replace(own, value=-0.1234, unit=rate), "attention_rollout"),
        Fidelity("owen", "deletion_auc", own, control=control, passed=True),
        Fidelity("owen", "sufficiency", replace(own, n=17), control=control, passed=False),
        Fidelity("owen", "mask_stability", replace(own, unit=rate), "no mask: <left> out"),
        Fidelity("owen", "randomised_weights", missing, "weights drawn at random"),
    ]


def _rows(columns: dict[str, str], sides: Sequence[Sequence[Token]]) -> list[dict[str, Any]]:
    texts = (columns["text"], columns["counterfactual"])
    return [
        row
        for side, text, base, tokens in zip(("from", "to"), texts, BASES, sides, strict=True)
        for row in _side(columns["pair_id"], side, text, base, tokens)
    ]


def _side(
    pair_id: str, side: str, text: str, base: float, tokens: Sequence[Token]
) -> list[dict[str, Any]]:
    """Returns the tokens between the two that a tokenizer puts around a text."""
    rows, reached = [("", 0, 0, 0.0, 0, "special")], 0
    for token, value, unit, role in tokens:
        start = text.find(token, reached)
        reached = start if start < 0 else start + len(token)
        rows.append((token, start, reached, value, unit, role))
    rows.append(
        ("", len(text), len(text), 0.0, 1 + max(unit for _, _, unit, _ in tokens), "special")
    )
    return [
        {
            **dict.fromkeys(ATTRIBUTIONS.names),
            "pair_id": pair_id, "model_id": factory.MODELS[0], "chosen": "flagged",
            "sampling_probability": 1.0, "method": "owen", "side": side, "index": place,
            "token": token, "start": start, "end": end, "role": role, "aligned": unit,
            "value": value, "base": base, "residual": 0.0, "unresolved": 0.0, "unit": "log-odds",
        }
        for place, (token, start, end, value, unit, role) in enumerate(rows)
    ]  # fmt: skip


def _case(columns: dict[str, str], place: int) -> dict[str, Any]:
    given = {"pair_id": columns["pair_id"], "model_id": factory.MODELS[0], "severity": "high"}
    known = {"attribute": columns.get("attribute", "gender"), "size": 1.0 - place / 100}
    return {**dict.fromkeys(CASES.names), **given, **known, "sampling_probability": 1.0}


def _write(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)

"""An audit's tracer on a model with a planted circuit, and pairs as an audit has them."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa

from auditor.circuits.stage import Tracer
from auditor.models.classifier import Classifier
from auditor.models.outcomes import Outcome
from auditor.plan import AuditPlan
from auditor.plan_circuits import CircuitPlan
from auditor.records import Contrast, Estimate, Finding, Verdict
from auditor.records_circuits import CircuitRecord
from tests.circuits.spoken import FAST, spoken

CONTRAST = Contrast("gender", "man", "woman")


def plan(**circuits: Any) -> AuditPlan:
    return AuditPlan(circuits=CircuitPlan(**{**FAST, **circuits}))


def tracer(
    *, model: Any = None, favourable: tuple[str, ...] = ("LABEL_1",), **circuits: Any
) -> Tracer:
    """Returns the tracer of a planted classifier, or of another model with its tokenizer."""
    found, given = spoken("bert"), plan(**circuits)
    scoring = given.scoring.model_copy(update={"device": "cpu", "favourable": favourable})
    one = deepcopy(found.model if model is None else model)
    classifier = Classifier(
        one, found.tokenizer, scoring, model_id="planted", provenance={"digests": {}}
    )
    outcome = Outcome.of(classifier.labels, classifier.kind, scoring)
    return Tracer.of(classifier, outcome, given)


def finding(
    attribute: str = "gender", group: str = "woman", value: float = 0.5, **changes: Any
) -> Finding:
    estimate = Estimate(value, None, None, 9, 9, "share", "none")
    given = {
        "contrast": Contrast(attribute, "man", group), "metric": "flip_rate", "model_id": "planted",
        "estimate": estimate, "verdict": Verdict.DOES_NOT_MEET,
    }  # fmt: skip
    return Finding(**{**given, **changes})


def audited(*, turned: bool = False, **columns: Any) -> pd.DataFrame:
    """Returns the planted pairs as an audit writes them; every other one from B, where turned."""
    pairs = spoken("bert").pairs
    rows = []
    for i, (a, b) in enumerate(zip(pairs["text"], pairs["counterfactual"], strict=True)):
        spans = [_differing(a, b)], [_differing(b, a)]
        back = turned and i % 4 >= 2
        names = ("woman", "man") if back else ("man", "woman")
        texts, places = ((b, a), spans[::-1]) if back else ((a, b), spans)
        rows.append(
            {
                "pair_id": f"p{i:02}", "cluster": f"c{i:02}", "template_id": None,
                "split": ("discovery", "held_out")[i % 2], "label_true": None,
                "group_a": "man", "group_b": "woman",
                "group_from": names[0], "group_to": names[1],
                "text": texts[0], "counterfactual": texts[1],
                "spans_from": places[0], "spans_to": places[1],
            }
        )  # fmt: skip
    return pd.DataFrame(rows).assign(**columns)


def _differing(text: str, other: str) -> dict[str, int]:
    """Returns the span of the first word that another text does not have there."""
    start = 0
    for word, theirs in zip(text.split(), other.split(), strict=True):
        if word != theirs:
            break
        start += len(word) + 1
    return {"start": start, "end": start + len(word)}


@cache
def traced() -> tuple[CircuitRecord, pa.Table]:
    """Returns the planted circuit as an audit traces it."""
    return tracer().trace(finding(), audited())

"""A pair explained now, with the model that its run names.

What is made now is no part of the evidence, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from auditor.attributions.methods import METHODS
from auditor.attributions.methods import method as method_named
from auditor.errors import ModelError
from auditor.evidence.reader import Evidence
from auditor.explanation.judged import can_load, how_later, load_judged
from auditor.explanation.pair import PairExplanation
from auditor.explanation.reading import SHAP, find_pair, read_rows, stored_explanations
from auditor.records_attributions import Chosen

if TYPE_CHECKING:
    from auditor.attributions.stage import Explainer


def explain_pair(
    evidence: Evidence, pair_id: str, method: str = SHAP, *, device: str | None = None
) -> PairExplanation:
    """Returns the explanation of a pair: the audit's own, or one made now. Nothing is written.

    Args:
        pair_id: or a beginning that only one id has.
        device: for one made now, in place of the plan's.

    Raises:
        PlanError: no such method.
        RunError: no such pair, or the files of the model changed since the run.
        ModelError: the model cannot be loaded again, or not be explained so.
    """
    method_named(method)
    row = find_pair(evidence, pair_id)
    stored = stored_explanations(evidence, row)
    return stored[method] if method in stored else _explain_now(evidence, row, method, device)


def how_to_explain(evidence: Evidence, pair_id: str) -> tuple[str, str | None]:
    """Returns how a pair that was not explained can be: in words, and what to type, if anything."""
    return how_later(
        evidence,
        "To explain one pair now:",
        command=f"auditor explain {evidence.folder} --pair {pair_id}",
        code=f"auditor.explain_pairs(model, run.pairs(\"pair_id = '{pair_id}'\"))",
    )


def _explain_now(
    evidence: Evidence, row: Mapping[str, Any], method: str, device: str | None
) -> PairExplanation:
    from auditor.attributions.stage import Explainer
    from auditor.models import Outcome

    if not can_load(evidence):
        words, code = how_to_explain(evidence, str(row["pair_id"]))
        raise ModelError(
            f"pair {row['pair_id']} was not explained in the audit. {words} {code or ''}".strip()
        )
    model, plan = load_judged(evidence, device=device), evidence.plan
    opinions = () if method == SHAP else (method,)
    asked = plan.attributions.model_copy(update={"second_opinions": opinions})
    explainer = Explainer.of(
        model,
        Outcome.of(model.labels, model.kind, plan.scoring),
        plan.model_copy(update={"attributions": asked}),
    )
    if method not in explainer.methods:
        raise ModelError(explainer.notes[0])
    # As a flagged pair, since second opinions are of these alone.
    pair = pd.DataFrame([{**row, "chosen": Chosen.FLAGGED, "sampling_probability": 1.0}])
    rows = explainer.explain(pair)[0].to_pandas()
    own = rows[rows["method"] == method]
    if not len(own):
        raise ModelError(
            f"pair {row['pair_id']} cannot be explained: {_refusal(explainer, row, method)}"
        )
    return replace(read_rows(own, row), chosen=None)


def _refusal(explainer: Explainer, row: Mapping[str, Any], method: str) -> str:
    from auditor.attributions.base import Refused

    texts = [row["text"], row["counterfactual"]]
    found = METHODS[method].call(explainer.model, texts, explainer.ask)
    return next(each.reason for each in found if isinstance(each, Refused))

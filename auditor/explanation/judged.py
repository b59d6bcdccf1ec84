"""The model that a run judged, loaded again for what is asked of the run later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from auditor.errors import ModelError, RunError
from auditor.evidence.reader import Evidence

if TYPE_CHECKING:
    from auditor.models import Model, Outcome

ALIKE = 0.05
"""How far the scores of a model that is handed in may be off: what half precision changes."""
TEXTS_COMPARED = 16


def can_load(evidence: Evidence) -> bool:
    """Whether the run names the files of the model that it judged."""
    return bool(evidence.record["models"][0].get("digests"))


def how_later(evidence: Evidence, intro: str, *, command: str, code: str) -> tuple[str, str | None]:
    """Returns how to have what the audit did not do: in words, and what to type, if anything.

    Args:
        intro: stands before `command`, where the model can be loaded again.
        code: for whoever has the model at hand, where it cannot.
    """
    if can_load(evidence):
        return intro, command
    if evidence.plan.data.pairs or evidence.plan.data.predictions:
        return "It was scored elsewhere, so the run knows no model that could be looked into.", None
    return (
        "The model was an object or a function in Python, which cannot be loaded again; with it "
        "at hand:",
        code,
    )


def load_judged(evidence: Evidence, *, given: Any = None, device: str | None = None) -> Model:
    """Returns the run's judged model, loaded again and found to be the same files.

    Args:
        given: the model in place of its name, as of `models.load_model`; whether it is the one
            that was audited, `refuse_another` tells from its scores.
        device: in place of the plan's.

    Raises:
        ModelError: it cannot be loaded.
        RunError: its files changed since the run.
    """
    from auditor.models import load_model

    recorded = evidence.record["models"][0]
    scoring = evidence.plan.scoring
    if device is not None:
        scoring = scoring.model_copy(update={"device": device})
    spec = evidence.plan.models[0] if given is None else given
    model = load_model(spec, scoring, model_id=str(recorded["model_id"]))
    if given is None and model.record()["digests"] != recorded["digests"]:
        raise RunError(
            f"the files of model {recorded['model_id']} changed since {evidence.folder} was made; "
            "restore them, or audit the new ones"
        )
    return model


def refuse_another(evidence: Evidence, model: Model, outcome: Outcome) -> None:
    """Refuses a model whose scores are not those of the evidence: an object has no digests.

    Raises:
        ModelError: by how much its scores differ.
    """
    rows = evidence.pairs("model_id = ?", [model.model_id], limit=TEXTS_COMPARED)
    rows = rows.drop_duplicates("text")
    if rows.empty:
        return
    recorded = rows["score_from"].to_numpy()
    scores = outcome.read(model.score(rows["text"].tolist(), cut=True).values).score
    apart = float(np.abs(scores - recorded).max())
    if not apart <= ALIKE * max(1.0, float(np.abs(recorded).max())):
        raise ModelError(
            f"the model that was given is not the one that was audited as {model.model_id}: on "
            f"the same texts its scores differ by up to {apart:.2g}; give the audited one"
        )

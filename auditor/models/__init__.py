"""The only folder that loads models: loading, outcomes, the one scoring engine."""

from auditor.models.base import KINDS, Model, RawScores
from auditor.models.loading import load_counter, load_model
from auditor.models.outcomes import Outcome
from auditor.models.scoring import ScoredPart, score_part

__all__ = [
    "KINDS",
    "Model",
    "Outcome",
    "RawScores",
    "ScoredPart",
    "load_counter",
    "load_model",
    "score_part",
]

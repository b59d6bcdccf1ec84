"""One pair token by token: read from a run, or made now with the model that the run names."""

from auditor.explanation.making import explain_pair, how_to_explain
from auditor.explanation.pair import Compared, PairExplanation, Side, TokenValue
from auditor.explanation.reading import SHAP, explained_pairs, find_pair, stored_explanations

__all__ = [
    "SHAP",
    "Compared",
    "PairExplanation",
    "Side",
    "TokenValue",
    "explain_pair",
    "explained_pairs",
    "find_pair",
    "how_to_explain",
    "stored_explanations",
]

"""One pair or finding looked into: read from a run, or made now with the model that it names."""

from auditor.explanation.making import explain_pair, how_to_explain
from auditor.explanation.pair import Compared, PairExplanation, Side, TokenValue
from auditor.explanation.reading import SHAP, explained_pairs, find_pair, stored_explanations
from auditor.explanation.tracing import Traced, circuit_of, how_to_trace, trace_finding

__all__ = [
    "SHAP",
    "Compared",
    "PairExplanation",
    "Side",
    "TokenValue",
    "Traced",
    "circuit_of",
    "explain_pair",
    "explained_pairs",
    "find_pair",
    "how_to_explain",
    "how_to_trace",
    "stored_explanations",
    "trace_finding",
]

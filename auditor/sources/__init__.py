"""Where texts come from: tables, templates, pairs scored elsewhere, tables of outcomes."""

from auditor.sources.predictions import read_predictions
from auditor.sources.scored_pairs import read_scored_pairs
from auditor.sources.texts import TextSource, open_texts

__all__ = ["TextSource", "open_texts", "read_predictions", "read_scored_pairs"]

"""What the evidence folder of a run keeps, in words: what a person may ask to be deleted."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.reader import Evidence
from auditor.report.declared.asked import kind_of
from auditor.report.declared.parts import StoredRow

_PAIRS = {
    "templates": "every filled template and its counterfactual in full, with all scores; no text "
    "of a person",
    "texts": "every text with a mention and its counterfactual in full, its row number, cluster "
    "and true label, with all scores",
    "pairs": "every pair as it was given, both texts in full, with all scores",
}
_PREDICTIONS = (
    "one line per row and model: row number, cluster, every protected and control column as it "
    "stands in the data, true label, outcome, score and weight; no text"
)
_CASES = "ids of the pairs or rows that are flagged for a person; no text"
_ATTRIBUTIONS = "the tokens of the pairs that were explained, in order, so the texts can be read"
_CIRCUITS = "scores of the model's parts, and the tokens of the pairs that were traced"
_ADDENDA = "what was traced or computed later, of the same pairs"
_FINDINGS = "numbers of groups, and the names of groups, columns and terms; no row and no text"
_EDITIONS = (
    "reports; they quote in full the pairs with the largest effects and those that were explained, "
    "unless the plan says redact or the edition is public"
)
_PLAN = (
    "the plan with what was declared and paths as they were given; how the run was made: versions, "
    "machine, digests"
)


def stored_in(evidence: Evidence) -> list[StoredRow]:
    """Returns what is in the evidence folder, as far as it can speak of people."""
    return [StoredRow(path=path, holds=holds) for path, holds in _rows(evidence)]


def _rows(evidence: Evidence) -> Iterator[tuple[str, str]]:
    folder, kind = evidence.folder / "evidence", kind_of(evidence.plan)
    if kind != "outcomes":
        yield "pairs/", _PAIRS[kind]
    if (folder / "predictions.parquet").exists():
        yield "predictions.parquet", _PREDICTIONS
    if (folder / "cases.parquet").exists():
        yield "cases.parquet", _CASES
    if any((folder / "attributions").glob("*.parquet")):
        yield "attributions/", _ATTRIBUTIONS
    if any((folder / "circuits").glob("*.parquet")):
        yield "circuits/", _CIRCUITS
    yield "findings.json", _FINDINGS
    yield "plan.json, run.json", _PLAN
    if (evidence.folder / "addenda").is_dir():
        yield "../addenda/", _ADDENDA
    if kind != "outcomes":
        yield "../editions/", _EDITIONS

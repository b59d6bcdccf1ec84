"""The pairs on which the circuit of a contrast is found and judged, and repairs are watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from auditor.metrics.counted import connect
from auditor.records import Arm, Basis, Contrast, Finding, Results, Validity
from auditor.records_circuits import CircuitRecord

if TYPE_CHECKING:
    from auditor.circuits.stage import Tracer

COLUMNS = (
    "pair_id", "row_id", "text_id", "cluster", "template_id", "split", "attribute", "contrast_id",
    "group_a", "group_b", "group_from", "group_to", "term_from", "term_to", "text",
    "counterfactual", "spans_from", "spans_to", "pieces_from", "pieces_to", "truncated",
    "score_from", "score_to", "margin_from", "margin_to", "effect", "label_true", "weight",
)  # fmt: skip
"""Of `schemas.PAIRS`."""


def trace_in_run(
    tracer: Tracer,
    finding: Finding,
    results: Results,
    pairs: str,
    tell: Callable[[str, int, int], None],
) -> tuple[CircuitRecord, pa.Table]:
    """Returns the circuit of a finding, and its values per pair, from the pairs of its run.

    Args:
        pairs: DuckDB glob of the pairs, safe inside single quotes.

    Raises:
        ModelError: as of `Tracer.trace`.
    """
    own = valid_pairs(pairs, finding.contrast, finding.model_id)
    return tracer.trace(finding, own, tell, others=other_pairs(pairs, finding, results.findings))


def valid_pairs(pairs: str, contrast: Contrast, model_id: str) -> pd.DataFrame:
    """Returns the swap pairs of a contrast that count, with `COLUMNS`, ordered by pair_id.

    As in estimates, a text of A and its text of B count once per cluster, whichever of the two was
    the source.

    Args:
        pairs: DuckDB glob of the pairs, safe inside single quotes.
    """
    with connect() as db:
        frame: pd.DataFrame = db.execute(
            f"SELECT {', '.join(COLUMNS)} FROM read_parquet('{pairs}') "
            "WHERE arm = $arm AND validity = $valid AND contrast_id = $contrast "
            "AND model_id = $model "
            "QUALIFY row_number() OVER ("
            "PARTITION BY cluster, "
            "CASE WHEN group_from = group_a THEN text ELSE counterfactual END, "
            "CASE WHEN group_from = group_a THEN counterfactual ELSE text END "
            "ORDER BY pair_id, row_id) = 1 ORDER BY pair_id, row_id",
            {
                "arm": Arm.SWAP.value,
                "valid": Validity.VALID.value,
                "contrast": contrast.contrast_id,
                "model": model_id,
            },
        ).df()
    return frame


def other_pairs(
    pairs: str, traced: Finding, findings: Iterable[Finding]
) -> dict[str, pd.DataFrame]:
    """Returns the pairs of the largest judged contrast of each other attribute, by name.

    A repair of the traced contrast should not make a gap there.

    Args:
        pairs: DuckDB glob of the pairs, safe inside single quotes.
    """
    largest: dict[str, Contrast] = {}
    for finding in sorted(findings, key=lambda each: abs(each.estimate.value or 0.0)):
        if _is_judged(finding) and finding.contrast.attribute != traced.contrast.attribute:
            largest[finding.contrast.attribute] = finding.contrast
    return {
        f"{contrast.attribute}: {contrast.group_b} v {contrast.group_a}": valid_pairs(
            pairs, contrast, traced.model_id
        )
        for _, contrast in sorted(largest.items())
    }


def _is_judged(finding: Finding) -> bool:
    swaps = finding.basis is Basis.SWAPS and finding.arm is Arm.SWAP
    return swaps and finding.verdict is not None

"""Tables of swaps that no finding has: the lists that were swapped, and gaps beside the noise."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from auditor.evidence.reader import Evidence
from auditor.records import Arm, Basis, Contrast, Estimate, Finding, SystematicEffect
from auditor.report.figures.effects import Spread, lists, spreads
from auditor.report.figures.parts import GapSizeRow, SwapListRow
from auditor.swaps.lexicons import available_lexicons

OWN_LIST = "a list given with the plan"
PAIRS = "scored elsewhere: the pairs say no source"
NAMES = (
    "first and last names by the United States' voter files, census and birth records, as "
    "collected by Bloomberg, and by Bertrand and Mullainathan"
)
_NOT_MADE = "this audit has no such measure"


def swap_lists(evidence: Evidence, db: duckdb.DuckDBPyConnection | None) -> list[SwapListRow]:
    """Returns the words of both groups of each contrast, as they met the judged model."""
    return [
        SwapListRow(
            attribute=contrast.attribute,
            group_a=contrast.group_a,
            group_b=contrast.group_b,
            sources=_sources(evidence, contrast),
            terms_a=terms_a,
            terms_b=terms_b,
            pieces_a=pieces_a,
            pieces_b=pieces_b,
            unequal=unequal,
            pairs=pairs,
        )
        for contrast, (terms_a, terms_b, pieces_a, pieces_b, unequal, pairs) in (
            lists(db) if db else {}
        ).items()
    ]


def _sources(evidence: Evidence, contrast: Contrast) -> list[str]:
    """A list of ours says its source as long as it is the one that was used, to the byte."""
    if evidence.plan.data.pairs:
        return [PAIRS]
    if contrast.crossed:
        return [NAMES]
    known = available_lexicons(evidence.plan.swaps.language)
    used = evidence.record["inputs"]
    return [
        known[part].source
        if part in known and used.get(f"lexicon {part}") == known[part].sha256
        else OWN_LIST
        for part in contrast.attribute.split("*")
    ]


def gap_sizes(evidence: Evidence, db: duckdb.DuckDBPyConnection | None) -> list[GapSizeRow]:
    """Returns how large the effects of each contrast are, beside those of placebo pairs."""
    found = {
        (f.contrast, f.metric): f
        for f in evidence.findings
        if f.basis is Basis.SWAPS and f.arm is Arm.SWAP
    }
    judged = evidence.model_ids[:1]
    noise = {e.contrast: e for e in evidence.results.systematic if e.model_id in judged}
    return [
        _size(contrast, spread, found, noise.get(contrast))
        for contrast, spread in (spreads(db) if db else {}).items()
    ]


def _size(
    contrast: Contrast,
    spread: Spread,
    found: Mapping[tuple[Contrast, str], Finding],
    noise: SystematicEffect | None,
) -> GapSizeRow:
    def of(metric: str) -> Estimate:
        finding = found.get((contrast, metric))
        return finding.estimate if finding else Estimate.missing(_NOT_MADE, unit="")

    return GapSizeRow(
        attribute=contrast.attribute,
        group_a=contrast.group_a,
        group_b=contrast.group_b,
        mean_absolute=of("mean_absolute_effect"),
        mean=of("mean_effect"),
        largest=spread.largest,
        flips=of("flip_rate"),
        gap=noise.across if noise else None,
        noise=noise.within if noise else None,
        ratio=_ratio(noise),
    )


def _ratio(noise: SystematicEffect | None) -> float | None:
    """None: nothing to divide by."""
    if noise is None or noise.across.value is None or not noise.within.value:
        return None
    return noise.across.value / noise.within.value

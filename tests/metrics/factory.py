"""Tables with known answers, as the pipeline writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from auditor.metrics.clusters import Cells, Floats
from auditor.metrics.counted import counted_pairs
from auditor.metrics.crossed import Design, complete
from auditor.metrics.findings import find
from auditor.metrics.measurements import contrasts_by_arm, measure_swaps, read_values
from auditor.plan import AuditPlan
from auditor.plan_file import plan_from_options
from auditor.records import Arm, Contrast, Finding, Pair, text_id
from auditor.schemas import PAIRS, PREDICTIONS

GENDER = Contrast("gender", "man", "woman")
AGE = Contrast("age", "young", "old")
NAMES = Contrast("race_names", "white", "black")


def pair_row(
    cluster: str,
    effect: float | None,
    *,
    contrast: Contrast = GENDER,
    reverse: bool = False,
    text: str | None = None,
    base: float = 0.7,
    cutoff: float | None = 0.5,
    **changes: Any,
) -> dict[str, Any]:
    """Returns one row of PAIRS: A scores `base`, B scores `base + effect`.

    `reverse`: the source text speaks of B. `cutoff`: None leaves labels and selections null.
    """
    a, b = contrast.group_a, contrast.group_b
    stem = text or cluster
    sides = [
        (a, f"{stem}: the {a}", base),
        (b, f"{stem}: the {b}", None if effect is None else base + effect),
    ]
    (from_group, from_text, from_score), (to_group, to_text, to_score) = (
        reversed(sides) if reverse else sides
    )
    pair = Pair(
        f"row-{stem}-{from_group}",
        cluster,
        contrast,
        from_group,
        to_group,
        from_group,
        to_group,
        from_text,
        to_text,
        ((len(from_text) - len(from_group), len(from_text)),),
        ((len(to_text) - len(to_group), len(to_text)),),
    )
    row = {
        "pair_id": pair.pair_id,
        "row_id": pair.row_id,
        "text_id": text_id(from_text),
        "cluster": cluster,
        "arm": "swap",
        "contrast_id": contrast.contrast_id,
        "attribute": contrast.attribute,
        "group_a": a,
        "group_b": b,
        "group_from": from_group,
        "group_to": to_group,
        "term_from": from_group,
        "term_to": to_group,
        "text": from_text,
        "counterfactual": to_text,
        "validity": "valid",
        "model_id": "m",
        "score_from": from_score,
        "score_to": to_score,
        "effect": effect,
        "unit": "probability",
        "weight": 1.0,
    }
    if cutoff is not None and from_score is not None and to_score is not None:
        selected = from_score >= cutoff, to_score >= cutoff
        row |= {
            "selected_from": selected[0],
            "selected_to": selected[1],
            "label_from": "no" if selected[0] else "yes",
            "label_to": "no" if selected[1] else "yes",
            "flip": selected[0] != selected[1],
        }
    return row | changes


def crossed_rows(
    a: Floats, b: Floats, *, contrast: Contrast = NAMES, reverse: bool = False, **changes: Any
) -> list[dict[str, Any]]:
    """Returns PAIRS of a crossed design from the scores of each group: [name, template].

    Name k of A stands against name k of B; a score that is NaN leaves the pair out.
    """
    return [
        pair_row(
            f"t{t:03}",
            float(b[k, t] - a[k, t]),
            contrast=contrast,
            reverse=reverse,
            text=f"t{t:03} {k:02}",
            base=float(a[k, t]),
            term_from=f"{'B' if reverse else 'A'}{k:02}",
            term_to=f"{'A' if reverse else 'B'}{k:02}",
            **changes,
        )
        for k, t in np.ndindex(a.shape)
        if np.isfinite(b[k, t] - a[k, t])
    ]


def cells(*groups: Any) -> Cells:
    """Returns the cells of one group (c = 1) or of A and B, each [name, template]."""
    values = [np.asarray(group, float) for group in groups]
    signs = np.repeat([-1.0, 1.0][-len(values) :], [len(y) for y in values])
    joined = np.concatenate(values)
    return Cells(joined, np.where(np.isnan(joined), 0.0, 1.0), signs)


def design(*groups: Any) -> Design:
    """Returns the complete design of `cells`."""
    return complete(cells(*groups))


def draw(
    rng: np.random.Generator, names: int, templates: int, *, sd: tuple[float, float, float]
) -> tuple[Floats, Floats]:
    """Two groups without a difference; SDs of names, of templates by group, of what remains."""
    of_name, of_template, rest = sd
    common = rng.normal(size=templates)
    first, second = (
        common
        + rng.normal(0, of_name, (names, 1))
        + rng.normal(0, of_template, templates)
        + rng.normal(0, rest, (names, templates))
        for _ in range(2)
    )
    return first, second


def write_pairs(folder: Path, rows: Sequence[Mapping[str, Any]], *, parts: int = 1) -> str:
    """Writes rows into `parts` Parquet parts and returns their DuckDB glob."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in range(parts):
        table = pa.Table.from_pylist(list(rows[part::parts]), schema=PAIRS)
        pq.write_table(table, folder / f"part-{part:05d}.parquet")
    return f"{folder.as_posix()}/*.parquet"


def findings(
    pairs: str,
    chosen: AuditPlan,
    contrasts: Sequence[Contrast],
    model_ids: Sequence[str] = ("m",),
    *,
    favourable: Sequence[str] = (),
) -> list[Finding]:
    """Returns the findings of pairs, as the pipeline makes them: of `contrasts`, and of the other
    arms that stand in the pairs."""
    with counted_pairs(pairs, favourable) as db:
        found = contrasts_by_arm(db)
        arms = found | {Arm.SWAP: list(contrasts)}
        return find(measure_swaps(read_values(db, found), chosen, arms, model_ids), chosen)


def predictions(
    groups: Mapping[str | None, tuple[int, int]], *, column: str = "sex", **changes: Any
) -> pd.DataFrame:
    """Returns PREDICTIONS rows: group -> (selected, rows)."""
    rows = [
        {
            "row_id": f"{group}-{i}",
            "cluster": f"{group}-{i}",
            "model_id": "m",
            "label_true": None,
            "selected": i < selected,
            "protected": {column: group},
            "weight": 1.0,
            "weight_kind": "frequency",
        }
        | changes
        for group, (selected, total) in groups.items()
        for i in range(total)
    ]
    frame: pd.DataFrame = pa.Table.from_pylist(rows, schema=PREDICTIONS).to_pandas()
    return frame


def confusion(groups: Mapping[str, tuple[int, int, int, int]]) -> pd.DataFrame:
    """Returns PREDICTIONS rows: group -> (TP, FP, FN, TN); "yes" is the favourable truth."""
    frames = []
    for group, (tp, fp, fn, tn) in groups.items():
        frame = predictions({group: (tp + fp, tp + fp + fn + tn)})
        frame["label_true"] = ["yes"] * tp + ["no"] * fp + ["yes"] * fn + ["no"] * tn
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def plan(**options: Any) -> AuditPlan:
    """Returns a plan with these options, otherwise with its defaults."""
    return plan_from_options(**options)

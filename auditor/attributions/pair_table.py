"""One row per explained pair: what its attributions add up to, turned from group A to group B."""

from __future__ import annotations

import numpy as np
import pandas as pd

from auditor.records_attributions import Chosen, Role

CONTRAST = ["attribute", "group_a", "group_b"]
_CONTEXT = (Role.CONTEXT.value, Role.RECUT.value)


def owen_rows(rows: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Returns the tokens of SHAP's values with their pair's columns, turned from A to B.

    `on_b` says on which side a token stands, `signed` is its share of the effect of B against A,
    `weight` how many pairs its pair stands for, `speaks` whether it says anything of others: drawn
    at random, or one of a contrast whose every pair is explained. Pairs of one group with itself
    stay as they are.

    Args:
        rows: of `schemas.ATTRIBUTIONS`.
        pairs: at least pair_id, cluster, attribute, group_a, group_b, group_from and census.
    """
    wanted = ["pair_id", "cluster", *CONTRAST, "group_from", "census"]
    own = rows[rows["method"] == "owen"].astype({"side": str, "role": str, "chosen": str})
    joined = own.merge(pairs[wanted].drop_duplicates("pair_id"), on="pair_id", validate="m:1")
    from_b = (joined["group_from"] == joined["group_b"]) & (joined["group_a"] != joined["group_b"])
    on_b = (joined["side"] == "to") != from_b
    return joined.assign(
        on_b=on_b,
        signed=np.where(on_b, joined["value"], -joined["value"]),
        weight=1 / joined["sampling_probability"],
        speaks=(joined["chosen"] == Chosen.SAMPLE.value) | joined["census"],
    )


def pair_table(tokens: pd.DataFrame) -> pd.DataFrame:
    """Returns one row per pair with its contrast, cluster, weight, why it was chosen, and

    - speaks: as in `owen_rows`
    - gap_on_term, gap_on_context, gap_base, and their sum `gap`: of B less A
    - size_on_term, size_on_context: the same without signs, summed over aligned units
    - term_a, term_b, all_a, all_b: absolute attributions of a side, on its terms and in all

    Args:
        tokens: of `owen_rows`.
    """
    known = tokens.groupby("pair_id")[["cluster", *CONTRAST, "weight", "chosen", "speaks"]].first()
    return known.join([_gaps(tokens), _sides(tokens)]).reset_index()


def _gaps(tokens: pd.DataFrame) -> pd.DataFrame:
    units = tokens.groupby(["pair_id", "aligned"]).agg(
        gap=("signed", "sum"), role=("role", "first")
    )
    on_term, on_context = units["role"] == Role.TERM.value, units["role"].isin(_CONTEXT)
    size = units["gap"].abs()
    parts = {
        "gap_on_term": units["gap"].where(on_term, 0.0),
        "gap_on_context": units["gap"].where(on_context, 0.0),
        # What lies on no word: special tokens have 0.
        "elsewhere": units["gap"].where(~on_term & ~on_context, 0.0),
        "size_on_term": size.where(on_term, 0.0),
        "size_on_context": size.where(on_context, 0.0),
    }
    found = pd.DataFrame(parts).groupby("pair_id").sum()
    ends = tokens.groupby(["pair_id", "on_b"])[["base", "residual"]].first().sum(axis=1)
    sides = ends.unstack("on_b")
    found["gap_base"] = sides[True] - sides[False] + found.pop("elsewhere")
    found["gap"] = found[["gap_on_term", "gap_on_context", "gap_base"]].sum(axis=1)
    return found


def _sides(tokens: pd.DataFrame) -> pd.DataFrame:
    size = tokens["value"].abs()
    parts = pd.DataFrame(
        {
            "pair_id": tokens["pair_id"],
            "side": np.where(tokens["on_b"], "b", "a"),
            "term": size.where(tokens["role"] == Role.TERM.value, 0.0),
            "all": size,
        }
    )
    sums = parts.groupby(["side", "pair_id"]).sum()
    return pd.DataFrame(
        {f"{name}_{side}": sums.loc[side][name] for side in ("a", "b") for name in ("term", "all")}
    )

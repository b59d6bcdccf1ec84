"""The words of the context that change most with the group: what a term does to those around it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.attributions.base import Ints
from auditor.attributions.pair_table import CONTRAST
from auditor.attributions.weighting import WeightedRatio, scoped, weighted_ratio
from auditor.attributions.words import words_at
from auditor.metrics.estimates import NOISE, t_quantile
from auditor.records import Contrast, Estimate
from auditor.records_attributions import Role, WordEffect

Objects = npt.NDArray[np.object_]

WORDS_SHOWN = 10
"""Per contrast: those with the largest mean changes."""


def word_effects(tokens: pd.DataFrame, unit: str) -> list[WordEffect]:
    """Returns each contrast's words with the largest mean change from group A to group B.

    The mean is over the pairs with the word, by inverse-probability weights; 0 means that the word
    counts the same beside either term. The largest of many is large by chance (the winner's
    curse): intervals hold for all words tested of a contrast together (Bonferroni). A word is
    tested where it stands in 8 clusters, by weight too, and in a pair drawn at random. Upper and
    lower case are one; punctuation and words with a piece of the term are left out.

    Args:
        tokens: of `pair_table.owen_rows`, without placebo pairs.
    """
    words = _words(tokens[tokens["on_b"]])
    if not len(words):
        return []
    changes = _changes(words, tokens)
    return [
        effect
        for key, rows in changes.groupby(CONTRAST, sort=True)
        for effect in _of_contrast(Contrast(*map(str, key)), rows, unit)
    ]


def _of_contrast(contrast: Contrast, changes: pd.DataFrame, unit: str) -> Iterator[WordEffect]:
    tested = {
        str(word): ratio
        for word, rows in changes.groupby("word", sort=True)
        if (ratio := _mean_change(rows)) is not None
    }
    ranked = sorted(tested, key=lambda word: (-abs(tested[word].value), word))
    for word in ranked[:WORDS_SHOWN]:
        ratio = tested[word]
        found = _estimate(ratio, len(tested), unit)
        yield WordEffect(contrast, word, ratio.n, scoped(found, contrast))


def _mean_change(rows: pd.DataFrame) -> WeightedRatio | None:
    """Returns a word's mean change, or None where it is not tested."""
    if not rows["speaks"].any():
        return None
    ratio = weighted_ratio(rows["change"], 1.0, rows["weight"], rows["cluster"])
    return None if ratio is None or ratio.unsure else ratio


def _estimate(ratio: WeightedRatio, tested: int, unit: str) -> Estimate:
    value, n, clusters = ratio.value, ratio.n, ratio.clusters
    se = float(ratio.by_cluster.std(ddof=1)) / clusters**0.5
    if se <= NOISE:
        reason = "all clusters show the same value: no interval"
        return Estimate(value, None, None, n, clusters, unit, "weighted mean", 0.95, reason)
    tail = 0.05 / tested / 2
    half = -t_quantile(tail, ratio.effective - 1) * se
    shared = f", the 95 % shared by {tested} words (Bonferroni)" if tested > 1 else ""
    method = f"t on {ratio.over}{shared}"
    return Estimate(value, value - half, value + half, n, clusters, unit, method, 1 - 2 * tail)


def _changes(words: pd.DataFrame, tokens: pd.DataFrame) -> pd.DataFrame:
    """Returns the change of each word in each pair, all its occurrences together."""
    units = tokens.groupby(["pair_id", "aligned"], as_index=False)["signed"].sum()
    found = words.merge(units, on=["pair_id", "aligned"]).rename(columns={"signed": "change"})
    changes = found.groupby(["pair_id", "word"], as_index=False)[["change"]].sum()
    known = tokens.groupby("pair_id")[["cluster", *CONTRAST, "weight", "speaks"]].first()
    return changes.join(known, on="pair_id")


def _words(side: pd.DataFrame) -> pd.DataFrame:
    """Returns the aligned units of one side, each once, with the word that it stands in.

    Words are read off the side of group B; the context has the same on the other.
    """
    ordered = side.sort_values(["pair_id", "index"])
    tokens, roles = ordered["token"].to_numpy(object), ordered["role"].to_numpy(object)
    spans = ordered[["start", "end"]].to_numpy(np.int64)
    ends = np.cumsum(ordered.groupby("pair_id", sort=True).size().to_numpy())
    words = [
        word
        for own in np.split(np.arange(len(ordered)), ends[:-1])
        for word in _words_of_pair(tokens[own], spans[own], roles[own])
    ]
    table = ordered.assign(word=words)
    unit = ["pair_id", "aligned"]
    return table[table["word"] != ""][[*unit, "word"]].drop_duplicates(unit)


def _words_of_pair(tokens: Objects, spans: Ints, roles: Objects) -> list[str]:
    """Returns the word of each token, "" where it is none of the context. [token]"""
    text = [" "] * int(spans.max(initial=0))
    for token, (start, end) in zip(tokens.tolist(), spans.tolist(), strict=True):
        # Of the pieces of one character only the first is written.
        if len(word := token.strip()) == end - start:
            text[start:end] = word
    written = "".join(text)
    numbers = words_at(written, spans, np.array(roles == Role.SPECIAL.value, np.bool_))
    left_out = np.isin(numbers, numbers[np.isin(roles, [Role.TERM.value, Role.SPECIAL.value])])
    first, last = np.searchsorted(numbers, numbers), np.searchsorted(numbers, numbers, "right") - 1
    return [
        "" if out else _unless_sign(written[start:end].lower())
        for out, start, end in zip(left_out, spans[first, 0], spans[last, 1], strict=True)
    ]


def _unless_sign(word: str) -> str:
    return word if any(character.isalnum() for character in word) else ""

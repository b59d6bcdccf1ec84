"""Madlibs: 76,564 published sentences, each with every one of 50 identity terms in its place."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from auditor.records import Pair, SourceText, Validity
from auditor.swaps.swapper import every_swapper

FEWEST = {"religion": 15_000, "sexual_orientation": 9_000, "age": 6, "disability": 6}
"""Attribute -> pairs between published terms, at least, so that the law cannot pass empty."""


@pytest.fixture(scope="module")
def labels(shared: Path) -> dict[str, str]:
    """Returns text -> label; no text stands there twice."""
    path = shared / "benchmarks/madlibs/bias_madlibs_77k.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = {row["Text"]: row["Label"] for row in rows}
    assert len(labels) == len(rows) == 76_564
    return labels


def published_terms(labels: dict[str, str]) -> set[str]:
    """Returns the identity terms: what stands behind "respect" in the simplest template."""
    return {text.split(" ", 1)[1] for text in labels if text.startswith("respect ")}


def valid_pairs(attribute: str, texts: dict[str, str]) -> list[Pair]:
    swapper = every_swapper([attribute])
    sources = (SourceText(str(i), text, str(i)) for i, text in enumerate(texts))
    pairs = (pair for source in sources for pair in swapper.pairs(source))
    return [pair for pair in pairs if pair.validity is Validity.VALID]


@pytest.mark.parametrize("attribute", FEWEST)
def test_a_swap_between_published_terms_is_a_published_row_with_the_same_label(
    attribute: str, labels: dict[str, str]
) -> None:
    """All of them: religion 31,320 pairs, sexual_orientation 9,096, age 7, disability 6.

    Not counted: what the authors have no term for ("a filthy sikh" becomes "a filthy Jew", theirs
    is "jewish"; "middle-aged", theirs has no hyphen). No pair at all, as a descriptor counts only
    where it is said of a person in full: "a nasty old", "being blind", "hate deaf", nearly all rows
    of age and disability; and lgbt, lgbtq, teenage and millenial, which have no counterpart there.
    """
    terms = published_terms(labels)
    assert len(terms) == 50
    counted = [
        pair
        for pair in valid_pairs(attribute, labels)
        if {pair.term_from.casefold(), pair.term_to.casefold()} <= terms
    ]
    wrong = [
        (pair.text, pair.counterfactual)
        for pair in counted
        if labels.get(pair.counterfactual) != labels[pair.text]
    ]
    assert wrong == []
    assert len(counted) >= FEWEST[attribute]

"""Hierarchies are shap's own, of any text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.attributions.hierarchies import hierarchy
from tests.attributions.factory import masker_of

WORDS = [
    "she", "can't", "and", "or", "but", "(", ")", "(so)", "[CLS]", "[SEP]", "[MASK]", "[x", ",",
    ".", "?!", "'s", "it's", "t", "s", "'", "-", "\n", "  ", "tokenisation", "unhappily",
    "##", "x\ny",
]  # fmt: skip


@pytest.mark.parametrize("name", ["words", "pieces", "byte_pairs", "maskless", "function"])
@given(
    drawn=st.lists(st.sampled_from(WORDS), min_size=1, max_size=24), glue=st.sampled_from(["", " "])
)
@settings(max_examples=60, deadline=None)
def test_the_hierarchy_is_shaps(name: str, drawn: list[str], glue: str) -> None:
    masker, text = masker_of(name), glue.join(drawn)
    segments = masker.shap.token_segments(text)[0]
    if len(segments) > 1:
        expected = masker.shap.clustering(text)
        np.testing.assert_array_equal(hierarchy(segments, masker.separator), expected)


def test_one_token_or_none_has_no_merges() -> None:
    assert hierarchy(["a"], None).shape == hierarchy([], None).shape == (0, 4)


def test_a_hierarchy_may_be_changed_without_changing_the_next() -> None:
    first = hierarchy(["a ", "b"], None)
    first[:] = 7
    np.testing.assert_array_equal(hierarchy(["c ", "d"], None), [[0, 1, 1, 2]])


def test_a_long_text_has_a_hierarchy_at_once() -> None:
    """2,000 tokens: shap's own way scores two million neighbours."""
    assert hierarchy(["word "] * 2000, None).shape == (1999, 4)

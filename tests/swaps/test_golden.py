"""Every hard sentence of the golden tables, to the letter."""

from __future__ import annotations

import pytest

from auditor.records import Pair
from auditor.swaps.swapper import swap
from tests.swaps import golden, golden_neighbours, golden_origins, golden_persons

TABLES = (golden_neighbours, golden_origins, golden_persons)
VALID = [*golden.VALID, *(row for table in TABLES for row in table.ROWS)]
KEPT_OUT = [*golden.KEPT_OUT, *(row for table in TABLES for row in table.KEPT_OUT_ROWS)]


def counterpart(text: str, attribute: str, group: str) -> Pair | None:
    """Returns the one pair that exchanges with `group`."""
    to = group if group == "neutral" else None
    pairs = [p for p in swap(text, attribute, to) if group in (p.group_to, p.group_from)]
    return next((p for p in pairs if p.group_to == group), pairs[0] if pairs else None)


def test_there_are_enough_of_them() -> None:
    assert len(VALID) >= 250
    assert len({text for _, _, text, _ in VALID}) >= 240


@pytest.mark.parametrize(("attribute", "group", "text", "expected"), VALID)
def test_valid(attribute: str, group: str, text: str, expected: str | None) -> None:
    pair = counterpart(text, attribute, group)
    assert (pair.counterfactual if pair else None) == expected
    assert pair is None or pair.reason is None


@pytest.mark.parametrize(("attribute", "group", "text", "expected", "validity", "word"), KEPT_OUT)
def test_kept_out_of_verdicts(
    attribute: str, group: str, text: str, expected: str, validity: str, word: str
) -> None:
    pair = counterpart(text, attribute, group)
    assert pair is not None
    assert (pair.counterfactual, pair.validity.value) == (expected, validity)
    assert word in str(pair.reason)

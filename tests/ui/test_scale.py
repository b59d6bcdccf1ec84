"""Both scores on one scale."""

from __future__ import annotations

import pytest

from auditor.ui.scale import Point, ends_of, scale_html

LOW, HIGH = Point("● a", 0.25, "●"), Point("◆ b", 0.9, "◆")


def test_scores_stand_at_their_place_and_are_said() -> None:
    body = scale_html(LOW, HIGH, ends=(0, 1), cutoff=None)
    assert body.count("left:25.00%") == 3  # bar between the scores, mark, words
    assert body.count("left:90.00%") == 2
    assert 'aria-label="● a 0.250, ◆ b 0.900"' in body


def test_the_cutoff_is_drawn_where_there_is_one() -> None:
    assert "cut-off 0.4" in scale_html(LOW, HIGH, ends=(0, 1), cutoff=0.4)
    assert "cut-off" not in scale_html(LOW, HIGH, ends=(0, 1), cutoff=None)


def test_names_are_escaped() -> None:
    body = scale_html(Point('"><script>', 0.2, "●"), HIGH, ends=(0, 1), cutoff=None)
    assert "<script>" not in body
    assert '"&quot;&gt;&lt;script&gt; 0.200, ' in body


@pytest.mark.parametrize(
    ("scores", "unit", "ends"),
    [
        ([0.2, 0.3], "probability", (0, 1)),
        ([2.5, -1.0], "output", (-1, 2.5)),
        ([2.5, 3.0], "output", (0, 3)),
        ([0.0, 0.0], "output", (0, 1)),
    ],
)
def test_the_ends_fit_the_unit(scores: list[float], unit: str, ends: tuple[float, float]) -> None:
    assert ends_of(scores, unit) == ends

"""Tokens on a page: escaped, nothing left out, no meaning by colour alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.explanation import PairExplanation, Side, TokenValue
from auditor.records_attributions import Role
from auditor.ui.marking import plain
from auditor.ui.shading import Piece, gaps_html, legend_html, pieces, shortened, side_html
from tests.ui.factory import Reader


def side(text: str, *tokens: tuple[int, int, float], term: int = -1) -> Side:
    roles = [Role.TERM if i == term else Role.CONTEXT for i in range(len(tokens))]
    return Side(
        text,
        (),
        tuple(
            TokenValue(text[start:end], start, end, role, i, value)
            for i, ((start, end, value), role) in enumerate(zip(tokens, roles, strict=True))
        ),
        base=0.0,
        residual=0.0,
        unresolved=0.0,
    )


@st.composite
def cut_texts(draw: st.DrawFn) -> Side:
    """Texts cut anywhere, tokens in any order, some sharing characters, some without any."""
    text = draw(st.text(min_size=1, max_size=30))
    ends = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    spans = draw(st.lists(ends, max_size=8))
    values = st.floats(-2, 2, allow_nan=False)
    return side(text, *((min(s), max(s), draw(values)) for s in spans))


@given(cut_texts())
def test_html_shows_the_text_and_makes_no_tag_of_it(cut: Side) -> None:
    page = Reader(side_html(cut, 2.0, "log-odds"))
    assert page.shown == plain(cut.text)
    assert page.tags <= {"div", "span"}


@given(cut_texts())
def test_pieces_are_the_whole_text_with_every_value_of_a_token_that_stands_in_it(cut: Side) -> None:
    found = pieces(cut)
    assert "".join(piece.text for piece in found) == cut.text
    standing = [token.value for token in cut.tokens if token.end > token.start]
    assert sum(p.value for p in found if p.value is not None) == pytest.approx(sum(standing))


def test_pieces_of_one_character_are_one() -> None:
    found = pieces(side("a ☃", (0, 1, 0.5), (2, 3, 0.25), (2, 3, 0.5)))
    assert [(piece.text, piece.value) for piece in found] == [("a", 0.5), (" ", None), ("☃", 0.75)]


def test_tokens_within_another_are_one_piece_with_it() -> None:
    found = pieces(side("abcdef", (0, 5, 1.0), (1, 2, 0.5), (3, 4, 0.25), (5, 6, 2.0)))
    assert [(piece.text, piece.value) for piece in found] == [("abcde", 1.75), ("f", 2.0)]


@pytest.mark.parametrize(
    ("value", "line", "number"),
    [(1.0, "3px solid", "+1.000"), (-1.0, "3px dashed", "-1.000"), (-0.3, "2px dashed", "-0.300")],
)
def test_sign_and_size_are_told_without_colour(value: float, line: str, number: str) -> None:
    html = side_html(side("man", (0, 3, value)), 1.0, "log-odds")
    assert f"border-bottom:{line}" in html
    assert f'title="{number} log-odds"' in html


def test_a_small_value_has_no_line() -> None:
    assert "border" not in side_html(side("man", (0, 3, 0.05)), 1.0, "log-odds")


def test_the_term_is_in_bold() -> None:
    html = side_html(side("a man", (0, 1, 0.0), (2, 5, 0.0), term=1), 1.0, "log-odds")
    assert html.count("font-weight:600") == 1


def pair(text: Side, other: Side) -> PairExplanation:
    return PairExplanation("p", "m", "owen", "ok", "log-odds", None, text, other)


def test_gaps_stand_below_the_tokens_that_carry_them() -> None:
    a = side("<b>he</b> left", (0, 9, 0.0), (10, 14, 0.5), term=0)
    b = side("she left", (0, 3, -1.0), (4, 8, 0.51), term=0)
    page = Reader(gaps_html(pair(a, b), "log-odds"))
    assert "<b>he</b> → she-1.000" in page.shown
    assert "0.010" not in page.shown, "a gap of a hundredth has no number"
    assert page.tags == {"div", "span"}


def test_a_term_without_a_counterpart_says_so() -> None:
    a = side("blind man", (0, 5, 1.0), (6, 9, 0.0), term=0)
    gone = replace(a.tokens[1], start=0, end=3)
    b = replace(a, text="man", tokens=(gone,))
    assert "blind → (nothing)" in Reader(gaps_html(pair(a, b), "log-odds")).shown


def test_a_pair_that_says_the_same_has_no_lines() -> None:
    a = side("he left", (0, 2, 0.5), (3, 7, 0.5))
    assert "border" not in gaps_html(pair(a, a), "log-odds")


@pytest.mark.parametrize("terms", [(500,), (100, 900)])
def test_of_a_long_text_what_is_near_a_term_is_kept_and_the_rest_counted(terms: Any) -> None:
    given = [Piece(f"w{i}", 0.0, Role.TERM if i in terms else Role.CONTEXT) for i in range(1_000)]
    found = shortened(given, around=5)
    kept = [piece for piece in found if piece.value is not None]
    assert {f"w{i}" for i in terms} <= {piece.text for piece in kept}
    assert len(kept) == 21 * len(terms)
    counted = sum(int(p.text.split()[1][1:]) for p in found if p.value is None)
    assert counted == 1_000 - len(kept)


def test_a_long_text_without_a_term_keeps_its_beginning() -> None:
    found = shortened([Piece(f"w{i}", 0.0, Role.CONTEXT) for i in range(1_000)], around=5)
    assert (found[0].text, len(found)) == ("w0", 21)


def test_the_legend_names_both_directions_and_the_scale() -> None:
    shown = Reader(legend_html("raises it", "lowers it", 1.25, "log-odds")).shown
    assert "raises it" in shown
    assert "lowers it" in shown
    assert "half of the largest on: 1.250 log-odds" in shown
    assert "dashed" not in legend_html("counts", None, 1.25, "share")

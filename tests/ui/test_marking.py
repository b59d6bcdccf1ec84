"""Texts on a page: escaped, marked, cut around the change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.ui.marking import marked_html, plain, shortened, snippet
from tests.ui.factory import Reader

texts = st.builds(str.__mul__, st.text(min_size=1, max_size=20), st.sampled_from([1, 40]))
runs = st.lists(st.tuples(texts, st.booleans()), min_size=1, max_size=5)


@given(runs)
def test_html_shows_the_text_and_makes_no_tag_of_it(parts: list[tuple[str, bool]]) -> None:
    page = Reader(marked_html(parts))
    assert page.shown == "".join(plain(text) for text, _ in parts)
    assert page.tags <= {"div", "mark"}


def test_html_is_one_line_since_streamlit_strips_lines() -> None:
    assert "\n" not in marked_html([("a\n   \n  b", False)])


@given(runs)
def test_shortening_keeps_every_change_whole(parts: list[tuple[str, bool]]) -> None:
    changed = [run for run in parts if run[1]]
    assert [run for run in shortened(parts, around=2) if run[1]] == changed


def test_shortening_says_how_much_is_left_out() -> None:
    parts = [("a" * 1_000, False), ("she", True), ("b" * 1_000, False)]
    before, change, after = (text for text, _ in shortened(parts, around=10))
    assert before == " … [990 characters left out] … " + "a" * 10
    assert change == "she"
    assert after == "b" * 10 + " … [990 characters left out] … "


def test_a_text_without_changes_keeps_its_beginning() -> None:
    ((text, _),) = shortened([("a" * 1_000, False)], around=10)
    assert text.startswith("a" * 10 + " …")


def test_a_short_text_is_left_alone() -> None:
    parts = [("The ", False), ("man", True), (" left.", False)]
    assert shortened(parts) == parts


def test_a_snippet_is_one_line_around_the_first_change() -> None:
    line = snippet([("long ago " * 50, False), ("she", True), ("\n\nleft\0. " * 50, False)])
    assert line.startswith("…")
    assert " she left␀." in line
    assert len(line) < 250


def test_a_snippet_of_a_text_without_changes_is_its_beginning() -> None:
    assert snippet([("It rained all day.", False)]) == "It rained all day."

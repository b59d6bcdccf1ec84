"""Flagged pairs token by token: what is shown adds up, stays text, and needs no colour."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from auditor.content import content_path
from auditor.records_attributions import Role
from auditor.report.attribution_tables import SHADES, shade
from auditor.report.explained import LEFT_OUT, NEAR, PAIRS_SHOWN
from auditor.report.html import render_html
from auditor.report.parts import Summary
from auditor.report.parts_attributions import ExplainedPairRow, Sides
from auditor.report.summarize import summarize
from tests.report import explained
from tests.report.explained import ARABIC, SCRIPT, STRANGE
from tests.report.test_attributions import HEADING
from tests.report.test_report import Page
from tests.report.test_sections import sections, squeezed, text_of


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return summarize(explained.evidence(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def html(summary: Summary) -> str:
    return render_html(summary)


def pair_of(folder: Path, columns: dict[str, str], sides: Any, **changes: Any) -> ExplainedPairRow:
    """Returns one pair as the report has it."""
    made = summarize(explained.evidence(folder, [(columns, sides)], **changes))
    return made.attributions.pairs[0]


def test_what_stands_below_a_pair_adds_up_to_its_outputs(summary: Summary) -> None:
    """Column by column: tokens that carry most, the others, the base."""
    for pair in summary.attributions.pairs:
        parts = [pair.units[i].value for i in pair.most]
        parts += [pair.on_others, pair.base, pair.residual]
        for name in Sides.model_fields:
            total = sum(getattr(part, name) for part in parts)
            assert total == pytest.approx(getattr(pair.total, name), abs=1e-12)
        assert pair.total.gap == pytest.approx(
            pair.on_term + pair.on_context + pair.base.gap + pair.residual.gap
        )
        assert pair.others == sum(unit.units for unit in pair.units) - len(pair.most)


def test_a_term_and_its_neighbours_carry_what_was_planted(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, STRANGE, explained.STRANGE_TOKENS)
    assert [(pair.units[i].counterfactual, pair.units[i].value.gap) for i in pair.most] == [
        ("woman", -1.0),
        ("old", -0.4),
        ("happy", 0.25),
    ]
    assert (pair.total.text, pair.total.counterfactual) == pytest.approx((0.9161, -0.4828))


def test_tokens_are_written_as_the_text_is(summary: Summary) -> None:
    for pair, columns in zip(summary.attributions.pairs, (STRANGE, ARABIC), strict=True):
        text = "".join(u.text + " " * u.blank_text for u in pair.units)
        assert text == columns["text"]
        assert "".join(
            u.counterfactual + " " * (u.blank_counterfactual and bool(u.counterfactual))
            for u in pair.units
        ) == columns["counterfactual"]  # fmt: skip


def test_tokens_of_strangers_stay_text(html: str) -> None:
    page = Page(sections(html)[HEADING])
    assert {"script", "u", "i", "b"}.isdisjoint(tag for tag, _ in page.tags)
    assert SCRIPT in page.text


def test_a_text_from_right_to_left_keeps_its_direction_and_its_numbers_theirs(html: str) -> None:
    """And no box stands between the letters of a word: they would no longer join."""
    section = sections(html)[HEADING]
    [line] = re.findall(r'<span class="txt tokens" dir="auto">(?:(?!</p>).)*المسلم.*?</p>', section)
    assert re.findall(r'class="part" dir="ltr"[^>]*>([^<]*)<', line) == ["-0.300", "+0.600"]
    assert "bdi" not in line.partition('class="score"')[0]
    assert not re.search(r"\.(up|down)-\d[^}]*padding-inline", html)


def test_no_meaning_by_colour_alone(html: str) -> None:
    """Every shade has a line below it: solid up, dashed down, thicker the more it carries."""
    css = content_path("reports", "templates", "report.css").read_text("utf-8")
    for direction, line in (("up", "solid"), ("down", "dashed")):
        for darkness in range(1, len(SHADES) + 1):
            found = re.search(rf"\.{direction}-{darkness} {{[^}}]*}}", css)
            assert found, (direction, darkness)
            assert f"border-bottom: {darkness}px {line}" in found[0]
    assert 'class="down-3 term"' in html


@pytest.mark.parametrize(
    ("part", "style"),
    [(1.0, "up-3"), (0.5, "up-3"), (-0.3, "down-2"), (0.1, "up-1"), (0.09, ""), (0.0, "")],
)
def test_a_shade_follows_the_share_of_the_largest_part(part: float, style: str) -> None:
    assert shade(part, -1.0) == style
    assert shade(part, 0.0) == ""


def several(count: int, attributes: tuple[str, ...]) -> list[Any]:
    """Pairs of alternating attributes, no two of the same texts but the last, which turns one."""
    made = [
        (
            {
                "pair_id": f"p{i}",
                "attribute": attributes[i % len(attributes)],
                "text": f"man {i}",
                "counterfactual": f"woman {i}",
            },
            [
                [("man", 0.1, 1, "term"), (str(i), 0.0, 2, "context")],
                [("woman", 0.2, 1, "term"), (str(i), 0.0, 2, "context")],
            ],
        )
        for i in range(count)
    ]
    first, sides = made[0]
    turned = {"text": first["counterfactual"], "counterfactual": first["text"], "pair_id": "back"}
    return [*made, ({**first, **turned}, sides[::-1])]


def test_the_most_severe_of_each_attribute_come_before_a_second_of_any(tmp_path: Path) -> None:
    given = several(9, ("age", "age", "gender"))
    shown = summarize(explained.evidence(tmp_path, given)).attributions.pairs
    assert [pair.pair_id for pair in shown] == ["p0", "p2", "p1", "p5", "p3", "p8"]
    assert len(shown) == PAIRS_SHOWN


def test_two_same_texts_are_explained_once(tmp_path: Path) -> None:
    shown = summarize(explained.evidence(tmp_path, several(2, ("age",)))).attributions.pairs
    assert [pair.pair_id for pair in shown] == ["p0", "p1"]


def test_long_stretches_that_carry_little_are_one_and_still_count(tmp_path: Path) -> None:
    words = [(f"w{i}", 0.001, i, "context") for i in range(200)]
    sides = [[*words, (term, value, 200, "term")] for term, value in (("man", 0.0), ("boy", 1.0))]
    text = " ".join(word for word, *_ in words)
    columns = {"pair_id": "p", "text": f"{text} man", "counterfactual": f"{text} boy"}
    pair = pair_of(tmp_path, columns, sides)
    left_out, *shown = pair.units
    assert (left_out.text, left_out.units, left_out.role) == (LEFT_OUT, 200 - NEAR, Role.CONTEXT)
    assert [unit.text for unit in shown] == [*(f"w{i}" for i in range(180, 200)), "man"]
    assert pair.most == [NEAR + 1]
    assert left_out.value.text == pytest.approx(0.001 * 180)
    assert pair.total.text == pytest.approx(0.5 + 0.2)


def test_several_pieces_of_one_character_are_written_once(tmp_path: Path) -> None:
    """A byte-level tokenizer gives each piece the whole character."""
    pieces = [("🙂", 0.1, 1, "context")]
    sides = [[*pieces, ("man", 0.1, 2, "term")], [*pieces, ("boy", 0.3, 2, "term")]]
    columns = {"pair_id": "p", "text": "🙂 man", "counterfactual": "🙂 boy"}
    given = explained.evidence(tmp_path, [(columns, sides)])
    rows = given.attributions()
    again = rows[rows["aligned"] == 1]
    path = tmp_path / "evidence" / "attributions" / "part-0.parquet"
    pd.concat([rows, again], ignore_index=True).to_parquet(path)
    pair = summarize(given).attributions.pairs[0]
    assert [unit.text for unit in pair.units] == ["🙂", "man"]
    assert pair.units[0].value.text == pytest.approx(0.2)


def test_a_budget_that_was_too_small_is_said(tmp_path: Path) -> None:
    given = explained.evidence(tmp_path)
    rows = given.attributions()
    rows.loc[rows["pair_id"] == "arabic", "unresolved"] = 0.0625
    rows.to_parquet(tmp_path / "evidence" / "attributions" / "part-0.parquet")
    made = summarize(given)
    assert [pair.unresolved for pair in made.attributions.pairs] == [0.0, 0.0625]
    assert squeezed("0.062 lies on groups of tokens") in text_of(render_html(made), HEADING)


def test_what_values_leave_of_the_output_is_shown(tmp_path: Path) -> None:
    given = explained.evidence(tmp_path)
    rows = given.attributions()
    rows.loc[rows["side"] == "to", "residual"] = 0.125
    rows.to_parquet(tmp_path / "evidence" / "attributions" / "part-0.parquet")
    made = summarize(given)
    assert made.attributions.pairs[0].residual.gap == 0.125
    assert made.attributions.pairs[0].total.counterfactual == pytest.approx(-0.4828 + 0.125)
    words = squeezed("what values and base leave of the output 0.000 +0.125 +0.125")
    assert words in text_of(render_html(made), HEADING)

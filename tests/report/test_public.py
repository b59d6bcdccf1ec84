"""A public edition hides small groups and texts; what it hides stands nowhere in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import auditor
from auditor.evidence.reader import Evidence
from auditor.report.csv_tables import render_csv
from auditor.report.edition import Choice, Edition
from auditor.report.html import render_html
from auditor.report.markdown import render_markdown
from auditor.report.parts import Summary
from auditor.report.people.page import render_ll144
from auditor.report.public import public_version
from auditor.report.render import render_json
from auditor.report.summarize import summarize
from tests.fakes import LABELS, Biased
from tests.report import employment, factory
from tests.report.employment import LL144, UGESP, Cells
from tests.report.test_report import Page, wrong

CELLS: Cells = {
    ("f", "w"): (131, 300), ("m", "w"): (180, 400), ("f", "b"): (61, 150), ("m", "b"): (78, 170),
    ("x", "w"): (3, 7), ("m", ""): (20, 41), ("m", "o"): (9, 20), ("f", "o"): (2, 9),
}  # fmt: skip
"""Seven people of sex x, nine women of race o; the numbers are told apart from others."""
HIDDEN = {"x": 3 / 7, "f+o": 2 / 9, "x+w": 3 / 7}


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return employment.audited(tmp_path_factory.mktemp("people"), CELLS)


def renderings(summary: Summary) -> list[str]:
    """Every form that has numbers, without the pictures, which are drawn from `figures`."""
    page = re.sub(r'src="data:[^"]*"|url\(data:[^)]*\)', "", render_html(summary))
    return [render_json(summary), page, render_markdown(summary), *render_csv(summary).values()]


def numbers(value: Any) -> list[float]:
    """Every number of a record."""
    if isinstance(value, dict | list):
        return [n for each in _inside(value) for n in numbers(each)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value


def test_rates_of_too_few_people_stand_nowhere(evidence: Evidence) -> None:
    """In the record as numbers, in every rendering as words; both are there in internal ones."""
    internal, public = (
        employment.summary(evidence, UGESP, public=public) for public in (False, True)
    )
    for rate in HIDDEN.values():
        assert any(abs(n - rate) < 1e-9 for n in numbers(employment.record(internal)))
        assert not any(abs(n - rate) < 1e-9 for n in numbers(employment.record(public)))
        shown = re.compile(rf"(?<![-+\d]){rate:.3f}(?!\d{{4}})")
        assert any(shown.search(each) for each in renderings(internal))
        assert not any(shown.search(each) for each in renderings(public))


def test_every_row_of_a_hidden_group_is_without_numbers(evidence: Evidence) -> None:
    found = employment.record(employment.summary(evidence, UGESP, public=True))
    hidden = {("sex", "x"), ("sex*race", "x+w"), ("sex*race", "f+o")}
    rows = [g for g in found["groups"] if (g["column"], g["group"]) in hidden]
    assert len(rows) > 10
    assert {g["estimate"]["value"] for g in rows} == {None}
    assert {g["estimate"]["n"] for g in rows} == {0}
    assert {g["estimate"]["reason"] for g in rows} == {
        "fewer than 10 people, hidden in this public edition"
    }
    for name in ("comparisons", "data", "measured", "people", "figures"):
        rows = [row for row in dictionaries(found[name]) if _of(row) in hidden]
        assert not any(numbers({k: v for k, v in row.items() if k != "small"}) for row in rows)


def dictionaries(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for each in value for found in dictionaries(each)]
    if isinstance(value, dict):
        return [value, *(found for each in value.values() for found in dictionaries(each))]
    return []


def _of(row: dict[str, Any]) -> tuple[str, str]:
    if "first" in row:
        return "sex*race", f"{row['first']}+{row['second']}"
    return str(row.get("column")), str(row.get("group"))


def test_what_is_left_is_as_in_the_internal_edition(evidence: Evidence) -> None:
    """Only what rests on few people goes: the others' rates, ratios and verdicts stay."""
    internal, public = (
        employment.summary(evidence, UGESP, public=public) for public in (False, True)
    )
    kept = {(g.column, g.group, g.metric): g.estimate for g in public.groups}
    rate = [g for g in internal.groups if (g.column, g.metric) == ("sex", "selection_rate")]
    for g in rate:
        assert (kept[g.column, g.group, g.metric] == g.estimate) is (g.group != "x")
    assert public.verdict is internal.verdict
    assert [f.verdict for f in public.judged] == [f.verdict for f in internal.judged]
    assert public.edition.kind == "public"


def test_hidden_groups_are_named_with_fewer_than(evidence: Evidence) -> None:
    public = employment.summary(evidence, public=True)
    note = public.data_notes[-1]
    assert note.startswith("Hidden, with fewer than 10 people: sex: x; sex and race: ")
    text = " ".join("".join(Page(render_html(public)).text).split())
    assert "fewer than 10 people, hidden in this public edition" in text
    assert "for publication" in text


def test_notes_that_count_a_small_group_are_left_out(evidence: Evidence) -> None:
    assert any("x (7)" in note for note in evidence.results.data_notes)
    for each in renderings(employment.summary(evidence, public=True)):
        assert "x (7)" not in each


def test_a_public_page_is_its_record(evidence: Evidence) -> None:
    public = employment.summary(evidence, UGESP, LL144, public=True)
    assert wrong(render_html(public), employment.record(public)) == []


def test_the_tables_of_local_law_144_keep_every_category(evidence: Evidence) -> None:
    """The law asks for the number and rate of each; nothing else in that edition has them."""
    internal, public = (
        employment.summary(evidence, LL144, public=public) for public in (False, True)
    )
    assert public.people.ll144 is not None
    assert internal.people.ll144 is not None
    assert public.people.ll144.tables == internal.people.ll144.tables
    assert "42.9 %" in render_ll144(public)
    rest = {k: v for k, v in employment.record(public).items() if k != "people"}
    assert not any(abs(n - 3 / 7) < 1e-9 for n in numbers(rest))


@pytest.mark.parametrize("least", [0, 45, 200, 10_000])
def test_any_smallest_cell_makes_a_whole_report(tmp_path: Path, least: int) -> None:
    """Also where it hides groups that were judged, the reference, or everyone."""
    evidence = employment.audited(tmp_path, CELLS, report={"min_cell": least})
    public = employment.summary(evidence, UGESP, public=True)
    assert wrong(render_html(public), employment.record(public)) == []
    rates = [g for g in public.groups if g.metric == "selection_rate"]
    assert all(g.estimate.value is None or g.estimate.n >= least for g in rates)
    assert render_markdown(public)


def test_a_reference_that_is_hidden_takes_its_ratios_along(tmp_path: Path) -> None:
    """Else a ratio and the other group's own rate would tell it."""
    cells: Cells = {("a",): (28, 40), ("b",): (130, 300), ("c",): (120, 290)}
    evidence = employment.audited(tmp_path, cells, ("race",), report={"min_cell": 50})
    public = employment.summary(evidence, UGESP, public=True)
    assert {c.reference for c in evidence.results.comparisons} == {"a"}
    assert not public.comparisons
    told = numbers(employment.record(public))
    for leak in (0.7, 130 / 300 / 0.7, 120 / 290 / 0.7):
        assert not any(abs(n - leak) < 1e-9 for n in told)


def test_scores_and_labels_of_few_people_are_hidden_as_well(tmp_path: Path) -> None:
    """Bins of a curve and counts of errors are of fewer people than their group."""
    rows = [
        {"sex": sex, "got": i % 3 == 0, "earned": i % 4 == 0, "p": round((i % 19) / 19, 3)}
        for sex, n in (("f", 120), ("m", 140), ("x", 6))
        for i in range(n)
    ]
    table = tmp_path / "t.csv"
    pd.DataFrame(rows).astype({"got": int, "earned": int}).to_csv(table, index=False)
    run = auditor.audit(
        predictions=str(table), outcome="got", label="earned", score="p", favourable="1",
        protected=["sex"], out=tmp_path / "run",
    )  # fmt: skip
    public = summarize(run.evidence, employment.edition(public=True))
    for figure in public.figures:
        assert all(row["n"] is None or row["n"] >= 10 for row in figure.rows)
    assert public.measured.confusion
    assert {row.group for row in public.measured.confusion} == {"f", "m"}
    assert "x" not in {row.group for row in public.measured.error_ratios}
    assert wrong(render_html(public), employment.record(public)) == []


def texts_of(summary: Summary) -> list[str]:
    """What an edition quotes: texts of gaps, and tokens of explained pairs."""
    gaps = ["".join(run[0] for run in gap.text) for gap in summary.largest_gaps]
    return [*gaps, *(unit.text for pair in summary.attributions.pairs for unit in pair.units)]


@pytest.mark.parametrize("how", ["public", "redact"])
def test_no_text_of_a_pair_is_quoted_and_its_id_stays(tmp_path: Path, how: str) -> None:
    pair = {"text": "The secret man left.", "counterfactual": "The secret woman left."}
    spans = {"spans_from": [{"start": 11, "end": 14}], "spans_to": [{"start": 11, "end": 16}]}
    made = factory.evidence(tmp_path, pairs=[{**pair, **spans}], report={"redact": how == "redact"})
    quoted = summarize(factory.evidence(tmp_path / "open", pairs=[{**pair, **spans}]))
    assert "secret" in texts_of(quoted)[0]
    found = employment.summary(made, public=how == "public")
    assert texts_of(found) == [""]
    assert found.largest_gaps[0].pair_id == quoted.largest_gaps[0].pair_id
    assert found.largest_gaps[0].effect == quoted.largest_gaps[0].effect
    assert not any("secret" in each for each in renderings(found))
    assert found.largest_gaps[0].pair_id in render_html(found)
    assert (found.edition.kind == "public") is (how == "public")


def test_an_internal_edition_without_redaction_is_left_as_it_is(evidence: Evidence) -> None:
    internal = employment.summary(evidence)
    assert public_version(internal) == internal


def test_hiding_twice_hides_no_more(evidence: Evidence) -> None:
    public = employment.summary(evidence, UGESP, public=True)
    assert public_version(public) == public


def test_explained_pairs_keep_their_sums_and_lose_their_tokens(tmp_path: Path) -> None:
    texts = pd.DataFrame({"t": [f"The hidden man waited at place{i}." for i in range(30)]})
    run = auditor.audit(
        Biased("woman", noise=0.1), texts, text="t", attributes=["gender"], labels=LABELS,
        favourable="positive", out=tmp_path / "run", explain_flagged=2, explain_sample=2,
        explain_placebo=0,
    )  # fmt: skip
    full, public = (
        summarize(run.evidence, Edition.working_copy(Choice(public=public)))
        for public in (False, True)
    )
    assert full.attributions.pairs
    for before, after in zip(full.attributions.pairs, public.attributions.pairs, strict=True):
        listed = sum(before.units[i].value.gap for i in before.most)
        assert (after.units, after.most) == ([], [])
        assert after.on_others.gap == pytest.approx(before.on_others.gap + listed)
        assert (after.pair_id, after.total) == (before.pair_id, before.total)
    html = render_html(public)
    assert "hidden" in "".join(texts_of(full))
    assert "man waited" not in html
    assert "left out of this edition" in html
    assert wrong(html, json.loads(render_json(public))) == []

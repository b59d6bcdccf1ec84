"""A figure shows the numbers of the evidence, says them in words, and never breaks on its data."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.rows import UNKNOWN
from auditor.report import charts
from auditor.report.figures import words as fixed
from auditor.report.figures.collect import Measured, measured
from auditor.report.figures.draw import DRAWINGS, draw
from auditor.report.figures.layout import TABLES, grid_of
from auditor.report.figures.look import SERIES, label
from auditor.report.figures.parts import FigureRow
from auditor.report.html import render_html
from auditor.report.parts import Summary
from auditor.report.render import render_json
from auditor.report.summarize import summarize
from tests.report import factory, figures
from tests.report.test_report import Page, at, says

OURS = ("/figures/", "/measured/", "/groups/", "/comparisons/")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return figures.people(tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="module")
def swapped(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return figures.swaps(tmp_path_factory.mktemp("swaps"))


@pytest.fixture(scope="module")
def of_people(people: Evidence) -> Measured:
    return measured(people)


@pytest.fixture(scope="module")
def of_swaps(swapped: Evidence) -> Measured:
    return measured(swapped)


@pytest.fixture(scope="module")
def summary(people: Evidence) -> Summary:
    return summarize(people)


@pytest.fixture(scope="module")
def html(summary: Summary) -> str:
    return render_html(summary)


def the(found: Measured, name: str) -> FigureRow:
    return next(figure for figure in found.figures if figure.name == name)


def metric(evidence: Evidence, column: str, group: str, name: str) -> Any:
    """The estimate of a group's measure."""
    return next(
        g.estimate
        for g in evidence.group_metrics
        if (g.column, g.group, g.metric) == (column, group, name)
    )


def off(html: str, record: Any) -> set[str]:
    """The pointers into figures and their tables at which page and record differ."""
    own = [(ref, shown) for ref, shown in Page(html).refs if ref.startswith(OURS)]
    return {ref for ref, shown in own if not says(shown, at(record, ref))}


def svg(figure: FigureRow) -> str:
    """The picture as its source."""
    source = charts.svg_data_uri(draw(figure))
    return base64.b64decode(source.partition(",")[2]).decode()


def test_ratios_are_those_of_the_comparisons(people: Evidence, of_people: Measured) -> None:
    plain = [(c, c.impact_ratio) for c in people.results.comparisons if c.column in {"sex", "race"}]
    shown = [
        (r["column"], r["group"], r["reference"], r["n"], r["ratio"], r["low"], r["high"])
        for r in the(of_people, "ratios").rows
    ]
    assert shown == [
        (c.column, c.group, c.reference, c.n, ratio.value, ratio.low, ratio.high)
        for c, ratio in plain
    ]


def test_a_line_is_drawn_only_where_a_rule_of_thumb_was_asked(tmp_path: Path) -> None:
    table = pd.DataFrame({"sex": ["f", "m"] * 60, "hired": [0, 1, 1, 1] * 30})
    asked, unasked = (
        the(measured(figures.outcomes(tmp_path / name, table, rules_of_thumb=rules)), "ratios")
        for name, rules in (("a", ["four_fifths"]), ("b", []))
    )
    assert asked.marks == {"four fifths": 0.8}
    assert "Below four fifths of the highest rate: 1." in asked.statement
    assert unasked.marks == {}
    assert "four fifths" not in unasked.statement + svg(unasked)
    assert "four fifths" in svg(asked)


def test_rates_are_those_of_the_groups(people: Evidence, of_people: Measured) -> None:
    rows = the(of_people, "rates").rows
    assert {(r["column"], r["group"]) for r in rows} >= {("sex", "f"), ("sex", UNKNOWN)}
    for row in rows:
        own = metric(people, row["column"], row["group"], "selection_rate")
        assert (row["rate"], row["low"], row["high"], row["n"]) == (
            own.value, own.low, own.high, own.n,
        )  # fmt: skip


def test_every_intersection_has_its_cell(people: Evidence, of_people: Measured) -> None:
    rows = the(of_people, "intersections of sex and race").rows
    assert len(rows) == 2 * len(figures.STRANGE)
    for row in rows:
        own = metric(people, "sex*race", f"{row['first']}+{row['second']}", "selection_rate")
        assert (row["rate"], row["n"]) == (own.value, own.n)
        assert row["small"] == (own.n < people.plan.metrics.min_rows)
    assert any(row["small"] for row in rows)


def test_an_empty_intersection_is_shown_as_empty(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"sex": ["f", "m"] * 60, "race": ["x", "x", "x", "y"] * 30, "hired": [0, 1, 1, 1] * 30}
    )
    figure = the(measured(figures.outcomes(tmp_path, table)), "intersections of sex and race")
    assert [row for row in figure.rows if (row["first"], row["second"]) == ("f", "y")] == [
        {"first": "f", "second": "y", "n": 0, "rate": None, "small": True}
    ]
    assert "1 without any" in figure.statement
    assert "no row" in svg(figure)


def test_the_curve_meets_the_ratio_at_the_cutoff_in_use(
    people: Evidence, of_people: Measured
) -> None:
    """All rows were decided by the score at .5, so the curve there is the audit's own ratio."""
    figure = the(of_people, "cutoffs of sex")
    assert figure.marks["cut-off in use"] == pytest.approx(0.5, abs=0.01)
    at = {r["group"]: r for r in figure.rows if r["cutoff"] == 0.5}
    compared = [c for c in people.results.comparisons if c.column == "sex"]
    assert [(at[c.group]["ratio"], at[c.group]["low"], at[c.group]["high"]) for c in compared] == [
        (c.impact_ratio.value, c.impact_ratio.low, c.impact_ratio.high) for c in compared
    ]


def test_decisions_that_no_cutoff_makes_have_no_line(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"sex": ["f", "m"] * 60, "hired": [0, 1, 1, 1] * 30, "score": [0.9, 0.2, 0.4, 0.6] * 30}
    )
    figure = the(measured(figures.outcomes(tmp_path, table, score="score")), "cutoffs of sex")
    assert figure.marks == {}
    assert "do not follow a cut-off" in figure.statement


def test_the_operating_point_is_what_was_decided(people: Evidence, of_people: Measured) -> None:
    points = [r for r in the(of_people, "roc of sex").rows if r["in_use"]]
    assert {r["group"] for r in points} == {"f", "m"}
    for row in points:
        for name in ("true_positive_rate", "false_positive_rate"):
            assert row[name] == pytest.approx(metric(people, "sex", row["group"], name).value)


def test_reliability_rows_make_the_calibration_error(people: Evidence, of_people: Measured) -> None:
    rows = pd.DataFrame(the(of_people, "reliability of sex").rows)
    for group, own in rows.groupby("group"):
        error = float(np.average((own["mean_score"] - own["rate"]).abs(), weights=own["n"]))
        known = metric(people, "sex", str(group), "expected_calibration_error").value
        assert error == pytest.approx(known)


def test_confusion_and_ratios_of_vector_d(tmp_path: Path) -> None:
    """facts.md 8.4 D: A TP40 FP10 FN10 TN40, B TP24 FP6 FN16 TN54."""
    counts = [
        ("A", "yes", 1, 40), ("A", "no", 1, 10), ("A", "yes", 0, 10), ("A", "no", 0, 40),
        ("B", "yes", 1, 24), ("B", "no", 1, 6), ("B", "yes", 0, 16), ("B", "no", 0, 54),
    ]  # fmt: skip
    table = pd.DataFrame(counts, columns=["sex", "good", "hired", "count"])
    given = figures.outcomes(
        tmp_path, table, label="good", favourable="yes", weight="count", references={"sex": "A"}
    )
    tables = measured(given).tables
    assert [
        (r.group, r.true_positives, r.false_negatives, r.false_positives, r.true_negatives)
        for r in tables.confusion
    ] == [("A", 40, 10, 10, 40), ("B", 24, 16, 6, 54)]
    assert {r.metric: r.estimate.value for r in tables.error_ratios} == {
        "false_negative_rate": pytest.approx(2.0),
        "false_positive_rate": pytest.approx(0.5),
        "false_omission_rate": pytest.approx(1.142857, abs=1e-6),
    }
    assert all(r.estimate.low is not None for r in tables.error_ratios)


def test_weights_that_are_no_counts_have_no_confusion(tmp_path: Path) -> None:
    table = pd.DataFrame({"sex": ["f", "m"] * 60, "hired": [0, 1, 1, 1] * 30, "w": [0.7, 1.9] * 60})
    given = figures.outcomes(
        tmp_path, table.assign(good="yes"), weight="w", weight_kind="sampling", label="good",
        favourable="yes",
    )  # fmt: skip
    tables = measured(given).tables
    assert tables.confusion == []
    assert tables.no_confusion == "the weights are no counts of people"


def test_sensitivity_holds_the_audits_own_ratio(people: Evidence, of_people: Measured) -> None:
    rows = of_people.tables.sensitivity
    for row in rows:
        own = metric(people, row.column, row.group, "impact_ratio").value
        if row.group != row.highest:
            assert row.against_highest.value == pytest.approx(own)
        else:
            assert row.against_highest.value is None
    assert any(row.small for row in rows)
    (lower,) = (row for row in rows if row.column == "sex" and row.group != row.highest)
    assert lower.bounds == metric(people, "sex", lower.group, "impact_ratio_bounds")


def test_effects_are_quantiles_of_the_pairs(swapped: Evidence, of_swaps: Measured) -> None:
    (row,) = (r for r in the(of_swaps, "effects").rows if r["attribute"] == "gender")
    judged = swapped.model_ids[0]
    pairs = swapped.pairs(
        "attribute = 'gender' AND arm = 'swap' AND validity = 'valid' AND model_id = ?", [judged]
    )
    effects = pairs["effect"]
    assert row["n"] == len(effects)
    for name, share in (("p05", 0.05), ("median", 0.5), ("p95", 0.95)):
        assert row[name] == pytest.approx(float(np.quantile(effects, share)))
    placebo = swapped.pairs("arm = 'placebo' AND validity = 'valid' AND model_id = ?", [judged])
    noise = float(np.quantile(placebo["effect"].abs(), 0.9))
    assert row["noise"] == pytest.approx(noise)
    assert row["noise_n"] == len(placebo)


def test_a_pair_counts_once_whichever_text_was_the_source(tmp_path: Path) -> None:
    """As findings count: per cluster; in another cluster it counts again."""
    turned = {
        "pair_id": "p2", "group_from": "female", "group_to": "male",
        "text": "The woman left.", "counterfactual": "The man left.",
    }  # fmt: skip
    again = {**turned, "pair_id": "p3", "cluster": "elsewhere"}
    given = factory.evidence(tmp_path, pairs=[{}, turned, again])
    (row,) = the(measured(given), "effects").rows
    assert row["n"] == 2


def test_the_noise_band_is_of_sizes_whatever_their_sign(tmp_path: Path) -> None:
    """Which of two placebo words stands first says nothing."""
    placebo = {"arm": "placebo", "attribute": "placebo", "group_a": "first", "group_b": "second"}
    noise = [
        {**placebo, "pair_id": f"p{i}", "cluster": f"c{i}", "effect": effect}
        for i, effect in enumerate((-0.3, -0.2, 0.1))
    ]
    (row,) = the(measured(factory.evidence(tmp_path, pairs=[{}, *noise])), "effects").rows
    assert row["noise"] == pytest.approx(np.quantile([0.1, 0.2, 0.3], 0.9))
    assert row["noise_n"] == 3


def test_sizes_are_those_of_the_findings(swapped: Evidence, of_swaps: Measured) -> None:
    (row,) = (r for r in of_swaps.tables.gap_sizes if r.attribute == "gender")
    found = {
        f.metric: f.estimate
        for f in swapped.findings
        if f.contrast.attribute == "gender" and f.arm == "swap"
    }
    assert row.mean_absolute == found["mean_absolute_effect"]
    assert row.mean == found["mean_effect"]
    assert row.flips == found["flip_rate"]
    (noise,) = (e for e in swapped.results.systematic if e.contrast.attribute == "gender")
    assert (row.gap, row.noise) == (noise.across, noise.within)
    assert noise.within.value
    assert row.ratio == pytest.approx((noise.across.value or 0.0) / noise.within.value)


def test_swap_lists_say_source_size_and_tokens(of_swaps: Measured) -> None:
    (row,) = (r for r in of_swaps.tables.swap_lists if r.attribute == "gender")
    assert row.sources[0].startswith("written for this project")
    assert row.terms_a == row.terms_b > 1
    assert row.pieces_a is None, "a function has no tokenizer"
    assert row.unequal is None


def test_a_list_that_changed_since_has_no_source(swapped: Evidence) -> None:
    given = Evidence.open(swapped.folder)
    given.record["inputs"] = {**given.record["inputs"], "lexicon gender": "0" * 64}
    (row,) = (r for r in measured(given).tables.swap_lists if r.attribute == "gender")
    assert row.sources == ["a list given with the plan"]


def test_templates_have_the_mean_of_their_pairs(swapped: Evidence, of_swaps: Measured) -> None:
    row = the(of_swaps, "templates of gender").rows[0]
    pairs = swapped.pairs(
        "attribute = 'gender' AND arm = 'swap' AND template_id = ? AND "
        "lower(CASE WHEN group_from = group_a THEN term_to ELSE term_from END) = ?",
        [row["template"], row["term"]],
    ).drop_duplicates("effect")
    assert row["effect"] == pytest.approx(float(pairs["effect"].mean()))


def test_the_order_of_threads_does_not_change_a_figure(swapped: Evidence) -> None:
    first, second = (measured(swapped) for _ in "ab")
    assert first == second


def test_every_figure_says_what_it_shows_and_has_its_table(
    summary: Summary, html: str, of_swaps: Measured
) -> None:
    """The alternative text is the record's sentence, and every number that is drawn stands in the
    table under it."""
    images = {a["alt"] for tag, a in Page(html).tags if tag == "img"}
    refs = {ref for ref, _ in Page(html).refs}
    assert len(summary.figures) >= 7
    for place, figure in enumerate(summary.figures):
        assert figure.statement in images
        assert re.search(r"\d", figure.statement)
        shown = [column.key for column in TABLES[figure.kind].columns]
        for line, row in enumerate(figure.rows):
            for key in shown:
                assert row[key] is None or f"/figures/{place}/rows/{line}/{key}" in refs
    assert {figure.kind for figure in [*summary.figures, *of_swaps.figures]} == set(DRAWINGS)


def test_a_planted_wrong_number_of_a_figure_is_noticed(summary: Summary, html: str) -> None:
    record = json.loads(render_json(summary))
    assert off(html, record) == set()
    for figure in record["figures"]:
        key = TABLES[figure["kind"]].columns[-1].key
        place = next(i for i, row in enumerate(figure["rows"]) if row[key] is not None)
        before, figure["rows"][place][key] = figure["rows"][place][key], 7e6
        assert off(html, record), figure["name"]
        figure["rows"][place][key] = before


def test_a_table_holds_every_row_once(of_people: Measured, of_swaps: Measured) -> None:
    for figure in [*of_people.figures, *of_swaps.figures]:
        places = [at for line in grid_of(figure).lines for at in line.cells if at is not None]
        assert sorted(places) == list(range(len(figure.rows))), figure.name


def test_every_cell_stands_under_its_head_and_in_its_line(
    of_people: Measured, of_swaps: Measured
) -> None:
    for figure in [*of_people.figures, *of_swaps.figures]:
        grid = grid_of(figure)
        for line in grid.lines:
            for head, place in zip(grid.across, line.cells, strict=True):
                keys = [*grid.layout.lines] if place is not None else []
                for key in keys:
                    assert figure.rows[place or 0][key] == figure.rows[line.first][key]
                side = grid.layout.across
                if place is not None and head is not None and side:
                    assert figure.rows[place][side] == figure.rows[head][side]


def test_a_mark_stands_at_its_number_beside_its_name(of_people: Measured) -> None:
    rates = the(of_people, "rates")
    spec = draw(rates).to_dict()
    drawn = [row for data in spec["datasets"].values() for row in data if "at" in row]
    axis = re.search(r"labelExpr': '(\{.*?\})\[datum", str(spec))
    assert axis is not None
    names = json.loads(axis[1].replace("\\\\", "\\").replace("\\'", "'"))
    assert len(drawn) == len(rates.rows)
    for row in drawn:
        own = rates.rows[row["key"]]
        assert (row["at"], row["from"], row["to"]) == (own["rate"], own["low"], own["high"])
        if own["column"] == "sex":
            assert names[str(row["key"])] == [f"sex: {own['group']}"]


def test_a_grid_is_never_wider_than_its_shorter_side(of_people: Measured) -> None:
    grid = grid_of(the(of_people, "intersections of sex and race"))
    assert len(grid.across) == 2 < len(grid.lines)


def test_strange_names_are_text_in_chart_and_table(html: str, of_people: Measured) -> None:
    assert "script" not in {tag for tag, _ in Page(html).tags}
    drawn = svg(the(of_people, "rates"))
    assert "<script>" not in drawn
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in drawn
    assert drawn.count("long long") >= 2, "wrapped, and not cut to nothing"


def test_a_number_that_is_not_shown_leaves_its_mark_out(
    of_people: Measured, of_swaps: Measured
) -> None:
    """As a public edition hides small cells; also where it hides all of them."""
    kinds = {figure.kind: figure for figure in [*of_people.figures, *of_swaps.figures]}
    for figure in kinds.values():
        for hidden in (figure.rows[:1], figure.rows):
            rows = [
                {k: None if isinstance(v, float) or k == "n" else v for k, v in row.items()}
                if row in hidden
                else row
                for row in figure.rows
            ]
            assert "<svg" in svg(figure.model_copy(update={"rows": rows})), figure.name


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("one group", {"sex": ["f"] * 40, "hired": [0, 1] * 20}),
        ("none of one selected", {"sex": ["f", "m"] * 40, "hired": [0, 1] * 40}),
        ("all selected", {"sex": ["f", "m"] * 40, "hired": [1] * 80}),
        ("none selected", {"sex": ["f", "m"] * 40, "hired": [0] * 80}),
        ("all unknown", {"sex": [""] * 40, "hired": [0, 1] * 20}),
        ("one row", {"sex": ["f"], "hired": [1]}),
    ],
)
def test_impossible_cases_draw_what_there_is(
    tmp_path: Path, name: str, table: dict[str, list[Any]]
) -> None:
    rows = pd.DataFrame(table)
    rows["score"] = np.linspace(0, 1, len(rows)).round(3)
    rows["good"] = "yes"
    given = figures.outcomes(tmp_path, rows, score="score", label="good", favourable="yes")
    found = measured(given)
    for figure in found.figures:
        assert "NaN" not in svg(figure), figure.name
    json.dumps([figure.model_dump() for figure in found.figures], allow_nan=False)
    assert {figure.kind for figure in found.figures} <= {
        "ratios", "rates", "cutoffs", "reliability",
    }, name  # fmt: skip


def test_there_is_no_figure_of_nothing(swapped: Evidence, people: Evidence) -> None:
    assert {f.section for f in measured(swapped).figures} == {"swaps"}
    assert {f.section for f in measured(people).figures} == {"groups", "errors"}


def test_sections_without_anything_say_not_tested(
    html: str, swapped: Evidence, people: Evidence
) -> None:
    of_texts = render_html(summarize(swapped))
    assert f"not tested</span>: {fixed.NO_GROUPS}." in of_texts
    assert f"not tested</span>: {fixed.NO_LABELS}." in of_texts
    assert f"not tested</span>: {fixed.NO_SWAPS}." in html
    assert f"not tested</span>: {fixed.ONE_CHECKPOINT}." in html


def test_every_section_states_its_limits_and_its_fixed_sentences(
    html: str, swapped: Evidence
) -> None:
    of_texts = "".join(Page(render_html(summarize(swapped))).text)
    text = "".join(Page(html).text)
    for limits in fixed.LIMITS.values():
        for said in (limits.measured, limits.not_shown, limits.would_change):
            assert said in text
            assert said in of_texts
    assert fixed.CAUSAL_SCOPE in of_texts
    assert fixed.MECHANISM in text
    assert fixed.MECHANISM in of_texts


def test_fifty_groups_are_one_chart(tmp_path: Path) -> None:
    groups = [f"group {i}" for i in range(50)]
    table = pd.DataFrame({"race": groups * 40, "hired": ([0, 1, 1] * 667)[:2000]})
    figure = the(measured(figures.outcomes(tmp_path, table)), "rates")
    assert len(figure.rows) == 50
    drawn = svg(figure)
    assert all(f"race: {group}<" in drawn for group in groups)


def test_labels_are_wrapped_cut_and_keep_their_direction() -> None:
    assert label("a short one", 20) == ["a short one"]
    assert label("", 20) == ["(empty)"]
    long = label("x" * 300, 20)
    assert [len(line.strip("\u2068\u2069")) for line in long] == [20, 20, 20]
    assert "…" in long[-1]
    assert label("עברית עברית", 6) == ["\u2068עברית\u2069", "\u2068עברית\u2069"]


def test_no_series_is_told_by_colour_alone() -> None:
    shapes, dashes = zip(*SERIES.values(), strict=True)
    assert len(set(shapes)) == len(SERIES)
    assert len({tuple(dash) for dash in dashes}) == len(SERIES)


def test_records_made_by_hand_have_tables_too(tmp_path: Path) -> None:
    """Without predictions at hand there are no figures of people, and nothing breaks."""
    found = measured(factory.evidence(tmp_path))
    assert [figure.name for figure in found.figures] == ["effects"]


def test_an_end_of_line_within_a_name_is_drawn() -> None:
    """Vega's own language ends a line at U+2028 and U+2029, and would not read on."""
    names = [{"group": f"a{end}b", "n": 1} for end in "\u2028\u2029"]
    chart = alt.layer(alt.Chart(pd.DataFrame(names)).mark_bar().encode(y="group:N", x="n:Q"))
    assert charts.svg_data_uri(chart).startswith("data:image/svg+xml;base64,")

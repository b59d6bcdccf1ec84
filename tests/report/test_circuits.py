"""Circuits in the report: every number has its place, controls stand beside, nothing is hidden."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.records import Basis, Estimate, Verdict
from auditor.report import words_circuits as said
from auditor.report.circuit_charts import STEPS, draw_figure, head_map
from auditor.report.circuit_graph import LOWERS, RAISES, circuit_graph, spot_of
from auditor.report.circuit_statements import statements
from auditor.report.circuits import BESIDE, EDGES
from auditor.report.html import render_html
from auditor.report.parts import Summary
from auditor.report.parts_circuits import FigureName
from auditor.report.render import render_json
from auditor.report.summarize import summarize
from tests.report import circuit_factory, factory
from tests.report.test_report import FORBIDDEN, Page, at, wrong
from tests.report.test_sections import sections, squeezed, text_of, without

HEADING = "Mechanism: circuits, research grade"
FIGURES: tuple[FigureName, ...] = ("graph", "heads", "components", "edges", "ablation", "repair")


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return summarize(circuit_factory.evidence(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def html(summary: Summary) -> str:
    return render_html(summary)


def rows_of(chart: Any) -> list[dict[str, Any]]:
    """Returns every row of data of a chart."""
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


SAID = [
    "No verdict rests on it.",
    "the circuit is judged on other whole templates",
    "gender: <script>alert(1)</script> v reference in org/model~a",
    "3 of 72 heads and 2 of 6 MLPs carry 84 % [78, 90] of the log-odds gap on 40 held-out pairs",
    "in 12 templates; random circuits of that size carry 6 %.",
    "Traced is the log-odds of '<b>positive'.",
    "Effect on held-out pairs: +0.713 [+0.693, +0.733] log-odds. The model has 72 heads",
    "joined by 9,273 edges",
    "Found on 40 pairs in 13 templates and judged on 38 others in 12, of 2,468 valid pairs",
    "In a share of 0.731 of these both versions have as many tokens. 9 of those used",
    "by at most 0.041 of the effect; 3 were left out",
    "Settings: method conductance, steps 16, tolerance 0.05, completeness error 0.01344, "
    "seed 20251, dtype float32, attention sdpa. Random circuits: 200; resamples: 200.",
    "The circuit has 3 of 72 heads and 2 of 6 MLPs, joined by 9 edges.",
    "a3.h7 +0.412 [+0.392, +0.432] +0.371 [+0.351, +0.391] +0.330 [+0.310, +0.350]0.012"
    "0.912+0.206 [+0.186, +0.226]",
    "Outside the circuit",
    "not patched not patched not tested 0.031–",
    "p: sign flips over templates, adjusted for all components together",
    "embed a3.h7.v yes +0.390 [+0.370, +0.410] +0.351 [+0.331, +0.371]0.0210.871",
    "embed m3 no +0.019 [-0.001, +0.039]",
    "The 5 components that carry most: together they carry 0.870 [0.850, 0.890]; "
    "random circuits carry 0.058",
    "From 5 components on, four fifths of the effect are reached and kept.",
    "5 0.064 0.870 [0.850, 0.890]0.058 [-0.092, 0.208]0.120 [0.100, 0.140]",
    "The 8 edges that carry most: together they carry 0.930",
    "Area under faithfulness, log size: 0.623",
    "Share of the effect that the circuit carries alone 0.842 [0.822, 0.862]",
    "none where the circuit is complete 0.128",
    "200 of them 0.061 [-0.112, 0.221]",
    "Random circuits that carry as much: p 0.005",
    "random weights, searched in the same way 0.413 [0.393, 0.433]",
    "200 resamples of templates 0.713",
    "Faithfulness on templates of housing & <care> alone 0.801 [0.781, 0.821]",
    "Faithfulness on templates of work alone 2 <templates> only",
    "Attention is context, not evidence",
    "Correlation: +0.121 [+0.101, +0.141].",
    "a3.h8 0.140 +0.187",
    "block 5 +0.710 [+0.690, +0.730]",
    "The mean of both versions leaves 21 % of the effect, less than all random sets.",
    "before any repair: 0.942 [0.922, 0.962]",
    "A. Mean of both versions recommended at a3.h7, m4, a3.h8, a5.h0, m5 no other is better in "
    "both 1 0.211 [0.191, 0.231] 0.871 [0.663, 1.031] 0.048 0.901",
    "E. Baseline: the protected term masked 1 0.000",
    "race: black v white 0.971",
    "Edges were scored on 8 pairs of <long> texts.",
    "it has pairs in 5 <templates>, and 16 are asked for.",
]


@pytest.mark.parametrize("words", SAID)
def test_the_section_says(html: str, words: str) -> None:
    assert squeezed(words) in text_of(html, HEADING)


def test_the_sentence_stands_in_bold(summary: Summary, html: str) -> None:
    sentence = summary.circuits.traced[0].record.sentence
    assert re.search(rf"<strong><span[^>]*>{re.escape(sentence)}", sections(html)[HEADING])


def test_the_page_is_the_record(summary: Summary, html: str) -> None:
    """Also where a number is planted wrong."""
    record = json.loads(render_json(summary))
    assert wrong(html, record) == []
    for pointer in (
        "total_effect/value", "pairs/worst_alignment", "settings/seed", "nodes/1/exact/low",
        "nodes/1/inclusion", "minimality/0/1/value", "edges/0/score/high", "curve/2/random/low",
        "curve/2/ablation/value", "areas/1/1", "completeness/value", "random/low", "random/p",
        "reinitialised/jaccard", "stability/found_again", "across/0/faithfulness/value",
        "attention/heads/43/1", "lens/3/gap/value", "repair/options/0/remaining_gap/value",
        "repair/options/1/p", "repair/options/2/other_gaps/0/1", "repair/quality_before/high",
    ):  # fmt: skip
        parent, _, key = f"/circuits/traced/0/record/{pointer}".rpartition("/")
        holder = at(record, parent)
        place = int(key) if isinstance(holder, list) else key
        before, holder[place] = holder[place], holder[place] + 1
        assert f"{parent}/{key}" in {ref for ref, _ in wrong(html, record)}, pointer
        holder[place] = before


def test_the_record_reads_back_to_the_same_summary(summary: Summary) -> None:
    assert Summary.model_validate_json(render_json(summary)) == summary


def test_no_number_of_the_section_stands_without_a_pointer(html: str) -> None:
    section = sections(html)[HEADING]
    assert re.findall(r".{0,20}\d.{0,20}", "".join(Page(section).loose)) == []


def test_the_section_promises_nothing(html: str) -> None:
    text = "".join(Page(sections(html)[HEADING]).text).lower()
    assert FORBIDDEN.findall(text) == []


def test_every_table_and_figure_of_a_circuit_is_printed_with_its_settings(html: str) -> None:
    tables = re.findall(r"<caption>.*?</caption>", sections(html)[HEADING], re.S)
    assert len(tables) == 8
    assert all("completeness error" in squeezed_text(caption) for caption in tables)


def squeezed_text(html: str) -> str:
    return "".join(Page(html).text)


def test_every_figure_says_what_it_shows_also_below_it(summary: Summary, html: str) -> None:
    drawn = [a["alt"] for tag, a in Page(sections(html)[HEADING]).tags if tag == "img"]
    figures = {f.name: f.statement for f in summary.circuits.traced[0].figures}
    assert tuple(figures) == FIGURES
    assert sorted(map(str, drawn)) == sorted(figures.values())
    assert all(squeezed(words) in text_of(html, HEADING) for words in figures.values())


def test_members_are_listed_first_and_the_embedding_is_none_of_them(summary: Summary) -> None:
    traced = summary.circuits.traced[0]
    nodes = traced.record.nodes
    assert [nodes[i].name for i in traced.members] == list(circuit_factory.MEMBERS)
    beside = [nodes[i] for i in traced.beside]
    assert len(beside) == BESIDE
    assert not any(node.in_circuit or node.name == "embed" for node in beside)
    least = min(abs(node.score.value or 0.0) for node in beside)
    others = [n for n in nodes if not n.in_circuit and n.name != "embed" and n not in beside]
    assert least >= max(abs(node.score.value or 0.0) for node in others)


def test_the_largest_edges_are_listed(summary: Summary) -> None:
    traced = summary.circuits.traced[0]
    sizes = [abs(traced.record.edges[i].score.value or 0.0) for i in traced.edges]
    assert len(sizes) == EDGES < len(traced.record.edges)
    assert sizes == sorted(sizes, reverse=True)


def test_a_run_that_traced_nothing_says_why(tmp_path: Path) -> None:
    made = summarize(factory.evidence(tmp_path))
    assert squeezed(f"not tested: {said.NOT_MADE}.") in text_of(render_html(made), HEADING)
    kept = json.loads(render_json(made))["circuits"]
    assert kept == {"not_traced": said.NOT_MADE, "traced": [], "untested": []}


@pytest.mark.parametrize(
    ("kind", "trace", "verdict", "reason"),
    [
        ("probabilities", 2, Verdict.DOES_NOT_MEET, said.NO_WEIGHTS["probabilities"]),
        ("single_label", 0, Verdict.DOES_NOT_MEET, said.NOT_ASKED),
        ("single_label", 2, Verdict.MEETS, said.NONE_FAILS),
        ("single_label", 2, Verdict.DOES_NOT_MEET, said.NOT_MADE),
    ],
)
def test_the_reason_why_nothing_was_traced_is_the_one_that_holds(
    tmp_path: Path, kind: str, trace: int, verdict: Verdict, reason: str
) -> None:
    given = factory.evidence(tmp_path, circuits={"trace_findings": trace})
    given.record["models"][0]["kind"] = kind
    judged = [f for f in given.findings if f.verdict and f.basis is Basis.SWAPS]
    findings = tuple(replace(f, verdict=verdict) for f in judged)
    given.results = replace(given.results, findings=findings)
    assert summarize(given).circuits.not_traced == reason


def test_findings_that_the_audit_did_not_come_to_are_named(tmp_path: Path) -> None:
    """The factory has two that do not meet their criterion; only one is traced here."""
    made = summarize(circuit_factory.evidence(tmp_path, circuit_factory.record()))
    assert [(row.contrast, row.reason) for row in made.circuits.untested] == [
        (circuit_factory.UNTESTED, said.NOT_AMONG)
    ]
    assert any(said.NOT_AMONG in line for line in made.not_tested)


def test_what_was_traced_is_not_among_the_untested(summary: Summary) -> None:
    lines = [line for line in summary.not_tested if "(circuits)" in line]
    assert len(lines) == 1
    assert "it has pairs in 5 <templates>" in lines[0]


def test_the_section_leaves_the_rest_of_the_page_alone(summary: Summary) -> None:
    none = summary.circuits.model_copy(update={"not_traced": "nothing", "traced": []})
    unmended = summary.findings_register.model_copy(update={"mitigations": []})
    given = summary.model_copy(update={"findings_register": unmended})
    bare = render_html(given.model_copy(update={"circuits": none}))
    assert without(bare, HEADING) == without(render_html(given), HEADING)


def test_a_circuit_without_members_or_parts_still_has_its_section(tmp_path: Path) -> None:
    whole = circuit_factory.record()
    nodes = tuple(replace(node, in_circuit=False) for node in whole.nodes)
    empty = replace(
        whole, nodes=nodes, edges=(), minimality=(), curve=(), areas=(), lens=(), across=(),
        notes=(), random=None, reinitialised=None, stability=None, attention=None, repair=None,
        k_80=None, embedding_only=None,
    )  # fmt: skip
    made = summarize(circuit_factory.evidence(tmp_path, empty))
    text = text_of(render_html(made), HEADING)
    assert [figure.name for figure in made.circuits.traced[0].figures] == ["graph", "heads"]
    assert squeezed("No component is in the circuit; the largest are") in text
    for words in ("Edges with", "growing size", "Attention is", "Logit lens", "Repair", "Left out"):
        assert squeezed(words) not in text


def test_no_repair_is_recommended_without_a_reason(tmp_path: Path) -> None:
    reason = "No option leaves less than random sets of the same kind."
    none = replace(circuit_factory.repair(), recommended=None, reason=reason)
    given = circuit_factory.record(repair=none, nodes=(), edges=(), curve=())
    made = summarize(circuit_factory.evidence(tmp_path, given))
    html = render_html(made)
    assert squeezed(reason) in text_of(html, HEADING)
    assert "recommended</strong>" not in html
    statement = statements(made.circuits.traced[0].record)["repair"]
    assert "none is recommended" in statement


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_can_be_drawn_without_a_gradient(name: FigureName) -> None:
    spec = json.dumps(draw_figure(circuit_factory.record(), name).to_dict())
    assert '"type": "gradient"' not in spec
    assert re.findall(r'"color": \{"field": "\w+", [^}]*"type": "quantitative"', spec) == []


def test_the_graph_draws_the_circuits_edges_and_those_of_one_head_as_one() -> None:
    made = circuit_factory.record()
    lines = {row["line"] for row in rows_of(circuit_graph(made)) if "line" in row}
    assert len(lines) == len(circuit_factory.EDGES) - 1, "q and v of a3.h8 are one line"


def test_the_graph_tells_members_and_signs_apart() -> None:
    rows = {row["name"]: row for row in rows_of(circuit_graph(circuit_factory.record()))
            if "name" in row}  # fmt: skip
    inside = {name for name, row in rows.items() if row["member"]} - {"embed", "out"}
    assert inside == circuit_factory.MEMBERS.keys()
    assert (rows["a3.h7"]["sign"], rows["a5.h0"]["sign"]) == (RAISES, LOWERS)
    assert (rows["m4"]["x"], rows["m4"]["y"], rows["a3.h7"]["y"]) == (12.5, 4, 3)


def test_a_key_value_head_stands_amid_its_heads() -> None:
    shared = circuit_factory.record(key_value_heads=4 * circuit_factory.LAYERS)
    assert spot_of("a2.h1.k", shared).x == 4, "of heads 3, 4 and 5"
    assert spot_of("a2.h1.q", shared).x == 1
    assert spot_of("a2.h1.v", circuit_factory.record()).x == 1


def test_heads_are_shaded_by_their_share_of_the_largest() -> None:
    cells = {row["name"]: row for row in rows_of(head_map(circuit_factory.record()))}
    assert len(cells) == circuit_factory.LAYERS * circuit_factory.HEADS
    assert cells["a3.h7"]["step"] == STEPS["up-3"][0]
    assert cells["a3.h8"]["step"] == STEPS["up-2"][0]
    assert (cells["a5.h0"]["step"], cells["a5.h0"]["sign"]) == (STEPS["down-2"][0], "−")


def test_the_curves_have_a_logarithmic_axis_and_the_random_band() -> None:
    made = circuit_factory.record()
    spec = draw_figure(made, "components").to_dict()
    assert '"type": "log"' in json.dumps(spec)
    point = next(p for p in made.curve if (p.level, p.size) == ("node", 5))
    assert point.random is not None
    band = [r for r in rows_of(draw_figure(made, "components")) if r.get("size") == 5]
    assert (point.random.low, point.random.high) in {(r["low"], r["high"]) for r in band}
    assert {"x": 5} in rows_of(draw_figure(made, "ablation")), "the circuit's own size"


def test_repairs_stand_with_random_sets_and_the_model_as_it_is() -> None:
    rows = rows_of(draw_figure(circuit_factory.record(), "repair"))
    points = {row["label"]: row for row in rows if "label" in row}
    assert "".join(points) == "ABCDE"
    assert (points[""]["quality"], points[""]["value"]) == (0.9417, 1.0)
    assert (points["A"]["random_low"], points["A"]["random_high"]) == (0.6634, 1.0312)
    assert [label for label, row in points.items() if row["front"]] == ["A", "B", "C"]


def test_what_was_not_measured_says_why(tmp_path: Path) -> None:
    missing = Estimate.missing("the <copy> has no effect", unit="share")
    made = circuit_factory.record(faithfulness=missing, nodes=(), edges=(), curve=(), repair=None)
    text = text_of(render_html(summarize(circuit_factory.evidence(tmp_path, made))), HEADING)
    assert squeezed("that the circuit carries alone the <copy> has no effect") in text

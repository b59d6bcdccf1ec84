"""Attributions in the report: they add up on the page, say what they are not, and hide nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.attributions.aggregates import METRICS
from auditor.attributions.fidelity.measures import MEASURES
from auditor.attributions.methods import METHODS
from auditor.records import Estimate
from auditor.records_attributions import Chosen, ExplainedCount, Explanations, Fidelity
from auditor.report import words_attributions as said
from auditor.report.attribution_tables import WORDS_SHOWN, largest_words
from auditor.report.attributions import ESTIMATES, OF_A_SIDE, WORDS_PER_CONTRAST
from auditor.report.html import render_html
from auditor.report.parts import Summary
from auditor.report.render import render_json
from auditor.report.summarize import summarize
from tests.report import explained, factory
from tests.report.test_report import FORBIDDEN, Page, at, wrong
from tests.report.test_sections import sections, squeezed, text_of, without

HEADING = "Attributions by token"


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return summarize(explained.evidence(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def html(summary: Summary) -> str:
    return render_html(summary)


SAID = [
    "the output of org/model~a, the checkpoint that is judged, was divided among the tokens",
    "Explained is the log-odds of <b>positive. Log-odds are zero where the label is as likely",
    "Method: SHAP, computed as Owen values",
    "with no link function between. Values add up:",
    "masked in at most 500 distinct ways",
    "Flagged pairs are extreme and no sample",
    "4 of the chosen pairs could not be explained",
    "gender25 of 7716 of 1,290–",
    "placebo––10 of 76",
    "How the model comes to its output.",
    "Whether a word ought to count.",
    "no statement of reasons for a decision",
    "GapOn the termsOn other wordsOn the baseShare on other words",
    "gender: <i>women</i> v reference+0.213 [+0.193, +0.233]+0.223 [+0.203, +0.243]",
    "gender: <i>women</i> v reference 0.183 [0.163, 0.203]0.173 [0.153, 0.193]0.203",
    "race names: black v white not measured not measured",
    "placebo pairs––––0.283 [0.263, 0.303]41 in 38",
    "placebo pairs 0.263 [0.243, 0.283]0.273 [0.253, 0.293]41 in 38",
    "zero on the terms in 1, and on other words in 1, of 2 contrasts",
    "(race names: black v white): none of <them> was drawn at random.",
    "Intervals of contrasts whose groups are told by names hold for the names that were tested.",
    "<u>the gender: <i>women</i> v reference +0.028 [+0.008, +0.048]98.75 %4132",
    "No word was tested in race names: black v white: none stood in enough templates.",
    "Raises the second text's output, by a tenth, a quarter, half or more; lowers it, by a tenth",
    "Gap -1.399 log-odds: -1.400 on the term, +0.251 on other words, -0.250 on the base.",
    "no tokenold",
    "SHAP (Owen values) did not beat random order on these texts in Sufficiency.",
    "on 20 texts in 19 templates",
    "0.355 [0.335, 0.375]control 0.422 beats random order",
    "0.355 [0.335, 0.375]control 0.422 too few texts to say",
    "did not beat random order on these texts on 17 texts",
    "Additivity error of SHAP (Owen values): all <templates> equal.",
    "Likeness to random weights of SHAP (Owen values): it has no weights.",
    "SHAP (Owen values)-0.123",
    "Input × gradient leaves out 2 of <20> texts.",
    "Adebayo et al. 2018",
]


@pytest.mark.parametrize("words", SAID)
def test_the_section_says(html: str, words: str) -> None:
    assert squeezed(words) in text_of(html, HEADING)


def test_the_page_is_the_record(summary: Summary, html: str) -> None:
    """Also where a number is planted wrong."""
    record = json.loads(render_json(summary))
    assert wrong(html, record) == []
    for pointer in (
        "/attributions/explained/0/sample_of",
        "/attributions/contrasts/0/gap_on_context/low",
        "/attributions/contrasts/0/placebo_context_share/value",
        "/attributions/contrasts/0/placebo_term_share/high",
        "/attributions/contrasts/0/words/0/change/level",
        "/attributions/on_context",
        "/attributions/pairs/0/units/2/value/gap",
        "/attributions/pairs/0/total/text",
        "/attributions/checks/1/cells/0/control/value",
        "/attributions/agreement/0/estimate/value",
    ):
        parent, _, key = pointer.rpartition("/")
        holder = at(record, parent)
        before, holder[key] = holder[key], holder[key] + 1
        assert pointer in {ref for ref, _ in wrong(html, record)}, pointer
        holder[key] = before


def test_no_number_of_the_section_stands_without_a_pointer(html: str) -> None:
    section = sections(html)[HEADING]
    assert re.findall(r".{0,20}\d.{0,20}", "".join(Page(section).loose)) == []


def test_the_section_promises_nothing(html: str) -> None:
    text = "".join(Page(sections(html)[HEADING]).text).lower()
    assert FORBIDDEN.findall(text) == []


def test_second_opinions_are_never_called_shap(summary: Summary, html: str) -> None:
    assert [m.title for m in summary.attributions.methods] == [
        "SHAP (Owen values)",
        "Attention rollout",
    ]
    assert {name for name, title in said.METHODS.items() if "SHAP" in title} == {"owen"}
    assert "attention_rollout" not in "".join(Page(html).text)


def test_an_old_run_says_that_nothing_was_explained(tmp_path: Path) -> None:
    """It has no attributions.json; every key of the record is there all the same."""
    made = summarize(factory.evidence(tmp_path))
    reason = "the run was made by an auditor that did not explain"
    assert squeezed(f"not tested: {reason}.") in text_of(render_html(made), HEADING)
    assert f"Which words carry a difference (token attributions): {reason}." in made.not_tested
    kept = json.loads(render_json(made))["attributions"]
    assert kept["not_explained"] == reason
    assert kept["contrasts"] == kept["pairs"] == kept["checks"] == []


def test_what_was_explained_is_not_among_the_untested(summary: Summary) -> None:
    lines = [line for line in summary.not_tested if "token attributions" in line]
    assert lines == [
        "Which words carry a difference (token attributions) on the other checkpoint: the one that "
        "is judged is explained."
    ]


def test_the_section_leaves_the_rest_of_the_page_alone(summary: Summary, html: str) -> None:
    nothing = Explanations(not_explained="the plan asks for no explanations")
    bare = summary.model_copy(
        update={
            "attributions": summary.attributions.model_copy(
                update={"not_explained": nothing.not_explained}
            )
        }
    )
    assert without(render_html(bare), HEADING) == without(html, HEADING)


def test_flagged_pairs_alone_leave_the_contrasts_out(tmp_path: Path) -> None:
    made = summarize(explained.evidence(tmp_path, metrics=(), words=(), fidelity=(), notes=()))
    text = text_of(render_html(made), HEADING)
    assert squeezed("Flagged pairs, token by token") in text
    for words in ("How the gap divides", "How far the methods", "Left out, or cut short"):
        assert squeezed(words) not in text


def test_nothing_on_the_base_is_one_line(tmp_path: Path) -> None:
    given = explained.explanations().metrics[:11]
    zero = [
        m if m.metric != "gap_base" else type(m)(m.contrast, m.metric, None, no_change())
        for m in given
    ]
    text = text_of(render_html(summarize(explained.evidence(tmp_path, metrics=zero))), HEADING)
    assert squeezed(said.NO_BASE) in text
    assert squeezed("On the base") not in text


def no_change() -> Estimate:
    return Estimate(7e-17, None, None, 41, 38, "log-odds", "t", reason="all equal")


def test_every_number_of_a_contrast_has_its_place() -> None:
    """A metric that the audit learns is not lost on the way to the report."""
    names = {f"{n}_{side}" for n in OF_A_SIDE for side in "ab"} | (METRICS.keys() - {*OF_A_SIDE})
    assert set(ESTIMATES) == names


def test_every_method_and_every_check_has_words() -> None:
    assert said.METHODS.keys() == METHODS.keys()
    assert said.OUTCOMES.keys() == {name for name, m in MEASURES.items() if m.passes}
    assert said.MEASURES.keys() <= MEASURES.keys()


def test_checks_are_in_the_measures_order_and_say_which_way_is_better(summary: Summary) -> None:
    checks = summary.attributions.checks
    assert [row.measure for row in checks] == [n for n in MEASURES if n in {*CHECKED}]
    assert [row.better for row in checks] == [MEASURES[row.measure].better for row in checks]
    assert [[c is not None for c in row.cells] for row in checks][:2] == [[True, True]] * 2


CHECKED = (
    "additivity_error",
    "deletion_auc",
    "sufficiency",
    "mask_stability",
    "randomised_weights",
)


def test_a_count_without_its_like_is_a_dash_and_no_zero(tmp_path: Path) -> None:
    counts = (ExplainedCount("gender", Chosen.SAMPLE, 0, 12),)
    made = summarize(explained.evidence(tmp_path, counts=counts))
    assert squeezed("gender–0 of 12–") in text_of(render_html(made), HEADING)


def test_a_measure_without_words_is_shown_by_its_id(tmp_path: Path) -> None:
    new = Fidelity("new_method", "new_measure", Estimate.missing("it is new", unit="x"))
    made = summarize(explained.evidence(tmp_path, fidelity=(new,)))
    text = text_of(render_html(made), HEADING)
    assert squeezed("New measure of New method: it is new.") in text


def test_a_control_that_contrasts_share_is_one_row_and_others_say_whose_they_are(
    tmp_path: Path, html: str
) -> None:
    assert sections(html)[HEADING].count('<tr class="control">') == 2, "one in either table"
    own = [
        replace(m, estimate=replace(m.estimate, n=10)) if m.contrast.crossed else m
        for m in explained.explanations().metrics
    ]
    made = summarize(explained.evidence(tmp_path, metrics=tuple(own)))
    text = text_of(render_html(made), HEADING)
    assert squeezed("placebo pairs, for gender –") in text
    assert squeezed("placebo pairs, for race names –––– 0.283 [0.263, 0.303]10 in 38") in text


def test_the_largest_changes_of_words_come_first_and_are_few(tmp_path: Path) -> None:
    given = explained.explanations()
    words = [
        replace(given.words[0], word=f"w{i}", contrast=m.contrast, estimate=m.estimate)
        for i, m in enumerate(given.metrics)
        if m.estimate.value is not None
    ]
    made = summarize(explained.evidence(tmp_path, words=tuple(words))).attributions.contrasts
    assert [len(row.words) for row in made] == [WORDS_PER_CONTRAST] * 2
    places = largest_words(made)
    sizes = [made[row].words[rank].change.value or 0.0 for row, rank in places]
    assert sizes == sorted(sizes, reverse=True)
    assert len(largest_words([*made] * 9)) == WORDS_SHOWN

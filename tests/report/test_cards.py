"""Cards load where they are read, say what the summary says, and show strange names as text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from auditor.plan_report import DeclaredPlan
from auditor.report.cards import render_cards, write_cards
from auditor.report.cards.text import plain
from auditor.report.edition import Choice, Edition
from auditor.report.parts import Summary
from auditor.report.summarize import summarize
from tests.report import factory

PARTS = [
    "1. Model details", "2. Intended use", "3. Factors", "4. Metrics", "5. Evaluation data",
    "6. Training data", "7. Quantitative analyses", "8. Ethical considerations",
    "9. Caveats and recommendations",
]  # fmt: skip
SHEET = [
    "Motivation", "Composition", "Collection process", "Preprocessing, cleaning, labelling", "Uses",
    "Distribution", "Maintenance",
]  # fmt: skip
NASTY = {
    "purpose": 'sorts "mail" | rows\n---\n# heading\n<script>alert(1)</script>',
    "deployer": "over\u202eride עברית",
    "contact": "[click](https://example.org) ![x](https://example.org/x.png) `code` *bold*",
    "system": "Sorter: {a: 1}\n- b",
    "affected": "- a list\n1. of people",
}


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return made(tmp_path_factory.mktemp("plain") / "run", DeclaredPlan())


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    declared = DeclaredPlan.model_validate(NASTY)
    return render_cards(made(tmp_path_factory.mktemp("nasty") / "run", declared))


def made(folder: Path, declared: DeclaredPlan) -> Summary:
    """Returns the summary of an audit with strange groups."""
    edition = Edition(3, "2026-01-02T00:00:00+00:00", None, Choice((), declared))
    return summarize(factory.evidence(folder), edition)


def loaded(path: Path) -> Any:
    """Returns a card as the hub's own library reads it."""
    return ModelCard.load(path)


def block(card: str) -> dict[str, Any]:
    """Returns the metadata of a card, read as any reader of YAML would."""
    reader = pytest.importorskip("yaml")
    values: dict[str, Any] = reader.safe_load(card.split("\n---\n", 1)[0])
    return values


def bill(cards: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(cards["cards/modelcard.cdx.json"])
    return values


def test_the_card_loads_and_its_results_come_back_as_they_went(
    summary: Summary, tmp_path: Path
) -> None:
    paths = write_cards(summary, tmp_path)
    assert [p.relative_to(tmp_path).as_posix() for p in paths] == list(render_cards(summary))
    card = loaded(paths[0])
    again: Any = ModelCard(str(card))
    assert card.data.eval_results
    assert again.data.eval_results == card.data.eval_results
    assert card.data.model_name == summary.models[0].model_id
    assert all(
        r.source_url is r.source_name is r.verify_token is None for r in card.data.eval_results
    )


def test_every_measured_finding_is_a_result_with_groups_interval_and_count(
    summary: Summary, tmp_path: Path
) -> None:
    card = loaded(write_cards(summary, tmp_path)[0])
    found = {
        r.metric_args["finding"]: r for r in card.data.eval_results if "finding" in r.metric_args
    }
    measured = [row for row in summary.judged if row.estimate.value is not None]
    assert len(found) == len(measured) < len(summary.judged)
    for row in measured:
        result, e = found[plain(row.id)], row.estimate
        assert (result.metric_type, result.metric_value) == (row.metric, e.value)
        said = [result.metric_args[name] for name in ("low", "high", "level", "n", "clusters")]
        assert said == [e.low, e.high, e.level, e.n, e.clusters]
        assert result.metric_args["group"] == plain(row.group_b)
        assert result.metric_args["reference"] == plain(row.group_a)
        assert result.metric_args["verdict"] == row.verdict
        assert "[" in result.metric_name


def test_a_number_without_an_interval_is_no_result(summary: Summary, tmp_path: Path) -> None:
    card = loaded(write_cards(summary, tmp_path)[0])
    bare = {g.metric for g in summary.groups if g.estimate.low is None}
    assert {"count", "subgroup_auc"} <= bare
    assert not bare & {r.metric_type for r in card.data.eval_results} - {"impact_ratio"}
    assert all("low" in r.metric_args for r in card.data.eval_results)


def test_the_card_has_the_nine_parts_and_the_sheet_its_seven(summary: Summary) -> None:
    cards = render_cards(summary)
    assert re.findall(r"^## (.*)$", cards["cards/README.md"], re.MULTILINE) == PARTS
    assert re.findall(r"^## (.*)$", cards["cards/datasheet.md"], re.MULTILINE) == SHEET


def test_what_nobody_declared_is_not_provided(summary: Summary) -> None:
    cards = render_cards(summary)
    for line in ("Purpose", "Used by", "Uses that are out of scope", "Contact"):
        assert f"- {line}: **NOT PROVIDED**" in cards["cards/README.md"]
    assert "## 6. Training data\n\n**NOT PROVIDED**" in cards["cards/README.md"]
    considerations = bill(cards)["components"][0]["modelCard"]["considerations"]
    assert considerations["useCases"] == considerations["users"] == ["NOT PROVIDED"]


def test_what_was_declared_is_shown(nasty: dict[str, str]) -> None:
    assert 'sorts "mail"' in nasty["cards/README.md"]
    (use,) = bill(nasty)["components"][0]["modelCard"]["considerations"]["useCases"]
    assert use == NASTY["purpose"]


def test_the_bill_is_valid_cyclonedx(summary: Summary, nasty: dict[str, str]) -> None:
    validation = pytest.importorskip("cyclonedx.validation.json", reason="no cyclonedx-python-lib")
    from cyclonedx.schema import SchemaVersion

    check = validation.JsonStrictValidator(SchemaVersion.V1_6)
    for cards in (render_cards(summary), nasty):
        assert check.validate_str(cards["cards/modelcard.cdx.json"]) is None
    wrong = bill(nasty)
    metric = wrong["components"][0]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"][0]
    metric["value"] = 0.5
    assert check.validate_str(json.dumps(wrong)) is not None


def test_the_bill_has_every_model_with_numbers_as_strings(summary: Summary) -> None:
    document = bill(render_cards(summary))
    assert document["serialNumber"] == f"urn:uuid:{summary.edition.id}"
    assert document["metadata"]["timestamp"] == "2026-01-02T00:00:00+00:00"
    for component, model in zip(document["components"], summary.models, strict=True):
        assert component["name"] == model.model_id
        metrics = component["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
        assert metrics
        for metric in metrics:
            ends = metric["confidenceInterval"]
            numbers = [metric["value"], ends["lowerBound"], ends["upperBound"]]
            assert all(
                isinstance(number, str) and float(number) == float(number) for number in numbers
            )
            assert float(ends["lowerBound"]) <= float(metric["value"]) <= float(ends["upperBound"])
            assert "n = " in metric["slice"]
    first, second = (c["modelCard"]["quantitativeAnalysis"] for c in document["components"])
    assert first["performanceMetrics"][0]["value"] == repr(summary.judged[0].estimate.value)
    other = summary.judged[0].checkpoints[1].estimate.value
    assert second["performanceMetrics"][0]["value"] == repr(other)


def test_each_finding_is_assessed_with_its_verdict(summary: Summary) -> None:
    card = bill(render_cards(summary))["components"][0]["modelCard"]
    assessed = card["considerations"]["fairnessAssessments"]
    assert len(assessed) == len(summary.judged)
    for each, row in zip(assessed, summary.judged, strict=True):
        assert row.verdict is not None
        assert each["harms"].startswith(row.sentence)
        assert f"Verdict: {row.verdict.value}" in each["harms"]
        assert each["benefits"] == each["mitigationStrategy"] == "NOT PROVIDED"


@pytest.mark.parametrize("name", ["cards/README.md", "cards/datasheet.md"])
def test_strange_text_stays_text_in_markdown(nasty: dict[str, str], name: str) -> None:
    page = nasty[name].split("\n---\n", 1)[-1]
    assert "<" not in page
    assert "\u202e" not in page
    assert not re.search(r"(?<!\\)[`\]]\(|(?<!\\)`", page)
    assert not re.search(r"https://", page)
    headings = set(re.findall(r"^#+ (.*)$", page, re.MULTILINE))
    assert "heading" not in headings
    assert not re.search(r"^- b$|^1\. of people", page, re.MULTILINE)


def test_a_row_of_a_table_stays_one_row(nasty: dict[str, str]) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", nasty["cards/README.md"], re.MULTILINE)
    assert len(tables) >= 2
    for table in tables:
        bars = {len(re.findall(r"(?<!\\)\|", row)) for row in table.strip().splitlines()}
        assert len(bars) == 1


def test_strange_names_stay_values_in_yaml(nasty: dict[str, str], tmp_path: Path) -> None:
    """Quotes, colons, braces and dashes add no key and end no block."""
    values = block(nasty["cards/README.md"])
    assert set(values) == {"tags", "model-index"}
    (index,) = values["model-index"]
    assert set(index) == {"name", "results"}
    groups = [m["args"]["group"] for r in index["results"] for m in r["metrics"]]
    assert "<script>alert(1)</script>" in groups
    assert "\"double\" & 'single', =1+1" in groups
    assert not any("\u202e" in group for group in groups)


def test_a_name_is_one_line_of_words_that_are_seen() -> None:
    assert (
        plain("two\n---\n lines\t\u202e\u0007 \u2068עברית\u2069")
        == "two --- lines \u2068עברית\u2069"
    )


def test_the_cards_name_no_address_and_claim_nothing(summary: Summary) -> None:
    cards = render_cards(summary)
    words = re.compile(r"\b(compliant|certified|unbiased|guarantees?|safe)\b", re.I)
    for name, content in cards.items():
        own = content.replace("http://cyclonedx.org/schema/bom-1.6.schema.json", "")
        assert "://" not in own, name
        assert not words.search(own), name


def test_equal_summaries_give_equal_bytes(summary: Summary) -> None:
    again = Summary.model_validate_json(summary.model_dump_json())
    assert render_cards(summary) == render_cards(again)


def test_every_fact_that_a_card_asks_for_can_be_declared() -> None:
    from auditor.content import content_path

    folder = content_path("reports", "templates", "cards")
    asked = {
        key for path in folder.iterdir() for key in re.findall(r'fact\("(\w+)"\)', path.read_text())
    }
    assert len(asked) > 15
    assert asked <= set(DeclaredPlan.model_fields)

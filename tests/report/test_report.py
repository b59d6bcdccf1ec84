"""The page says what the record says, whatever the texts and groups are called."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import auditor
from auditor.errors import PlanError
from auditor.evidence.reader import Evidence
from auditor.report import Summary, render_html, summarize, write_report
from auditor.report.render import render_json
from tests.fakes import LABELS, Biased, constant
from tests.test_pipeline import PLACES, frame

FORBIDDEN = ("compliant", "certified", "unbiased", "bias-free", "guarantee")


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A run of two checkpoints with labels, groups and a text that looks like a page."""
    texts = frame()
    texts["t"] = ['The man wrote <script>alert("x")</script> & {{ 7 * 7 }}: ' + p for p in PLACES]
    texts["y"] = ["positive", "negative"] * (len(texts) // 2)
    texts["sex"] = ['f"<b>', "m, or\u202e r"] * (len(texts) // 2)
    run = auditor.audit(
        None, texts, models=[Biased("woman", noise=0.1), constant], text="t", label="y",
        protected=["sex"], attributes=["gender"], labels=LABELS, favourable="positive",
        out=tmp_path_factory.mktemp("runs") / "run", name="<b>A & B</b>",
    )  # fmt: skip
    return run.evidence


@pytest.fixture(scope="module")
def summary(evidence: Evidence) -> Summary:
    return summarize(evidence)


class Numbers(HTMLParser):
    """Collects data-ref -> what the page shows there, all start tags and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._ref: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._ref = dict(attrs).get("data-ref")

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._ref is not None:
            self.numbers.append((self._ref, data))
            self._ref = None


def parsed(html: str) -> Numbers:
    parser = Numbers()
    parser.feed(html)
    return parser


def at(values: Any, pointer: str) -> Any:
    """Follows a JSON pointer."""
    for part in pointer.split("/")[1:]:
        values = values[int(part)] if isinstance(values, list) else values[part]
    return values


def test_every_number_of_the_page_is_the_records(summary: Summary) -> None:
    """Law 8: what a data-ref shows is the value it points at, as formatted."""
    record = json.loads(render_json(summary))
    numbers = parsed(render_html(summary)).numbers
    assert len(numbers) > 50
    for pointer, shown in numbers:
        value = at(record, pointer)
        accepted = {str(value), f"{value:,}", f"{value:+.3f}", f"{value:.3f}"}
        assert shown in accepted, (pointer, shown, value)


def test_a_planted_wrong_number_is_noticed(summary: Summary) -> None:
    """The test above can fail."""
    wrong = summary.model_copy(update={"delta": 0.06})
    record = json.loads(render_json(summary))
    shown = dict(parsed(render_html(wrong)).numbers)["/delta"]
    assert shown != str(at(record, "/delta"))


def test_names_and_texts_of_strangers_stay_text(summary: Summary) -> None:
    page = parsed(render_html(summary))
    assert "script" not in {tag for tag, _ in page.tags}
    assert "b" not in {tag for tag, _ in page.tags}
    assert '<script>alert("x")</script> & {{ 7 * 7 }}:' in "".join(page.text)


def test_the_page_needs_nothing_from_elsewhere(summary: Summary) -> None:
    html = render_html(summary)
    sources = [
        value for _, a in parsed(html).tags for k, value in a.items() if k in {"src", "href"}
    ]
    assert sources
    assert all(str(value).startswith("data:") for value in sources)
    assert not re.search(r"url\((?!data:)|@import", html)


def test_pictures_say_what_they_show_and_columns_have_heads(summary: Summary) -> None:
    tags = parsed(render_html(summary)).tags
    images = [a for tag, a in tags if tag == "img"]
    assert len(images) == 2
    assert all(len(a["alt"] or "") > 40 for a in images)
    assert all(a.get("scope") in {"col", "row"} for tag, a in tags if tag == "th")


def test_words_that_promise_too_much_never_appear(summary: Summary) -> None:
    words = "".join(parsed(render_html(summary)).text).lower()
    assert not [word for word in FORBIDDEN if word in words]
    assert "not tested" in words
    assert "direct effect of the explicit token" in words


def test_what_a_person_must_supply_is_counted(summary: Summary) -> None:
    assert len(summary.not_provided) == 2
    assert "2: approval of the threshold" in "".join(parsed(render_html(summary)).text)


def test_the_record_reads_back_to_the_same_summary(summary: Summary) -> None:
    assert Summary.model_validate_json(render_json(summary)) == summary


def test_a_report_is_the_same_bytes_twice(evidence: Evidence, tmp_path: Path) -> None:
    first = [p.read_bytes() for p in write_report(evidence, tmp_path / "a")]
    second = [p.read_bytes() for p in write_report(evidence, tmp_path / "b")]
    assert first == second


def test_an_unknown_form_is_refused(evidence: Evidence, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no report format docx; there are html, json"):
        write_report(evidence, tmp_path, ["docx"])


def test_outcomes_without_texts_have_a_report_too(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    rows = pd.DataFrame({"sex": ["f", "m"] * 40, "hired": [0, 1, 1, 1] * 20})
    rows.to_csv(table, index=False)
    run = auditor.audit(
        predictions=str(table), outcome="hired", protected=["sex"], out=tmp_path / "run"
    )
    html = run.report(tmp_path / "report.html").read_text("utf-8")
    text = "".join(parsed(html).text)
    assert str(run.verdict) == "not tested"
    assert "Outcomes by group" in text
    assert "0.500" in text


def test_a_text_of_300_kilobytes_does_not_break_the_page(tmp_path: Path) -> None:
    texts = pd.DataFrame({"t": [f"The man waited at the {p}." for p in PLACES[:20]]})
    texts.loc[0, "t"] = "The man " + "waited " * 50_000
    run = auditor.audit(
        constant, texts, text="t", attributes=["gender"], labels=LABELS, favourable="positive",
        out=tmp_path / "run",
    )  # fmt: skip
    assert run.report(tmp_path / "r.html").stat().st_size < 5_000_000

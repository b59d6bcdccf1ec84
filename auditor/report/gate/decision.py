"""Whether a run lets a release through: its evidence is checked first, then its verdict decides.

Nothing here has a rule of its own: what opens the gate is `verdicts.exit_code`, for the audit as a
whole and for each of its findings alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from auditor.errors import RunError
from auditor.evidence import verification
from auditor.evidence.reader import Evidence
from auditor.metrics import verdicts
from auditor.records import Finding, Overall, Verdict
from auditor.report.gate import words


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that the gate asks, with its answer: a judged finding, or the audit as a whole."""

    name: str
    """Unique in a gate, and the same in every run of a plan."""
    subject: str
    """The attribute; "audit" for the whole."""
    rule: str
    """The governing metric; "audit" for the whole."""
    verdict: Verdict | None
    """None: there is no answer, since the run was refused."""
    exit_code: int
    text: str
    place: int | None = None
    """Of a finding, its index in findings.json."""

    @classmethod
    def refused(cls, error: Exception) -> Self:
        """Returns the case of a run that cannot be judged."""
        text = f"The gate is closed: the run cannot be judged. {error}"
        return cls("evidence", "evidence", "evidence", None, 2, text)


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate says of one run."""

    run_id: str
    model_id: str
    root_hash: str
    overall: Overall
    exit_code: int
    """0: open. 1: a criterion is not met. 3: inconclusive, or not tested."""
    criteria: tuple[str, ...]
    """Every threshold that decides, with its origin, in sentences."""
    note: str | None
    """Where the plan sets no threshold: what decides in its place, or that nothing does."""
    cases: tuple[Case, ...]
    """The audit as a whole, then every judged finding."""

    @property
    def open(self) -> bool:
        """Whether the release may go on."""
        return self.exit_code == 0

    @property
    def sentences(self) -> tuple[str, ...]:
        """Its criteria, and what to know of them."""
        return (*self.criteria, *([self.note] if self.note else []))

    @property
    def line(self) -> str:
        """One sentence: open or closed, and why."""
        return words.gate_line(self.overall, self.exit_code)

    def of(self, verdict: Verdict) -> list[Case]:
        """Returns the findings with a verdict."""
        return [case for case in self.cases[1:] if case.verdict is verdict]


def decide(evidence: Evidence) -> Gate:
    """Returns what the gate says of a run, once every file is found to be as it was sealed.

    Raises:
        RunError: a file was changed, is missing or is new, or the run was never sealed.
    """
    root_hash = refuse_changed(evidence.folder)
    overall = evidence.overall
    answer = code(overall)
    line = words.gate_line(overall, answer)
    whole = Case("audit", "audit", "audit", overall.verdict, answer, line)
    judged = [
        _finding_case(finding, place, words.case_text(finding, evidence.plan))
        for place, finding in enumerate(evidence.findings)
        if finding.verdict is not None
    ]
    return Gate(
        run_id=str(evidence.record["run_id"]),
        model_id=next(iter(evidence.model_ids), "none"),
        root_hash=root_hash,
        overall=overall,
        exit_code=answer,
        criteria=tuple(words.criteria_lines(evidence.findings)),
        note=words.thresholds_note(evidence.findings),
        cases=(whole, *judged),
    )


def code(overall: Overall) -> int:
    """Returns the exit code of a verdict, from the one place that has the rule."""
    return verdicts.exit_code(overall)


def refuse_changed(folder: Path) -> str:
    """Returns the root hash of a run whose every file is as it was sealed.

    Raises:
        RunError: naming the files that are not.
    """
    found = verification.verify(folder)
    if not found.intact:
        raise RunError(
            f"{folder} is not as it was sealed: {'; '.join(found.problems)}. Nothing is judged on "
            f"changed evidence; restore it from a copy or run the audit again, and see "
            f"`auditor verify {folder}`"
        )
    return found.root_hash


def _finding_case(finding: Finding, place: int, text: str) -> Case:
    assert finding.verdict is not None
    answer = code(Overall(finding.verdict, ""))
    return Case(
        name=finding.finding_id,
        subject=finding.contrast.attribute,
        rule=finding.criterion.metric if finding.criterion else finding.metric,
        verdict=finding.verdict,
        exit_code=answer,
        text=text,
        place=place,
    )

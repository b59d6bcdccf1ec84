"""What is said of two runs: the vocabulary of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from auditor.metrics import verdicts
from auditor.records import Arm, Basis, Contrast, Criterion, Estimate, Overall, Verdict


class How(StrEnum):
    """What a difference between two runs rests on."""

    SAME_PAIRS = "same pairs"
    """Both runs hold the same pairs: the difference of each, averaged by cluster."""
    COMMON_PAIRS = "common pairs"
    """The same on the pairs that both hold; each has others too."""
    TWO_SAMPLES = "two samples"
    """The two intervals joined (MOVER), as of independent samples."""
    NONE = "none"
    """Not compared; the difference says why."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a plan, a model or the inputs that is not the same in both runs."""

    name: str
    before: Any
    """None: not set, or not there."""
    after: Any


@dataclass(frozen=True, slots=True)
class RunSide:
    """One of the two runs."""

    run_id: str
    root_hash: str
    model_id: str
    """The checkpoint that is judged, and compared."""
    finished_at: str | None
    plan_sha256: str
    overall: Overall


@dataclass(frozen=True, slots=True)
class FindingChange:
    """One finding in both runs."""

    finding_id: str
    contrast: Contrast
    metric: str
    basis: Basis
    arm: Arm
    before: Estimate
    after: Estimate
    difference: Estimate
    """Later less earlier."""
    how: How
    verdict_before: Verdict | None
    verdict_after: Verdict | None
    criterion_before: Criterion | None
    criterion_after: Criterion | None
    p: float | None = None
    """Of no difference; only where either run judges the finding."""
    p_adjusted: float | None = None
    """Holm over all findings that were compared and that either run judges."""
    changed: bool | None = None
    """False: no change was detected, which does not show that there is none. None: no test."""

    @property
    def judged(self) -> bool:
        """Whether either run has a verdict on it."""
        return self.verdict_before is not None or self.verdict_after is not None

    @property
    def criterion_differs(self) -> bool:
        """Whether both runs judge it by other thresholds, so that verdicts can differ by that."""
        before, after = self.criterion_before, self.criterion_after
        if before is None or after is None:
            return False
        return (before.metric, before.delta) != (after.metric, after.delta)


@dataclass(frozen=True, slots=True)
class LoneFinding:
    """A judged finding that only one of the two runs has."""

    finding_id: str
    estimate: Estimate
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class GroupChange:
    """One descriptive number of a group of people in both runs."""

    column: str
    group: str
    metric: str
    before: Estimate
    after: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class RunComparison:
    """What changed between two runs."""

    before: RunSide
    after: RunSide
    held_out: bool
    """Whether pairs of held-out clusters alone were compared."""
    same_weights: bool | None
    """Of the two checkpoints that are judged; None: not known, as of a function."""
    models: tuple[FieldChange, ...]
    plan: tuple[FieldChange, ...]
    """What decides a result; empty: the plans have one hash."""
    inputs: tuple[FieldChange, ...]
    """Digests of data, lexicons and templates."""
    environment: tuple[FieldChange, ...]
    findings: tuple[FindingChange, ...]
    appeared: tuple[LoneFinding, ...]
    vanished: tuple[LoneFinding, ...]
    groups: tuple[GroupChange, ...]

    @property
    def exit_code(self) -> int:
        """The later run's, as of its gate."""
        return verdicts.exit_code(self.after.overall)

    @property
    def judged(self) -> tuple[FindingChange, ...]:
        """What either run has a verdict on."""
        return tuple(each for each in self.findings if each.judged)

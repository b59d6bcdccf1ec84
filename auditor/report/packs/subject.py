"""What annexes speak of: a run, and what an edition of its report chose and declares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

from auditor.evidence.reader import Evidence
from auditor.plan_report import DeclaredPlan
from auditor.records import Arm, Basis
from auditor.report.edition import Edition


@dataclass(frozen=True, slots=True)
class Subject:
    """A run and an edition."""

    evidence: Evidence
    declared: DeclaredPlan
    today: date
    """Of issue: no other clock."""
    least: int = 0
    """Groups of fewer rows are not named: a public edition's smallest cell."""

    @classmethod
    def of(cls, evidence: Evidence, edition: Edition) -> Self:
        """Returns what the annexes of an edition speak of."""
        return cls(
            evidence=evidence,
            declared=edition.choice.declared,
            today=date.fromisoformat(edition.issued_at[:10]),
            least=evidence.plan.report.min_cell if edition.choice.public else 0,
        )

    def columns_measured(self, *metrics: str) -> list[str]:
        """Returns the protected columns, also crossed ones, with a value of any of `metrics`."""
        columns = dict.fromkeys(
            each.column
            for each in self.evidence.group_metrics
            if each.metric in metrics and each.estimate.value is not None
        )
        controlled = bool(self.evidence.plan.data.control)  # "sex within job=clerk"
        return [name for name in columns if not (controlled and " within " in name)]

    def attributes_swapped(self) -> list[str]:
        """Returns the attributes with a measured finding of swaps; intersections as "a*b"."""
        return list(self.groups_swapped())

    def groups_swapped(self) -> dict[str, list[str]]:
        """Returns attribute -> the groups of its measured findings of swaps, references first."""
        found: dict[str, dict[str, None]] = {}
        for f in self.evidence.findings:
            if f.basis is Basis.SWAPS and f.arm is Arm.SWAP and f.estimate.value is not None:
                groups = found.setdefault(f.contrast.attribute, {f.contrast.group_a: None})
                groups[f.contrast.group_b] = None
        return {attribute: list(groups) for attribute, groups in found.items()}

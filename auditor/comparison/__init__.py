"""What changed between two runs: findings matched, differences with intervals, verdicts."""

from auditor.comparison.compare import compare
from auditor.comparison.records import FindingChange, How, RunComparison

__all__ = ["FindingChange", "How", "RunComparison", "compare"]

"""Groups of people in labelled or predicted rows: rates, gaps, comparisons, contrasts, notes.

rows (what counts) -> columns (which groups) -> rates, scores, calibration, aucs (one group)
-> gaps, omnibus, crossings, unknown (several) -> compare (in the words of law), contrasts (what may
have a verdict). Values are fairlearn's where it has them; n and intervals are ours.
"""

from auditor.metrics.groups.compare import compare_groups
from auditor.metrics.groups.contrasts import DIFFERENCES, GroupContrast, group_contrasts
from auditor.metrics.groups.measure import group_metrics
from auditor.metrics.groups.notes import data_notes
from auditor.metrics.groups.rows import ALL_GROUPS, UNKNOWN

__all__ = [
    "ALL_GROUPS",
    "DIFFERENCES",
    "UNKNOWN",
    "GroupContrast",
    "compare_groups",
    "data_notes",
    "group_contrasts",
    "group_metrics",
]

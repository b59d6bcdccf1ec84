"""An audit looked at before it is made: what it could find, and what it costs."""

from auditor.planned.ahead import dry_run, pilot
from auditor.planned.forecast import Cost, Forecast, Planned, refuse_weak
from auditor.planned.words import planned_json, planned_lines, planned_rows

__all__ = [
    "Cost",
    "Forecast",
    "Planned",
    "dry_run",
    "pilot",
    "planned_json",
    "planned_lines",
    "planned_rows",
    "refuse_weak",
]

"""What went into two runs that is not the same: models, plan, data, machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from auditor.comparison.records import FieldChange, RunSide
from auditor.evidence.reader import Evidence


def side_of(evidence: Evidence, root_hash: str) -> RunSide:
    """Returns who a run is."""
    record = evidence.record
    return RunSide(
        run_id=str(record["run_id"]),
        root_hash=root_hash,
        model_id=judged_model(evidence),
        finished_at=record["finished_at"],
        plan_sha256=str(record["plan_sha256"]),
        overall=evidence.overall,
    )


def judged_model(evidence: Evidence) -> str:
    """Returns the id of the checkpoint that is judged, or "" where none is."""
    return next(iter(evidence.model_ids), "")


def same_weights(before: Evidence, after: Evidence) -> bool | None:
    """Whether the judged checkpoints have the same files; None where either has none."""
    a, b = (_first(evidence).get("digests") for evidence in (before, after))
    return a == b if a and b else None


def model_changes(before: Evidence, after: Evidence) -> tuple[FieldChange, ...]:
    """Returns how the record of the judged checkpoint differs: files, labels, device, window."""
    return _changes(_first(before), _first(after))


def plan_changes(before: Evidence, after: Evidence) -> tuple[FieldChange, ...]:
    """Returns the fields of the plan that differ, of those that decide a result."""
    plans = [json.loads(evidence.plan.canonical(deciding=True)) for evidence in (before, after)]
    return _changes(*plans)


def input_changes(before: Evidence, after: Evidence) -> tuple[FieldChange, ...]:
    """Returns the files of data, lexicons and templates whose digests differ."""
    # The name of a file may have a dot, and is not taken apart.
    return _differing(before.record["inputs"], after.record["inputs"])


def environment_changes(before: Evidence, after: Evidence) -> tuple[FieldChange, ...]:
    """Returns the versions and facts of the machine that differ: they can move a score."""
    return _changes(before.record["environment"], after.record["environment"])


def _first(evidence: Evidence) -> Mapping[str, Any]:
    models: Sequence[Mapping[str, Any]] = evidence.record["models"]
    return models[0] if models else {}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    return _differing(_flat(before), _flat(after))


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    names = sorted(before.keys() | after.keys())
    return tuple(
        FieldChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def _flat(values: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """Nested keys joined by dots; lists stay whole."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{within}{name}.")
        else:
            found[f"{within}{name}"] = value
    return found

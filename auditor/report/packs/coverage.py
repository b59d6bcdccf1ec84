"""What a run has of each kind of evidence that a clause can ask for, and where it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from auditor.plan_report import DeclaredPlan
from auditor.records import Arm
from auditor.report.circuits import circuits_of
from auditor.report.packs.elaborations import elaborate
from auditor.report.packs.pack import Clause, EvidenceKey
from auditor.report.packs.parts import ClauseRow, EvidenceRow
from auditor.report.packs.subject import Subject
from auditor.report.words import listed

MONITORING = ("monitoring_owner", "monitoring_every", "alert_rules")


@dataclass(frozen=True, slots=True)
class Found:
    """Whether a run has a kind of evidence, and what of it, or why not."""

    here: bool
    what: str


Look = Callable[[Subject], Found]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of evidence."""

    title: str
    section: int
    """Of the report, where it is shown."""
    look: Look


Coverage = Mapping[EvidenceKey, EvidenceRow]


def coverage_of(run: Subject) -> Coverage:
    """Returns every kind of evidence, whether this run has it or not."""
    return {key: _row(key, kind.look(run)) for key, kind in KINDS.items()}


def clause_row(clause: Clause, coverage: Coverage, run: Subject) -> ClauseRow:
    """Returns a clause with what this run has for it.

    Nothing of its evidence: strength "none". A part of it: "direct" is "partial". The gap says
    what is lacking.
    """
    own = {**coverage, "declared": _row("declared", given(run.declared, clause.facts))}
    rows = [own[key] for key in clause.evidence]
    here, lacking = [r for r in rows if r.here], [r for r in rows if not r.here]
    strength = clause.strength if here else "none"
    if lacking and strength == "direct":
        strength = "partial"
    return ClauseRow(
        id=clause.id,
        known=clause.known,
        duty=clause.duty,
        evidence=here,
        strength=strength,
        gap=" ".join([clause.gap, *_lacks(lacking)]),
        supplier=clause.supplier,
        elaboration=elaborate(clause.elaborate, run) if here else None,
    )


def _lacks(lacking: Sequence[EvidenceRow]) -> list[str]:
    if not lacking:
        return []
    # What was not declared differs by clause; the other reasons stand once, before the annexes.
    names = [
        f"{r.title.lower()} ({r.what})" if r.key == "declared" else r.title.lower() for r in lacking
    ]
    return [f"Not in this run: {', '.join(names)}."]


def _row(key: EvidenceKey, found: Found) -> EvidenceRow:
    kind = KINDS[key]
    return EvidenceRow(
        key=key, title=kind.title, section=kind.section, here=found.here, what=found.what
    )


def given(declared: DeclaredPlan, facts: Iterable[str]) -> Found:
    """Returns which of `facts` were declared: evidence where any was."""
    named = {key: bool(getattr(declared, key)) for key in facts}
    there = [key.replace("_", " ") for key, is_there in named.items() if is_there]
    if there:
        return Found(True, ", ".join(there))
    return Found(False, f"not declared: {', '.join(key.replace('_', ' ') for key in named)}")


def _always(what: str) -> Look:
    return lambda _: Found(True, what)


def _data(run: Subject) -> Found:
    data = run.evidence.plan.data
    if data.templates:
        return Found(False, "the texts are filled templates, which say nothing of other data")
    if data.pairs:
        return Found(False, "pairs were scored elsewhere; their source was not seen")
    return Found(True, "counts, missing values and notes on the audited data")


def _by_columns(metrics: Sequence[str], what: str, without: str) -> Look:
    def look(run: Subject) -> Found:
        columns = [name for name in run.columns_measured(*metrics) if "*" not in name]
        return Found(True, f"{what} by {listed(columns)}") if columns else Found(False, without)

    return look


def _intersections(run: Subject) -> Found:
    measured = [*run.columns_measured("selection_rate"), *run.attributes_swapped()]
    crossed = [name for name in measured if "*" in name]
    if crossed:
        return Found(True, listed(crossed))
    return Found(False, "no two columns or attributes were crossed")


def _swaps(run: Subject) -> Found:
    attributes = run.attributes_swapped()
    if attributes:
        return Found(True, f"swaps of {listed(attributes)}")
    return Found(False, "no swap was measured")


def _noise_floor(run: Subject) -> Found:
    arms = {f.arm for f in run.evidence.findings if f.estimate.value is not None}
    if Arm.PLACEBO in arms:
        return Found(True, "pairs that stay within one group")
    return Found(False, "no pair within one group was measured")


def _attributions(run: Subject) -> Found:
    reason = run.evidence.explanations.not_explained
    if reason is not None:
        return Found(False, reason)
    return Found(True, "values per token, with checks of the methods")


def _circuits(run: Subject) -> Found:
    circuits = circuits_of(run.evidence)
    if circuits.traced:
        return Found(True, "research-grade, with controls")
    return Found(False, circuits.not_traced or "none of the findings could be traced")


def _robustness(run: Subject) -> Found:
    if len(run.evidence.model_ids) > 1:
        return Found(True, "the same findings on several checkpoints")
    return Found(False, "one checkpoint was audited")


def _self_test(run: Subject) -> Found:
    if run.evidence.results.self_test:
        return Found(True, "error rates and power on this run's own scores")
    return Found(False, "no finding of swaps was judged, or none was asked for")


def _register(run: Subject) -> Found:
    if any(f.verdict is not None for f in run.evidence.findings):
        return Found(True, "findings with a verdict, and room for what is decided")
    return Found(False, "no finding has a criterion")


def _monitoring(run: Subject) -> Found:
    return given(run.declared, MONITORING)


def _declared(run: Subject) -> Found:
    found = given(run.declared, [key for key in DeclaredPlan.model_fields if key not in MONITORING])
    return found if found.here else Found(False, "nothing was declared")


def _plan(run: Subject) -> Found:
    data = run.evidence.plan.data
    if not run.evidence.record.get("plan_sha256"):
        return Found(False, "exploratory: the run has no plan hash")
    if data.pairs or data.predictions:
        return Found(True, "hashed before the audit read scores or outcomes made elsewhere before")
    return Found(True, "hashed before the first model call, by a local clock")


def _manifest(run: Subject) -> Found:
    if run.evidence.root_hash is not None:
        return Found(True, "digests of model, inputs and every file of the evidence")
    return Found(False, "the evidence is not sealed")


_RATES = ("selection_rate",)
_ERRORS = ("true_positive_rate", "false_positive_rate", "precision")
_CALIBRATION = ("expected_calibration_error",)

KINDS: dict[EvidenceKey, Kind] = {
    "limits": Kind("Limits", 1, _always("standing, limits, and what was not tested")),
    "declared": Kind("Declared facts", 3, _declared),
    "data": Kind("Data", 4, _data),
    "plan": Kind("Plan", 5, _plan),
    "groups": Kind(
        "Group outcomes", 6, _by_columns(_RATES, "rates", "the data name no group of people")
    ),
    "intersections": Kind("Intersections", 6, _intersections),
    "errors": Kind(
        "Errors by group",
        7,
        _by_columns(
            _ERRORS, "rates of error", "no true labels by group, or none named as favourable"
        ),
    ),
    "calibration": Kind(
        "Calibration", 7, _by_columns(_CALIBRATION, "calibration", "no scores with true labels")
    ),
    "swaps": Kind("Counterfactual swaps", 8, _swaps),
    "noise_floor": Kind("Noise floor", 8, _noise_floor),
    "attributions": Kind("Attributions", 9, _attributions),
    "circuits": Kind("Circuits", 10, _circuits),
    "robustness": Kind("Checkpoints", 11, _robustness),
    "self_test": Kind("Self-test", 11, _self_test),
    "register": Kind("Findings register", 12, _register),
    "monitoring": Kind("Monitoring", 13, _monitoring),
    "manifest": Kind("Reproduction and manifest", 14, _manifest),
}

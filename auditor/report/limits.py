"""What a report must say that it lacks: what a person did not provide, and what was not tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from auditor.evidence.reader import Evidence
from auditor.plan import AuditPlan
from auditor.records import Contrast, Finding, Verdict
from auditor.report.circuits import circuits_of
from auditor.report.criteria import criteria_of, threshold
from auditor.report.declared.facts import missing_inputs
from auditor.report.declared.parts import DeclaredPart
from auditor.report.measures import GROUP_FAMILIES
from auditor.report.words import clusters_are, contrast_words, in_units, listed, shown
from auditor.swaps.lexicons import available_lexicons

NAMED = 3
"""Contrasts named with one reason; more are counted, and stand in the register."""

_ERRORS = GROUP_FAMILIES["Errors"]


@dataclass(frozen=True, slots=True)
class Untested:
    """One thing that the audit does not speak of."""

    what: str
    line: str
    """The same with its reason, as a sentence."""

    @classmethod
    def because(cls, what: str, reason: str, *, short: str | None = None) -> Self:
        """Returns it with the reason behind a colon; `short` where `what` is long."""
        return cls(short or what, f"{what}: {reason}.")


def not_provided(evidence: Evidence, declared: DeclaredPart) -> list[str]:
    """Returns what a person must supply; nothing is made up in its place."""
    approvals = [
        f"approval of the threshold of {threshold(row)} (approved_by) for {listed(row.of)}"
        for row in criteria_of(evidence.findings)
        if row.approved_by is None
    ]
    harm = [] if evidence.plan.harm.harmed else ["who is harmed, and how (harmed)"]
    return [*approvals, *harm, *missing_inputs(declared), *_answers(evidence)]


def _answers(evidence: Evidence) -> list[str]:
    """Findings that call for an answer, which no file can hold before it is signed."""
    open_ = (Verdict.DOES_NOT_MEET, Verdict.INCONCLUSIVE)
    count = sum(finding.verdict in open_ for finding in evidence.findings)
    if not count:
        return []
    rows = "1 finding" if count == 1 else f"{count} findings"
    return [f"response, owner, due date and who accepts the risk, of {rows} (findings register)"]


def not_tested(evidence: Evidence) -> list[str]:
    """Returns what this audit does not speak of, in sentences."""
    return [each.line for each in _untested(evidence)]


def not_tested_in_short(evidence: Evidence) -> list[str]:
    """Returns the same without reasons, for a box on one page."""
    return [each.what for each in _untested(evidence)]


def _untested(evidence: Evidence) -> Iterator[Untested]:
    yield from _of_findings(evidence)
    yield from _of_swaps(evidence)
    yield from _of_groups(evidence)
    yield from _own_targets(evidence.plan)
    yield from _of_attributions(evidence)
    yield from _of_circuits(evidence)
    yield _proxies(evidence)
    yield Untested(
        "Harms that change no label, score or outcome",
        "Harms that change no label, score or outcome, such as how a group is spoken of.",
    )


def _of_findings(evidence: Evidence) -> Iterator[Untested]:
    """Planned findings that could not be judged, those of one reason together."""
    by_reason: dict[str, list[Contrast]] = {}
    for finding in evidence.findings:
        if finding.verdict is Verdict.NOT_TESTED:
            by_reason.setdefault(_reason(finding, evidence.plan), []).append(finding.contrast)
    for reason, contrasts in by_reason.items():
        yield Untested.because(_contrasts(contrasts), reason)


def _contrasts(contrasts: list[Contrast]) -> str:
    more = f"; and {len(contrasts) - NAMED} more" if len(contrasts) > NAMED else ""
    return "; ".join(contrast_words(each) for each in contrasts[:NAMED]) + more


def _reason(finding: Finding, plan: AuditPlan) -> str:
    reason = finding.verdict_reason or finding.estimate.reason or "no reason was recorded"
    return in_units(reason, clusters_are(plan))


def _of_swaps(evidence: Evidence) -> Iterator[Untested]:
    plan = evidence.plan
    if plan.data.predictions:
        yield Untested.because("Counterfactual swaps", "this audit has outcomes only, no texts")
        return
    asked = list(evidence.coverage["attributes"] if plan.data.pairs else plan.swaps.attributes)
    known = available_lexicons(plan.swaps.language)
    left = [name for name in known if name not in asked and not known[name].is_placebo]
    lists = f" There are word lists for {_names(left)}, which were not asked for." if left else ""
    others = f"Attributes other than {_names(asked)}"
    yield Untested(others, f"{others}.{lists}")
    if not any("*" in name for name in asked):
        yield _plain("Two attributes at once, such as older women")
    if not plan.data.pairs:
        yield _plain(f"Texts in languages other than {_language(plan)}")


def _plain(what: str) -> Untested:
    return Untested(what, f"{what}.")


def _of_attributions(evidence: Evidence) -> Iterator[Untested]:
    found, others = evidence.explanations, len(evidence.model_ids) - 1
    what = "Which words carry a difference (token attributions)"
    if found.not_explained:
        yield Untested.because(what, found.not_explained)
    elif others:
        elsewhere = "other checkpoint" if others == 1 else "other checkpoints"
        reason = "the one that is judged is explained"
        yield Untested.because(f"{what} on the {elsewhere}", reason)


def _of_circuits(evidence: Evidence) -> Iterator[Untested]:
    found, what = circuits_of(evidence), "Which parts of the model carry a difference (circuits)"
    if found.not_traced:
        yield Untested.because(what, found.not_traced)
        return
    by_reason: dict[str, list[Contrast]] = {}
    for row in found.untested:
        if row.contrast is not None:
            by_reason.setdefault(row.reason, []).append(row.contrast)
    for reason, contrasts in by_reason.items():
        count = "one contrast" if len(contrasts) == 1 else f"{len(contrasts)} contrasts"
        full = f"{what}, {_contrasts(contrasts)}"
        yield Untested.because(full, reason, short=f"{what}, of {count}")


def _language(plan: AuditPlan) -> str:
    return {"en": "English", "es": "Spanish"}.get(plan.swaps.language, plan.swaps.language)


def _proxies(evidence: Evidence) -> Untested:
    """A name is a proxy that this audit may have tested, and not of its group alone."""
    if not any(finding.contrast.crossed for finding in evidence.findings):
        return _plain(
            "Proxies such as names, schools, leave or dialect; how people were treated in fact"
        )
    return Untested(
        "Race or gender as such, where names stand for them; other proxies; how people were "
        "treated in fact",
        "Race or gender as such, where names stand for them: a name also signals class, age, "
        "religion and origin, and a rare one breaks into more pieces. Other proxies (schools, "
        "leave, dialect); how people were treated in fact.",
    )


def _of_groups(evidence: Evidence) -> Iterator[Untested]:
    if not evidence.group_metrics:
        yield Untested.because(
            "Outcomes and error rates of groups of people", "the data names no group"
        )
    elif not any(m.metric in _ERRORS and m.estimate.n for m in evidence.group_metrics):
        yield Untested.because(
            "Error rates of groups of people",
            "no true labels are at hand, or none is named as favourable",
        )


def _own_targets(plan: AuditPlan) -> Iterator[Untested]:
    concerns = list(plan.metrics.task_concerns)
    if concerns:
        yield Untested.because(
            _names(concerns),
            "the task's own target, so a swap should move the score and a verdict would be wrong",
        )


def _names(names: list[str]) -> str:
    return ", ".join(shown(name) for name in names)

"""One typed summary of a run: everything that any rendering shows, and nothing else."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from auditor.evidence.reader import Evidence
from auditor.records import SCHEMA_VERSION, Estimate, Finding, GroupMetric, Verdict
from auditor.report.words import finding_sentence

GAPS_PER_ATTRIBUTE = 10


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CheckpointRow(_Part):
    """One finding on one checkpoint."""

    model_id: str
    estimate: Estimate
    verdict: Verdict | None


class FindingRow(_Part):
    """One contrast and metric."""

    id: str
    sentence: str
    attribute: str
    group_a: str
    group_b: str
    metric: str
    estimate: Estimate
    verdict: Verdict | None
    verdict_reason: str | None
    difference_detected: bool | None
    p_bad_adjusted: float | None
    checkpoints: list[CheckpointRow]
    holds_in: int


class GroupRow(_Part):
    """One metric of one group of a protected column."""

    model_id: str
    column: str
    group: str
    metric: str
    estimate: Estimate


class ModelRow(_Part):
    """What was audited. None: it has none, as a function has no device."""

    model_id: str
    kind: str
    class_name: str | None
    labels: list[str]
    favourable: list[str]
    device: str | None
    dtype: str | None
    window: int | None
    commit: str | None
    digests: dict[str, str]
    trust_remote_code: str | None
    allow_pickle: str | None


class GapRow(_Part):
    """One pair with a large effect, to be read."""

    pair_id: str
    attribute: str
    group_a: str
    group_b: str
    group_from: str
    group_to: str
    text: list[tuple[str, bool]]
    """Runs of text, and whether each was changed."""
    counterfactual: list[tuple[str, bool]]
    score_from: float
    score_to: float
    effect: float
    label_from: str | None
    label_to: str | None


class Coverage(_Part):
    """What was looked at."""

    texts: int
    clusters: int
    attributes: dict[str, dict[str, Any]]
    models: dict[str, dict[str, int]]


class Summary(_Part):
    """What a report says. All keys are always there; None means not provided or not measured."""

    schema_version: int
    name: str
    verdict: Verdict
    verdict_reason: str
    run_id: str
    run_number: int
    started_at: str
    finished_at: str | None
    plan_sha256: str
    root_hash: str | None
    governing: str
    delta: float
    delta_origin: str
    not_provided: list[str]
    plan: dict[str, Any]
    models: list[ModelRow]
    inputs: dict[str, str]
    environment: dict[str, Any]
    judged: list[FindingRow]
    described: list[FindingRow]
    groups: list[GroupRow]
    coverage: Coverage
    largest_gaps: list[GapRow]
    not_tested: list[str]


def summarize(evidence: Evidence) -> Summary:
    """Returns the summary of a finished run."""
    plan, record = evidence.plan, evidence.record
    rows = [_finding(finding) for finding in evidence.findings]
    return Summary(
        schema_version=SCHEMA_VERSION,
        name=plan.name,
        verdict=evidence.overall.verdict,
        verdict_reason=evidence.overall.reason,
        run_id=record["run_id"],
        run_number=record["run_number"],
        started_at=record["started_at"],
        finished_at=record["finished_at"],
        plan_sha256=plan.sha256,
        root_hash=evidence.root_hash,
        governing=plan.metrics.governing,
        delta=plan.metrics.delta,
        delta_origin=plan.metrics.delta_origin,
        not_provided=_not_provided(evidence),
        plan=plan.model_dump(mode="json"),
        models=[_model(model) for model in record["models"]],
        inputs=record["inputs"],
        environment=record["environment"],
        judged=[row for row in rows if row.verdict is not None],
        described=[row for row in rows if row.verdict is None],
        groups=[_group(group) for group in evidence.group_metrics],
        coverage=Coverage(**evidence.coverage),
        largest_gaps=_largest_gaps(evidence),
        not_tested=_not_tested(evidence),
    )


def _finding(finding: Finding) -> FindingRow:
    return FindingRow(
        id=finding.finding_id,
        sentence=finding_sentence(finding),
        attribute=finding.contrast.attribute,
        group_a=finding.contrast.group_a,
        group_b=finding.contrast.group_b,
        metric=finding.metric,
        estimate=finding.estimate,
        verdict=finding.verdict,
        verdict_reason=finding.verdict_reason,
        difference_detected=finding.difference_detected,
        p_bad_adjusted=finding.p_bad_adjusted,
        checkpoints=[
            CheckpointRow(model_id=c.model_id, estimate=c.estimate, verdict=c.verdict)
            for c in finding.checkpoints
        ],
        holds_in=finding.holds_in,
    )


def _group(group: GroupMetric) -> GroupRow:
    return GroupRow(
        model_id=group.model_id,
        column=group.column,
        group=group.group,
        metric=group.metric,
        estimate=group.estimate,
    )


def _model(record: dict[str, Any]) -> ModelRow:
    optional = ("device", "dtype", "window", "commit", "trust_remote_code", "allow_pickle")
    return ModelRow(
        model_id=record["model_id"],
        kind=record["kind"],
        class_name=record.get("class"),
        labels=record.get("labels", []),
        favourable=record.get("favourable", []),
        digests=record["digests"],
        **{name: record.get(name) for name in optional},
    )


def _not_provided(evidence: Evidence) -> list[str]:
    """What a person must supply; nothing is made up in its place."""
    metrics = evidence.plan.metrics
    asked = {
        "approval of the threshold (approved_by)": metrics.approved_by,
        "who is harmed, and how (harm)": metrics.harm,
    }
    return [words for words, given in asked.items() if given is None]


def _not_tested(evidence: Evidence) -> list[str]:
    """What this audit does not speak of, in sentences."""
    plan = evidence.plan
    asked = ", ".join(name.replace("_", " ") for name in plan.swaps.attributes)
    texts_only = bool(plan.data.predictions)
    return [
        "Counterfactual swaps: this audit has outcomes only, no texts."
        if texts_only
        else f"Attributes other than {asked}.",
        "Which words carry a difference (token attributions): this version has none.",
        "Which parts of the model carry it (circuits): this version has none.",
        "Proxies such as names, schools, leave or dialect; how people were treated in fact.",
        *(
            f"{f.contrast.group_b} against {f.contrast.group_a} ({f.contrast.attribute}): "
            f"{f.verdict_reason}"
            for f in evidence.findings
            if f.verdict is Verdict.NOT_TESTED
        ),
    ]


def _largest_gaps(evidence: Evidence) -> list[GapRow]:
    first = evidence.model_ids[:1]
    rows: list[GapRow] = []
    for attribute in evidence.coverage["attributes"]:
        frame = evidence.pairs(
            "attribute = ? AND model_id = ? AND validity = 'valid' AND arm = 'swap'",
            [attribute, *first],
            order_by="abs(effect) DESC, pair_id",
            limit=GAPS_PER_ATTRIBUTE,
        )
        rows += [_gap({str(k): v for k, v in row.items()}) for row in frame.to_dict("records")]
    return rows


def _gap(row: dict[str, Any]) -> GapRow:
    return GapRow(
        pair_id=row["pair_id"],
        attribute=row["attribute"],
        group_a=row["group_a"],
        group_b=row["group_b"],
        group_from=row["group_from"],
        group_to=row["group_to"],
        text=marked_runs(row["text"], row["spans_from"]),
        counterfactual=marked_runs(row["counterfactual"], row["spans_to"]),
        score_from=row["score_from"],
        score_to=row["score_to"],
        effect=row["effect"],
        label_from=row["label_from"] if isinstance(row["label_from"], str) else None,
        label_to=row["label_to"] if isinstance(row["label_to"], str) else None,
    )


def marked_runs(text: str, spans: Any) -> list[tuple[str, bool]]:
    """Returns `text` cut into runs, each with whether it was changed by the swap."""
    runs: list[tuple[str, bool]] = []
    done = 0
    for span in spans if spans is not None else ():
        runs += [(text[done : span["start"]], False), (text[span["start"] : span["end"]], True)]
        done = span["end"]
    return [run for run in [*runs, (text[done:], False)] if run[0]]

"""One typed summary of a run: everything that any rendering shows, and nothing else."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from auditor.evidence.reader import Evidence
from auditor.plan import AuditPlan
from auditor.records import SCHEMA_VERSION, Estimate, Finding, GroupMetric, Verdict
from auditor.report.limits import not_provided, not_tested
from auditor.report.words import checkpoints_statement, finding_sentence, forest_statement

GAPS_PER_ATTRIBUTE = 10
CONTEXT = 200
"""Characters of an unchanged text shown beside a change in the largest gaps."""

Runs = list[tuple[str, bool]]
"""A text in runs, each with whether the swap changed it."""


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
    text: Runs
    """Long stretches without a change are left out, and marked so."""
    counterfactual: Runs
    score_from: float
    score_to: float
    effect: float
    label_from: str | None
    label_to: str | None


class NamesRow(_Part):
    """The names of one group on one model: what may differ besides the group."""

    model_id: str
    attribute: str
    group: str
    names: int
    mean_log_count: float | None
    """Mean of log10 of the babies given the first name (United States, 2010)."""
    mean_pieces: float | None
    """Of the full name under the model's tokenizer; None where it has none."""


class Coverage(_Part):
    """What was looked at."""

    texts: int
    """Of what the source holds: see `Summary.counted`."""
    clusters: int
    attributes: dict[str, dict[str, Any]]
    names: list[NamesRow]
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
    approved_by: str | None
    harm: str | None
    counted: str
    """What `coverage.texts` counts: texts, pairs (scored elsewhere) or rows (of outcomes)."""
    clusters_are: str
    """What inference counts, in the plural: templates, or clusters of the data."""
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
    figures: dict[str, str]
    """Figure -> what it shows, in words. Only figures that this audit has."""
    not_tested: list[str]


def summarize(evidence: Evidence) -> Summary:
    """Returns the summary of a finished run."""
    plan, record = evidence.plan, evidence.record
    clusters = "templates" if plan.data.templates else "clusters"
    rows = [_finding(finding, clusters) for finding in evidence.findings]
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
        approved_by=plan.metrics.approved_by,
        harm=plan.metrics.harm,
        counted=_counted(plan),
        clusters_are=clusters,
        not_provided=not_provided(evidence),
        plan=plan.model_dump(mode="json"),
        models=[_model(model) for model in record["models"]],
        inputs=record["inputs"],
        environment=record["environment"],
        judged=[row for row in rows if row.verdict is not None],
        described=[row for row in rows if row.verdict is None],
        groups=[_group(group) for group in evidence.group_metrics],
        coverage=Coverage(**evidence.coverage),
        largest_gaps=_largest_gaps(evidence),
        figures=_figures(evidence),
        not_tested=not_tested(evidence),
    )


def _counted(plan: AuditPlan) -> str:
    if plan.data.predictions:
        return "rows"
    return "pairs" if plan.data.pairs else "texts"


def _figures(evidence: Evidence) -> dict[str, str]:
    judged = [f for f in evidence.findings if f.verdict and f.estimate.value is not None]
    if not judged:
        return {}
    drawn = {"forest": forest_statement(judged)}
    if len(judged[0].checkpoints) > 1:
        drawn["checkpoints"] = checkpoints_statement(judged)
    return drawn


def _finding(finding: Finding, clusters: str) -> FindingRow:
    return FindingRow(
        id=finding.finding_id,
        sentence=finding_sentence(finding, clusters=clusters),
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
        text=clipped(marked_runs(row["text"], row["spans_from"])),
        counterfactual=clipped(marked_runs(row["counterfactual"], row["spans_to"])),
        score_from=row["score_from"],
        score_to=row["score_to"],
        effect=row["effect"],
        label_from=row["label_from"] if isinstance(row["label_from"], str) else None,
        label_to=row["label_to"] if isinstance(row["label_to"], str) else None,
    )


def marked_runs(text: str, spans: Any) -> Runs:
    """Returns `text` cut into runs, each with whether it was changed by the swap."""
    runs: Runs = []
    done = 0
    for span in spans if spans is not None else ():
        runs += [(text[done : span["start"]], False), (text[span["start"] : span["end"]], True)]
        done = span["end"]
    return [run for run in [*runs, (text[done:], False)] if run[0]]


def clipped(runs: Runs) -> Runs:
    """Returns `runs` with long stretches that did not change cut down to what is near a change."""
    last = len(runs) - 1
    return [
        (part if changed else _near(part, before=i < last, after=i > 0), changed)
        for i, (part, changed) in enumerate(runs)
    ]


def _near(text: str, *, before: bool, after: bool) -> str:
    """Keeps the end of `text` if it stands before a change, and its start if after one."""
    if len(text) <= 2 * CONTEXT:
        return text
    start = [text[:CONTEXT]] if after or not before else []
    end = [text[-CONTEXT:]] if before else []
    return " ".join([*start, "[…]", *end])

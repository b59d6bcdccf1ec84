"""The declared type of a report: every key is always there; None is not provided or not measured.

Where a record of the audit says all that is shown, the record itself is the row.
"""

from __future__ import annotations

from typing import Any

from auditor.records import (
    Arm,
    AttributeMetric,
    Basis,
    Comparison,
    Criterion,
    Estimate,
    GroupMetric,
    SelfTest,
    SystematicEffect,
    TermEffect,
    Verdict,
)
from auditor.report.base import Part
from auditor.report.cover.parts import (
    CoverPart,
    EditionPart,
    EvidencePart,
    ExecutivePart,
    PlanningPart,
    RegisterPart,
    TextPart,
)
from auditor.report.declared.parts import DataPart, DeclaredPart, MonitoringPart
from auditor.report.figures.parts import FigureRow, MeasuredPart
from auditor.report.packs.parts import FrameworksPart
from auditor.report.parts_attributions import AttributionsPart
from auditor.report.parts_circuits import CircuitsPart
from auditor.report.people.parts import PeoplePart

Runs = list[tuple[str, bool]]
"""A text in runs, each with whether the swap changed it."""


class CheckpointRow(Part):
    """One finding on one checkpoint."""

    model_id: str
    estimate: Estimate
    verdict: Verdict | None


class FindingRow(Part):
    """One contrast and metric."""

    id: str
    sentence: str
    attribute: str
    """Or the protected column, where rows of people are compared."""
    group_a: str
    group_b: str
    metric: str
    arm: Arm
    basis: Basis
    estimate: Estimate
    criterion: Criterion | None
    verdict: Verdict | None
    verdict_reason: str | None
    interval_90: tuple[float, float] | None
    """Decides "meets"; its level is `PlanRow.decision_level`."""
    p_bad_adjusted: float | None
    difference_detected: bool | None
    detectable: float | None
    settles: str | None
    harmful: bool | None
    rule_of_thumb: str | None
    checkpoints: list[CheckpointRow]
    holds_in: int


class CriterionRow(Part):
    """One governing metric with one threshold, and what it holds for."""

    metric: str
    basis: Basis
    unit: str
    delta: float
    origin: str
    origin_kind: str | None
    """law, court, practice, convention, in-house: where the origin begins with it; None: it says
    none."""
    approved_by: str | None
    of: list[str]
    """Attributes, or protected columns."""
    findings: int


class HarmRow(Part):
    """Who is harmed, and which direction is the harm."""

    harmed: str | None
    kind: str | None
    worse: str
    """lower, higher, either."""
    direction: str
    """The same in words."""


class PlanRow(Part):
    """How findings are judged."""

    tests: int
    """Findings on the first checkpoint that were tested: the family of Holm's adjustment."""
    alpha: float
    decision_level: float
    """Of the interval that decides "meets": 1 - 2 alpha."""
    power: float
    must_detect: float | None
    min_clusters: int
    min_rows: int
    self_test: int
    task_concerns: list[str]
    rules_of_thumb: list[str]


class PanelRow(Part):
    """Judged findings that share a metric, a unit and a threshold, and so one axis."""

    metric: str
    basis: Basis
    unit: str
    delta: float
    worse: str | None
    """Where the harm lies on the axis: left or right; None: either."""
    findings: list[int]
    """Places in `Summary.judged` of those that were measured."""
    forest: str
    """What the forest plot shows, in words."""
    checkpoints: str | None
    """What the plot over checkpoints shows; None: there is one checkpoint."""


class ModelRow(Part):
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


class GapRow(Part):
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


class NamesRow(Part):
    """The names of one group on one model: what may differ besides the group."""

    model_id: str
    attribute: str
    group: str
    names: int
    mean_log_count: float | None
    """Mean of log10 of the babies given the first name (United States, 2010)."""
    mean_pieces: float | None
    """Of the full name under the model's tokenizer; None where it has none."""


class Coverage(Part):
    """What was looked at."""

    texts: int
    """Of what the source holds: see `Summary.counted`."""
    clusters: int
    attributes: dict[str, dict[str, Any]]
    names: list[NamesRow]
    models: dict[str, dict[str, int]]


class Summary(Part):
    """What a report says."""

    schema_version: int
    edition: EditionPart
    text: TextPart
    cover: CoverPart
    executive: ExecutivePart
    planning: PlanningPart
    findings_register: RegisterPart
    evidence: EvidencePart
    declared: DeclaredPart
    data: DataPart
    monitoring: MonitoringPart
    name: str
    verdict: Verdict
    verdict_reason: str
    run_id: str
    run_number: int
    started_at: str
    finished_at: str | None
    plan_sha256: str
    root_hash: str | None
    criteria: list[CriterionRow]
    harm: HarmRow
    planned: PlanRow
    counted: str
    """What `coverage.texts` counts: texts, pairs (scored elsewhere) or rows (of outcomes)."""
    standing_for: int | None
    """Rows of people that the lines of a table of counts stand for; None: a line is a row."""
    clusters_are: str
    """What inference counts, in the plural: templates, or clusters of the data."""
    not_provided: list[str]
    plan: dict[str, Any]
    models: list[ModelRow]
    inputs: dict[str, str]
    environment: dict[str, Any]
    judged: list[FindingRow]
    panels: list[PanelRow]
    """Of `judged`; each is a figure."""
    described: list[FindingRow]
    """Other measures of the swaps."""
    arms: list[FindingRow]
    """Measures of pairs that are no swap: placebo, unmentioned, fragmentation."""
    group_differences: list[FindingRow]
    """Signed differences between groups of people that do not govern."""
    systematic: list[SystematicEffect]
    """On the first checkpoint."""
    attribute_metrics: list[AttributeMetric]
    terms: list[TermEffect]
    """On the first checkpoint, the largest of each contrast."""
    groups: list[GroupMetric]
    comparisons: list[Comparison]
    self_test: list[SelfTest]
    data_notes: list[str]
    coverage: Coverage
    largest_gaps: list[GapRow]
    figures: list[FigureRow]
    measured: MeasuredPart
    attributions: AttributionsPart
    circuits: CircuitsPart
    people: PeoplePart
    frameworks: FrameworksPart
    not_tested: list[str]

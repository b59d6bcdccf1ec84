"""The audit plan: every option, default, check and threshold, in one place.

A plan is frozen, and hashed before the first model call. How it is read from TOML or made of
options is in `plan_file.py`; names of files, models and attributes are resolved in `pipeline.py`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from auditor.records import Criterion

PLAN_VERSION = 1


class Section(BaseModel):
    """Frozen, and an unknown key is an error: a misspelt option must not be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class ModelPlan(Section):
    """One checkpoint to audit."""

    id: str = Field(min_length=1, description="Hugging Face id, or a folder with the model.")
    revision: str | None = Field(
        None, description="Branch, tag or commit on the hub; the resolved commit is recorded."
    )
    trust_remote_code: str | None = Field(
        None,
        description="Run Python code that comes with the model. Off unless a reason is given "
        "here; the reason is printed in the run record.",
    )
    allow_pickle: str | None = Field(
        None,
        description="Load pickle weights (.bin), which can run any code. Off unless a reason is "
        "given here; the reason is printed in the run record.",
    )


class DataPlan(Section):
    """What to audit on: exactly one of `path`, `templates`, `pairs` and `predictions`."""

    path: str | None = Field(
        None,
        description="CSV, TSV, Parquet or JSONL file (.gz too), or a Hugging Face dataset folder.",
    )
    templates: tuple[str, ...] = Field(
        (), description="Template sets by name (see `auditor list templates`) or TOML file."
    )
    pairs: str | None = Field(
        None, description="JSONL of pairs scored elsewhere: `auditor swap` rows with scores."
    )
    predictions: str | None = Field(
        None, description="Table of outcomes without texts: group metrics only."
    )
    text: tuple[str, ...] = Field((), description="Text column; several are joined by a blank.")
    label: str | None = Field(None, description="Column with the true label.")
    outcome: str | None = Field(None, description="Predictions only: column with the outcome.")
    outcome_is: Literal["selection", "score"] = Field(
        "selection",
        description="selection: yes or no. score: a number; a row counts as selected at `cutoff`, "
        "or, where none is given, above the median of all rows (ties are not above; the scoring "
        "rate of 6 RCNY 5-300).",
    )
    score: str | None = Field(
        None, description="Predictions only: column with a probability of being selected."
    )
    protected: tuple[str, ...] = Field((), description="Columns with protected attributes.")
    cluster: str | None = Field(
        None,
        description="Column that says which rows belong together (author, document); such rows "
        "move together, so intervals count clusters. None: each row is its own.",
    )
    control: tuple[str, ...] = Field(
        (),
        description="Columns that explain outcomes fairly, such as a job or region: groups are "
        "also compared within each of their values.",
    )
    weight: str | None = Field(None, description="Column with a weight or count per row.")
    weight_kind: Literal["frequency", "sampling"] = Field(
        "frequency", description="frequency: a count of equal rows; sampling: a survey weight."
    )
    encoding: str = Field("utf-8", description="Text encoding of CSV, TSV and JSONL files.")
    limit: int | None = Field(None, ge=1, description="Read at most this many rows.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = {
            "path": self.path,
            "templates": self.templates,
            "pairs": self.pairs,
            "predictions": self.predictions,
        }
        given = [name for name, value in named.items() if value]
        if len(given) > 1:
            raise ValueError(
                f"{' and '.join(given)} are given; give one of {', '.join(named)} and make "
                "one audit for each"
            )
        if self.predictions and not self.outcome:
            raise ValueError("predictions need an outcome column; name it with `outcome`")
        if self.predictions and not self.protected:
            raise ValueError("predictions need at least one protected column; name it")
        return self


class SwapPlan(Section):
    """Which protected tokens are swapped."""

    attributes: tuple[str, ...] = Field(
        ("gender", "religion"),
        description="Attributes to swap (see `auditor list attributes`).",
    )
    contrasts: Literal["reference", "all"] = Field(
        "reference",
        description="reference: every group against the attribute's reference group; all: every "
        "pair of groups, which is more tests and so less power for each.",
    )
    references: dict[str, str] = Field(
        default_factory=dict, description="Attribute -> reference group; else the lexicon's."
    )
    groups: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Attribute -> the groups to compare; else all that its texts can name. "
        "gender's neutral (they), which changes grammar too, must be named to be compared.",
    )
    arms: tuple[Literal["placebo", "unmentioned", "fragmentation"], ...] = Field(
        ("placebo", "unmentioned", "fragmentation"),
        description="What stands beside the swaps and never decides: placebo (words and names "
        "changed within a group), unmentioned (the descriptor left out), fragmentation (rare "
        "names in many pieces against common ones, within the reference group).",
    )
    names_per_group: int = Field(
        24,
        ge=2,
        description="Names of each group that every text with a name is crossed with. Fewer make "
        "small differences undetectable, however many texts there are; more cost time.",
    )
    leave: tuple[str, ...] = Field(
        (), description="Phrases to leave alone: names of people you know of, titles of works."
    )
    lexicons: tuple[str, ...] = Field((), description="Lexicon files of your own (TOML).")
    language: str = Field("en", description="Of texts, templates and lexicons.")


class ScoringPlan(Section):
    """How texts become scores."""

    favourable: tuple[str | int, ...] = Field(
        (),
        description="The label, or labels, that are good to receive, by name or index. For a "
        'regression: "higher" or "lower".',
    )
    labels: tuple[str, ...] = Field(
        (), description="Names of the columns that a callable or pairs file gives, in order."
    )
    cutoff: float | None = Field(
        None,
        description="Select the favourable label at this score, as in use. None: the most "
        "probable label (multi-label: .5). A regression needs it for flips.",
    )
    device: str = Field("auto", description="auto (CUDA, MPS, CPU), or a torch device: cuda:1.")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="auto: as saved on a GPU, float32 on a CPU. bfloat16: faster; texts near a "
        "decision are scored again in float32.",
    )
    token_budget: int | None = Field(
        None,
        ge=16,
        description="Tokens per batch, padding included. None: chosen for the device. More is "
        "faster on a GPU until memory ends (then batches are halved).",
    )
    too_long: Literal["truncate", "refuse"] = Field(
        "truncate",
        description="A text longer than the model's window: truncate (counted and reported) or "
        "refuse (stop before scoring).",
    )
    offline: bool = Field(False, description="Never ask the hub; use local and cached files.")


Governing = Literal[
    "auto",
    "selection_rate_change",
    "false_negative_rate_change",
    "false_positive_rate_change",
    "standardised_effect",
    "mean_effect",
    "mean_margin_effect",
]
"""Signed metrics of a swap that may have a verdict; see `auditor list metrics`."""

GoverningGroups = Literal[
    "auto",
    "none",
    "selection_rate_difference",
    "true_positive_rate_difference",
    "false_positive_rate_difference",
]
"""Signed differences between groups of people that may have a verdict."""

_HALF = (
    "in-house: half of the +-.10 toolkit convention, since texts are otherwise equal; no legal "
    "source"
)
_CONVENTION = "toolkit convention of +-.10 (AIF360, holisticai); no legal source"
DEFAULTS: dict[str, tuple[float, str]] = {
    "selection_rate_change": (0.05, _HALF),
    "false_negative_rate_change": (0.05, _HALF),
    "false_positive_rate_change": (0.05, _HALF),
    "standardised_effect": (
        0.1,
        "in-house: a tenth of the SD of the scores of the operator's own texts; no legal source",
    ),
    "selection_rate_difference": (0.10, _CONVENTION),
    "true_positive_rate_difference": (0.10, _CONVENTION),
    "false_positive_rate_difference": (0.10, _CONVENTION),
}
"""Governing metric -> delta and its origin, where the plan gives none. A mean effect in units of
its own has no default: what is small depends on the score."""


class CriterionPlan(Section):
    """What governs one attribute, or one protected column, where it differs from the rest."""

    governing: Governing | GoverningGroups | None = Field(None, description="Its own metric.")
    delta: float | None = Field(None, gt=0, description="Its own threshold.")
    delta_origin: str | None = Field(None, description="Where that comes from.")
    approved_by: str | None = Field(None, description="Who approved it.")


class MetricPlan(Section):
    """What decides, and from which thresholds."""

    governing: Governing = Field(
        "auto",
        description="The one metric per contrast that has a verdict; others are descriptive. auto: "
        "false_negative_rate_change where the data has true labels (a text that deserves the "
        "favourable label loses it with the group), else selection_rate_change, else, for scores "
        "without a cut-off, standardised_effect.",
    )
    governing_groups: GoverningGroups = Field(
        "auto",
        description="The same for differences between groups of people. auto: "
        "selection_rate_difference in an audit of outcomes without texts, else none.",
    )
    delta: float | None = Field(
        None,
        gt=0,
        description="Acceptable within +-delta, in the governing metric's unit. None: the "
        "metric's default, printed with its origin.",
    )
    delta_origin: str | None = Field(None, description="Where delta comes from; printed beside it.")
    approved_by: str | None = Field(
        None, description="Who approved the threshold. None prints as NOT PROVIDED."
    )
    by_attribute: dict[str, CriterionPlan] = Field(
        default_factory=dict,
        description="Attribute or protected column -> governing, delta, delta_origin, approved_by "
        "of its own.",
    )
    alpha: float = Field(0.05, gt=0, lt=0.5, description="Error rate of each verdict.")
    min_clusters: int = Field(
        20, ge=8, description="Fewer clusters than this: not tested. 8 is the hard floor."
    )
    min_rows: int = Field(
        30, ge=2, description="A group of people with fewer rows than this: not tested."
    )
    rules_of_thumb: tuple[Literal["four_fifths"], ...] = Field(
        ("four_fifths",),
        description="Point-estimate rules of law, answered beside the verdict for groups of "
        "people and never in its place. four_fifths: 29 CFR 1607.4(D), employment in the US.",
    )
    power: float = Field(
        0.8, gt=0.5, lt=1, description="Chance of finding a difference of the detectable size."
    )
    must_detect: float | None = Field(
        None,
        gt=0,
        description="Refuse to score where a finding is not expected to detect a difference of "
        "this size with `power`; see --dry-run and --pilot.",
    )
    self_test: int = Field(
        500,
        ge=0,
        description="Relabellings of the run's own scores by which its error rates are measured; "
        "0 for none.",
    )
    task_concerns: tuple[str, ...] = Field(
        (), description="Attributes that are the task's own target; they are refused."
    )

    @model_validator(mode="after")
    def _thresholds_are_known(self) -> Self:
        each: dict[str, MetricPlan | CriterionPlan] = {"": self, **self.by_attribute}
        for name, own in each.items():
            metric = own.governing or self.governing
            delta = own.delta if metric != self.governing else own.delta or self.delta
            if metric not in ("auto", "none", *DEFAULTS) and delta is None:
                where = f"by_attribute.{name}: " if name else ""
                raise ValueError(
                    f"{where}{metric} is in units of the score, which have no default threshold; "
                    "give delta and delta_origin"
                )
        return self

    def governs(self, attribute: str, *, of_people: bool = False) -> str:
        """Returns what decides for an attribute, or for a protected column (`of_people`): a metric,
        "auto" or "none"."""
        own = self.by_attribute.get(attribute)
        kinds = get_args(GoverningGroups if of_people else Governing)
        if own is not None and own.governing in kinds:
            return str(own.governing)
        return self.governing_groups if of_people else self.governing

    def criterion(self, attribute: str, metric: str) -> Criterion:
        """Returns the threshold of a governing metric for an attribute or protected column.

        The plan's delta is in the unit of its own `governing`, so it does not hold for an attribute
        that names another metric: that one's default does.
        """
        own = self.by_attribute.get(attribute, CriterionPlan())
        approved_by = own.approved_by or self.approved_by
        other = own.governing not in (None, self.governing, self.governing_groups)
        for given in (own, None if other else self):
            if given is not None and given.delta is not None:
                origin = given.delta_origin or "the plan, which gives no origin"
                return Criterion(given.delta, origin, approved_by, metric)
        return Criterion(*DEFAULTS[metric], approved_by, metric)


class HarmPlan(Section):
    """Who is harmed, and which direction is the harm."""

    harmed: str | None = Field(
        None, description="Who is harmed, and how, if the favourable label is withheld."
    )
    harm_kind: Literal["allocative", "representational"] | None = Field(
        None,
        description="allocative: something is given or withheld; representational: a group is "
        "spoken of or shown in a worse way.",
    )
    worse: Literal["lower", "higher", "either"] = Field(
        "lower",
        description="Which effect on a group is the harm: lower (it receives the favourable label "
        "less), higher, or either alike. Findings with this direction come first.",
    )


class CasePlan(Section):
    """Which pairs are flagged for a person."""

    largest_share: float = Field(
        0.05, ge=0, le=1, description="Flag this share of largest absolute effects, and flips."
    )
    max_cases: int = Field(500, ge=0, description="At most this many per attribute.")


class AuditPlan(Section):
    """Everything that decides the result of an audit."""

    name: str = Field("audit", min_length=1, description="Printed on the report.")
    seed: int = Field(0, ge=0, description="Of everything that is drawn.")
    models: tuple[ModelPlan, ...] = ()
    data: DataPlan = DataPlan()
    swaps: SwapPlan = SwapPlan()
    scoring: ScoringPlan = ScoringPlan()
    metrics: MetricPlan = MetricPlan()
    harm: HarmPlan = HarmPlan()
    cases: CasePlan = CasePlan()

    @field_validator("models")
    @classmethod
    def _distinct(cls, models: tuple[ModelPlan, ...]) -> tuple[ModelPlan, ...]:
        seen = [(m.id, m.revision) for m in models]
        twice = sorted({m for m, _ in seen if seen.count((m, _)) > 1})
        if twice:
            raise ValueError(f"named twice: {', '.join(twice)}; name each checkpoint once")
        return models

    @model_validator(mode="after")
    def _refuse_own_target(self) -> Self:
        concerns = set(self.metrics.task_concerns)
        own = sorted(a for a in self.swaps.attributes if {a, *a.split("*")} & concerns)
        if own:
            raise ValueError(
                f"{', '.join(own)} is both swapped and the task's own target (task_concerns): "
                "swapping it should move the score, so a verdict would be wrong; drop it from "
                "one of the two"
            )
        return self

    @model_validator(mode="after")
    def _own_criteria_are_of_something(self) -> Self:
        known = {*self.swaps.attributes, *self.data.protected}
        unknown = sorted(
            name
            for name in self.metrics.by_attribute
            if name not in known and not set(name.split("*")) <= known
        )
        if unknown and not self.data.pairs:
            raise ValueError(
                f"metrics.by_attribute names {', '.join(unknown)}, which this audit does not have; "
                f"it has {', '.join(sorted(known))}"
            )
        return self

    def canonical(self) -> str:
        """Returns the plan as JSON with sorted keys: equal plans give equal bytes."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.canonical().encode()).hexdigest()

"""The audit plan: every option, default, check and threshold, in one place.

A plan is frozen, and hashed before the first model call. How it is read from TOML or made of
options is in `plan_file.py`; names of files, models and attributes are resolved in `pipeline.py`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from auditor.plan_attributions import AttributionPlan
from auditor.plan_circuits import CircuitPlan
from auditor.plan_metrics import HarmPlan, MetricPlan, Section
from auditor.plan_report import DeclaredPlan, ReportPlan
from auditor.records import NAMES_SUFFIX

PLAN_VERSION = 1


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
    gives: Literal["probabilities", "multi_label", "regression"] = Field(
        "probabilities",
        description="What a callable gives: probabilities that sum to 1 per text, probabilities of "
        "labels that do not exclude each other, or one number per text.",
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

    @property
    def favourable_words(self) -> list[str]:
        """The favourable labels by name; an index counts in `labels`."""
        given = (
            word if isinstance(word, str) else self.labels[word]
            for word in self.favourable
            if isinstance(word, str) or word < len(self.labels)
        )
        return list(dict.fromkeys(given))


def parts_of(attribute: str) -> set[str]:
    """Returns an attribute with all that it is made of: "gender*race_names" has gender and race."""
    parts = attribute.split("*")
    return {attribute, *parts, *(part.removesuffix(NAMES_SUFFIX) for part in parts)}


class CasePlan(Section):
    """Which pairs are flagged for a person."""

    largest_share: float = Field(
        0.05, ge=0, le=1, description="Flag this share of largest absolute effects, and flips."
    )
    max_cases: int = Field(500, ge=0, description="At most this many per attribute.")


_NOT_DECIDING = {"declared", "report"}
"""Sections that decide no result: a plan's hash stays when a fact is declared later."""


class AuditPlan(Section):
    """Everything that decides the result of an audit, and what people declare beside it."""

    name: str = Field("audit", min_length=1, description="Printed on the report.")
    seed: int = Field(0, ge=0, description="Of everything that is drawn.")
    models: tuple[ModelPlan, ...] = ()
    data: DataPlan = DataPlan()
    swaps: SwapPlan = SwapPlan()
    scoring: ScoringPlan = ScoringPlan()
    metrics: MetricPlan = MetricPlan()
    harm: HarmPlan = HarmPlan()
    cases: CasePlan = CasePlan()
    attributions: AttributionPlan = AttributionPlan()
    circuits: CircuitPlan = CircuitPlan()
    declared: DeclaredPlan = DeclaredPlan()
    report: ReportPlan = ReportPlan()

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
        if self.data.pairs or self.data.predictions:
            return self  # pairs say themselves what they swap, and are refused when they are read
        concerns = set(self.metrics.task_concerns)
        own = sorted(a for a in self.swaps.attributes if parts_of(a) & concerns)
        if own:
            raise ValueError(
                f"{', '.join(own)} is both swapped and the task's own target (task_concerns): "
                "swapping it should move the score, so a verdict would be wrong; drop it from "
                "one of the two"
            )
        return self

    @model_validator(mode="after")
    def _own_criteria_are_of_something(self) -> Self:
        asked = {
            "by_attribute": (list(self.metrics.by_attribute), self.swaps.attributes),
            "by_column": (list(self.metrics.by_column), self.data.protected),
        }
        for name, (own, known) in asked.items():
            crossed = {f"{a}*{b}" for a in known for b in known} if name == "by_column" else set()
            unknown = sorted(set(own) - set(known) - crossed)
            if unknown and not (self.data.pairs and name == "by_attribute"):
                raise ValueError(
                    f"metrics.{name} names {', '.join(unknown)}, which this audit does not have; "
                    f"it has {', '.join(known) or 'none'}"
                )
        return self

    @model_validator(mode="after")
    def _outcomes_have_no_texts(self) -> Self:
        given = {"models": self.models, "text": self.data.text}
        named = [name for name, value in given.items() if value]
        if self.data.predictions and named:
            raise ValueError(
                f"a table of outcomes is audited without texts or models; drop {', '.join(named)}, "
                "or give the texts as `path`"
            )
        return self

    def canonical(self, *, deciding: bool = False) -> str:
        """Returns the plan as JSON with sorted keys: equal plans give equal bytes.

        Args:
            deciding: only what decides a result.
        """
        values = self.model_dump(mode="json", exclude=_NOT_DECIDING if deciding else None)
        return json.dumps(values, sort_keys=True, ensure_ascii=False)

    @property
    def sha256(self) -> str:
        """Of what decides a result, which is fixed before the first model call."""
        return hashlib.sha256(self.canonical(deciding=True).encode()).hexdigest()

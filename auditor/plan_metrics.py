"""What decides an audit: governing metrics, thresholds with their origin, and the harm.

Part of the plan, in a file of its own: this is what a reviewer of a plan reads first.
"""

from __future__ import annotations

from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from auditor.records import Criterion


class Section(BaseModel):
    """Frozen, and an unknown key is an error: a misspelt option must not be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


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
_CONVENTION = "convention: the +-.10 of toolkits (AIF360, holisticai); no legal source"
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


class _Own(Section):
    delta: float | None = Field(None, gt=0, description="Its own threshold.")
    delta_origin: str | None = Field(None, description="Where that comes from.")
    approved_by: str | None = Field(None, description="Who approved it.")


class CriterionPlan(_Own):
    """What governs one attribute, where it differs from the others."""

    governing: Governing | None = Field(None, description="Its own metric.")


class ColumnCriterionPlan(_Own):
    """What governs one protected column, where it differs from the others."""

    governing: GoverningGroups | None = Field(None, description="Its own metric.")


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
    delta_groups: float | None = Field(
        None,
        gt=0,
        description="The same of `governing_groups`: for differences between groups of people.",
    )
    delta_groups_origin: str | None = Field(
        None, description="Where delta_groups comes from; printed beside it."
    )
    approved_by: str | None = Field(
        None, description="Who approved the thresholds. None prints as NOT PROVIDED."
    )
    by_attribute: dict[str, CriterionPlan] = Field(
        default_factory=dict,
        description="Attribute -> governing, delta, delta_origin, approved_by of its own.",
    )
    by_column: dict[str, ColumnCriterionPlan] = Field(
        default_factory=dict,
        description="Protected column -> the same of its own. A crossed column (sex*race) is "
        "judged only where it is named here: it has many groups, which take power from all.",
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
            if metric not in ("auto", *DEFAULTS) and delta is None:
                where = f"by_attribute.{name}: " if name else ""
                raise ValueError(
                    f"{where}{metric} is in units of the score, which have no default threshold; "
                    "give delta and delta_origin"
                )
        return self

    @model_validator(mode="after")
    def _rates_stay_below_one(self) -> Self:
        """A delta of 5 was meant as a percentage, and would accept whatever a model does."""
        each: list[tuple[str, float | None]] = [
            (self.governing, self.delta),
            (self.governing_groups, self.delta_groups),
            *((own.governing or self.governing, own.delta) for own in self.by_attribute.values()),
            *((own.governing or "auto", own.delta) for own in self.by_column.values()),
        ]
        rates = {"auto", "none", *DEFAULTS} - {"standardised_effect"}
        wrong = sorted({f"{d:g}" for metric, d in each if metric in rates and d and d >= 1})
        if wrong:
            raise ValueError(
                f"a delta of {', '.join(wrong)} accepts any difference of rates, which lie between "
                "0 and 1; 5 percentage points are 0.05"
            )
        return self

    def governs(self, attribute: str) -> str:
        """Returns what decides for an attribute: a metric, or "auto"."""
        own = self.by_attribute.get(attribute)
        return own.governing if own and own.governing else self.governing

    def governs_groups(self, column: str) -> str:
        """Returns what decides for a protected column: a metric, "auto" or "none"."""
        own = self.by_column.get(column)
        return own.governing if own and own.governing else self.governing_groups

    def criterion(self, attribute: str, metric: str) -> Criterion:
        """Returns the threshold of a governing metric for an attribute or protected column.

        The plan's delta is in the unit of its own metric, so it does not hold for an attribute
        that names another, nor for groups of people: there the metric's default does.
        """
        own: CriterionPlan | ColumnCriterionPlan | None
        if metric in get_args(GoverningGroups):
            own, named = self.by_column.get(attribute), str(self.governing_groups)
            at_large = (self.delta_groups, self.delta_groups_origin)
        else:
            own, named = self.by_attribute.get(attribute), str(self.governing)
            at_large = (self.delta, self.delta_origin)
        approved_by = (own and own.approved_by) or self.approved_by
        other = own is not None and own.governing not in (None, named)
        fallback = DEFAULTS.get(metric, (None, None))
        candidates = [
            (own.delta, own.delta_origin) if own else (None, None),
            (None, None) if other else at_large,
            fallback,
        ]
        delta, origin = next(each for each in candidates if each[0] is not None)
        assert delta is not None
        return Criterion(delta, origin or "the plan, which gives no origin", approved_by, metric)


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

"""The vocabulary: frozen records of single things that pass between the stages.

A source text, a pair, an estimate, a finding; tables are in `schemas.py`. Every stage trusts them:
invariants are checked where a record is made. "Not measured" is `None` with a reason, never 0 and
never NaN.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1
"""Of every JSON file in a run folder. Readers refuse a newer one by name."""

NAMES_SUFFIX = "_names"
"""Ends the id of an attribute that is swapped by people's names: race_names, gender_names."""

Span = tuple[int, int]
"""Start and end of a mention, in characters of its text, end exclusive."""


class Verdict(StrEnum):
    """What an audit says of a criterion. The only verdict words that the tool ever prints."""

    MEETS = "meets criterion"
    DOES_NOT_MEET = "does not meet criterion"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not tested"
    NOT_APPLICABLE = "not applicable"


class Arm(StrEnum):
    """Why a pair exists."""

    SWAP = "swap"
    """Group A against group B."""
    PLACEBO = "placebo"
    """Within one group: the noise floor of "any token changed"."""
    UNMENTIONED = "unmentioned"
    """The descriptor left out."""
    FRAGMENTATION = "fragmentation"
    """Terms of one group that the tokenizer breaks into more pieces."""


class Validity(StrEnum):
    """Whether a pair may enter a verdict; only `VALID` pairs do."""

    VALID = "valid"
    ASYMMETRIC = "asymmetric"
    AMBIGUOUS = "ambiguous"
    NOT_SEEN = "not_seen_by_model"


class Severity(StrEnum):
    """How urgent a case is for a person."""

    HIGH = "high"
    """The label flips in the harmful direction: the group compared loses the favourable label."""
    MEDIUM = "medium"
    """Any other flip, or an effect beyond the criterion."""
    LOW = "low"


def text_id(text: str) -> str:
    """Returns the identity of a text: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def digest(*parts: str) -> str:
    """Returns 16 hexadecimal digits that depend on every part and on where one part ends."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two groups of one attribute in one fixed orientation: effects are of B against A.

    Twice the same group only in arms that stay within it."""

    attribute: str
    group_a: str
    """The reference."""
    group_b: str

    @property
    def contrast_id(self) -> str:
        """Also part of file names: the "*" of an intersection is written "_x_". A "." in a name is
        written "%2E", so that no two contrasts have one id."""
        names = (self.attribute.replace("*", "_x_"), self.group_a, self.group_b)
        return ".".join(name.replace("%", "%25").replace(".", "%2E") for name in names)

    @property
    def crossed(self) -> bool:
        """Whether terms are drawn as well as templates: every text meets the same names of each
        group, which stand for other names (any part of "gender*race_names" is of names)."""
        return any(part.endswith(NAMES_SUFFIX) for part in self.attribute.split("*"))


@dataclass(frozen=True, slots=True)
class TemplateTerm:
    """What fills the slot of a template, for one attribute."""

    attribute: str
    concept: str
    phrase: str
    """Of the reference group, without an article: "young person"."""
    is_name: bool = False
    """A person's name, which takes no article: "Emily Walsh"."""
    gender: str = ""
    """Grammatical; "" where the language has none."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A word of a filled template that agrees with the grammatical gender of its person."""

    span: Span
    forms: tuple[str, ...]  # [gender], in the language's order


@dataclass(frozen=True, slots=True)
class SourceText:
    """One text of the audit, from a table or a filled template."""

    row_id: str
    """Unique within the audit and stable between runs: "<source>-<row number>"."""
    text: str
    cluster: str
    """The template or document it came from: what inference counts."""
    template_id: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    attributes: tuple[str, ...] | None = None
    """Attributes to swap in this text; None means all of the plan. A template filled for
    disability is not audited for gender as well."""
    agreements: tuple[Agreement, ...] | None = None
    """What agrees with the template's person, in order; None: not known, as in a free text."""
    label: str | None = None
    """The true label in the data's own words; None where the data has none."""
    protected: Mapping[str, str | None] = field(default_factory=dict)
    """Protected column -> the row's value, None where unknown."""
    weight: float | None = 1.0
    """None: the row has none, and does not count among groups of people."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A text and its counterfactual, before any model has seen them. Text only."""

    row_id: str
    cluster: str
    contrast: Contrast
    group_from: str
    group_to: str
    term_from: str
    """The first mention swapped, as it stands in the text."""
    term_to: str
    text: str
    counterfactual: str
    spans_from: tuple[Span, ...]  # [edit], characters of `text`
    spans_to: tuple[Span, ...]  # [edit], characters of `counterfactual`
    arm: Arm = Arm.SWAP
    validity: Validity = Validity.VALID
    reason: str | None = None
    template_id: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    label_true: str | None = None
    weight: float | None = 1.0
    frequency_from: float | None = None
    """Of a name: how many babies were given it (United States, 2010); None for other terms."""
    frequency_to: float | None = None

    def __post_init__(self) -> None:
        if self.arm is Arm.SWAP and self.contrast.group_a == self.contrast.group_b:
            raise ValueError(f"a swap needs two groups, got {self.contrast.group_a!r} twice")
        if len(self.spans_from) != len(self.spans_to) or not self.spans_from:
            raise ValueError("a pair has as many spans on one side as on the other, at least one")
        if self.validity is not Validity.VALID and self.reason is None:
            raise ValueError(f"a pair that is {self.validity.value} says why")

    @property
    def pair_id(self) -> str:
        """Depends on row, contrast, direction, terms and arm; not on model or run, so that runs
        compare and decisions find their pair again."""
        return digest(
            self.row_id,
            self.contrast.contrast_id,
            self.group_from,
            self.group_to,
            self.term_from,
            self.term_to,
            self.arm.value,
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its uncertainty and count. No number travels without them."""

    value: float | None
    """None: not measured, and `reason` says why."""
    low: float | None
    high: float | None
    n: int
    clusters: int
    unit: str
    method: str
    level: float = 0.95
    reason: str | None = None

    def __post_init__(self) -> None:
        numbers = [x for x in (self.value, self.low, self.high) if x is not None]
        if any(not math.isfinite(x) for x in numbers):
            raise ValueError(f"an estimate is finite or None with a reason, got {self}")
        if self.value is None and not self.reason:
            raise ValueError("an estimate that was not measured says why")

    @classmethod
    def missing(cls, reason: str, *, unit: str, n: int = 0, clusters: int = 0) -> Estimate:
        """Returns the estimate of something that was not measured."""
        return cls(None, None, None, n, clusters, unit, "none", reason=reason)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A threshold, where it comes from, and who approved it."""

    delta: float
    """The effect is acceptable within +-delta, in the metric's unit."""
    origin: str
    approved_by: str | None = None
    """None prints as NOT PROVIDED."""
    metric: str = "selection_rate_change"
    """The governing metric that it is a threshold of."""


@dataclass(frozen=True, slots=True)
class CheckpointResult:
    """One finding, computed on one checkpoint alone."""

    model_id: str
    estimate: Estimate
    verdict: Verdict | None


class Basis(StrEnum):
    """What a finding compares."""

    SWAPS = "swaps"
    """A text with itself, a group's words exchanged."""
    GROUPS = "groups"
    """Rows of one group of people with rows of another."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one metric says of one contrast, on the first checkpoint of the plan."""

    contrast: Contrast
    metric: str
    model_id: str
    estimate: Estimate
    verdict: Verdict | None
    """None: the metric is descriptive and makes no claim."""
    verdict_reason: str | None = None
    p_bad: float | None = None
    """Of |theta| <= delta."""
    p_bad_adjusted: float | None = None
    """Holm over all confirmatory findings of the audit."""
    difference_detected: bool | None = None
    """Adjusted test of theta = 0."""
    interval_90: tuple[float, float] | None = None
    """Decides "meets": two one-sided tests at 5 %."""
    criterion: Criterion | None = None
    rule_of_thumb: str | None = None
    """What a point-estimate rule of law says, in its own words; never a verdict."""
    detectable: float | None = None
    """The least effect that this sample finds with the plan's power, in the metric's unit."""
    settles: str | None = None
    """How much more of what would settle an inconclusive finding, or why nothing would."""
    harmful: bool | None = None
    """Whether the effect goes in the direction that the plan calls the harm."""
    arm: Arm = Arm.SWAP
    basis: Basis = Basis.SWAPS
    checkpoints: tuple[CheckpointResult, ...] = ()
    """Every checkpoint of the plan, the first included."""

    @property
    def finding_id(self) -> str:
        """Also a file name: letters, digits, '.', '_' and '-' as long as the groups are."""
        arm = "" if self.arm is Arm.SWAP else f"{self.arm.value}."
        basis = "" if self.basis is Basis.SWAPS else f"{self.basis.value}."
        return f"{basis}{self.contrast.contrast_id}.{arm}{self.metric}"

    @property
    def holds_in(self) -> int:
        """In how many checkpoints, each judged alone, the verdict is the first one's."""
        return sum(c.verdict == self.verdict for c in self.checkpoints)


@dataclass(frozen=True, slots=True)
class Overall:
    """The audit's answer: every confirmatory finding together."""

    verdict: Verdict
    reason: str
    """One sentence: how many findings met, did not meet, or could not be settled."""

    def __str__(self) -> str:
        return self.verdict.value


@dataclass(frozen=True, slots=True)
class GroupMetric:
    """One metric for one group of a protected column (fairlearn's value, our interval)."""

    column: str
    group: str
    metric: str
    estimate: Estimate
    model_id: str


@dataclass(frozen=True, slots=True)
class AttributeMetric:
    """One metric of an attribute as a whole, over all its contrasts."""

    attribute: str
    metric: str
    model_id: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class TermEffect:
    """The effect of one term for another, in a contrast of several."""

    contrast: Contrast
    model_id: str
    term_a: str
    term_b: str
    estimate: Estimate
    """Of the score; intervals hold for all terms of the contrast together."""


@dataclass(frozen=True, slots=True)
class SystematicEffect:
    """What is left of a contrast's effects of any sign once those of placebo pairs are taken off.

    Root of (mean square across groups less mean square within groups), 0 where it is negative.
    """

    contrast: Contrast
    model_id: str
    value: float | None
    across: Estimate
    """Root mean square of the effects of the swap."""
    within: Estimate
    """Root mean square of the effects of placebo pairs."""
    p: float | None
    """By permuting whole names between the groups; None: descriptive."""
    reason: str
    """What it rests on, and what it does not show."""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """How often audits like this one claim something, on this run's own scores relabelled.

    Groups are exchanged at random, so that there is no difference but the one planted.
    """

    planted: float
    """In units of each finding's delta: 0, 1 or 2."""
    relabellings: int
    findings: int
    detected: Estimate
    """Share of audits with a difference detected in any finding."""
    not_met: Estimate
    """Share of audits in which any finding does not meet its criterion."""
    met: Estimate
    """Share of audits that meet in every finding."""
    found: Estimate
    """Mean share of findings with a difference detected: the power of one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A group of people against a reference, in the numbers that employment law speaks of.

    Everything here is descriptive. Of counts: None where rows carry sampling weights.
    """

    column: str
    group: str
    reference: str
    model_id: str
    selected: int | None
    n: int
    selected_reference: int | None
    n_reference: int
    impact_ratio: Estimate
    """Rate over the reference's; Katz's interval on the log scale."""
    difference: Estimate
    """Rate less the reference's; Newcombe's interval."""
    z_pooled: float | None
    p_z: float | None
    z_hypergeometric: float | None
    p_fisher: float | None
    """Two-sided."""
    p_fisher_adjusted: float | None
    """Holm over the groups of this column."""
    shortfall: float | None
    """Selections that the group lacks: expected if both had their common rate, less seen."""
    cohen_h: float | None
    one_person_turns: bool | None
    """Whether one selection more or less moves the ratio across four fifths."""
    small_numbers: bool
    """Fewer than 30 rows or an expected count below 5: read Fisher, not z."""
    rule_of_thumb: str | None
    """Four fifths, of whole numbers: 12/40 over 15/40 is not below it."""


@dataclass(frozen=True, slots=True)
class Results:
    """All that an audit found, as `findings.json` holds it."""

    overall: Overall
    findings: tuple[Finding, ...] = ()
    attribute_metrics: tuple[AttributeMetric, ...] = ()
    terms: tuple[TermEffect, ...] = ()
    systematic: tuple[SystematicEffect, ...] = ()
    self_test: tuple[SelfTest, ...] = ()
    group_metrics: tuple[GroupMetric, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    data_notes: tuple[str, ...] = ()
    """What was odd in the data, in sentences; nothing was guessed in its place."""
    coverage: Mapping[str, Any] = field(default_factory=dict)


def to_plain(record: Any) -> dict[str, Any]:
    """Returns a record as JSON-ready dictionaries and lists (enums as their words)."""
    return asdict(record)

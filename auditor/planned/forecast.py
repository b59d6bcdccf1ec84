"""What a sample could find, said before it is scored: one forecast for each judged contrast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from auditor.errors import PlanError, collected
from auditor.metrics.crossed import Design, Parts
from auditor.metrics.estimates import HARD_FLOOR, OneTrial, StudentMean, too_few
from auditor.metrics.power import (
    MOST,
    PRACTICAL,
    detectable,
    detectable_flips,
    least,
    power_to_meet,
    two_digits,
)
from auditor.plan import AuditPlan
from auditor.plan_metrics import MetricPlan
from auditor.planned.counts import ContrastCount
from auditor.planned.spreads import SCALES, SDs, name_parts, word_law
from auditor.planned.tracing import TracingCost
from auditor.records import Basis, Contrast, Criterion


@dataclass(frozen=True, slots=True)
class Spread:
    """The SDs that a forecast rests on."""

    sds: SDs | None
    """None: nothing can be assumed, as of an output with units of its own."""
    origin: str
    """assumed, or what was measured."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What can be expected of one finding."""

    contrast: Contrast
    criterion: Criterion
    """Its metric governs."""
    n: int
    """Valid pairs that count, or rows of both groups."""
    clusters: int
    """That inference counts; of people, rows of the smaller group."""
    names: int | None = None
    """Per group, of a contrast of names."""
    basis: Basis = Basis.SWAPS
    spread: Spread | None = None
    detectable: float | None = None
    """The least effect that this test alone finds with the plan's power. None: not known."""
    detectable_adjusted: float | None = None
    """The same at the share of alpha that Holm leaves a finding when no other differs."""
    chance_to_meet: float | None = None
    """That the criterion is met if the true effect is 0."""
    outlook: str = ""
    """Whether the sample suffices against delta, and what would."""
    untested: str | None = None
    """Why there would be no verdict."""
    parts: Parts | None = None
    """The variance to expect of names x templates."""
    law: StudentMean | OneTrial | None = None

    @property
    def suffices(self) -> bool:
        return self.detectable is not None and self.detectable < self.criterion.delta


def forecast(
    count: ContrastCount, spread: Spread, criterion: Criterion, plan: MetricPlan
) -> Forecast:
    """Returns what to expect of one contrast of swaps, before others are considered."""
    names = min(count.design.sizes, default=0) if count.design else None
    clusters = count.design.templates if count.design else count.clusters
    plain = Forecast(count.contrast, criterion, count.pairs, clusters, names, spread=spread)
    why = _untested(count, clusters, plan)
    if why:
        return replace(plain, untested=why, outlook=f"not tested: {why}")
    if spread.sds is None:
        unknown = "not known: an output with units of its own; --pilot measures its spread"
        return replace(plain, outlook=unknown)
    law, parts = _law(count, spread.sds)
    known = replace(plain, parts=parts, law=law)
    known = replace(known, detectable=_finds(known, law, plan.power, plan.alpha))
    return replace(
        known,
        chance_to_meet=_chance_to_meet(law, criterion.delta, plan.alpha),
        outlook=_outlook(known, plan),
    )


def _untested(count: ContrastCount, clusters: int, plan: MetricPlan) -> str | None:
    a, b = count.contrast.group_a, count.contrast.group_b
    if not count.pairs:
        return f"no text mentions {a} or {b} in a way that can be swapped and counts"
    if count.design and count.design.too_small:
        return count.design.too_small
    least_clusters = max(plan.min_clusters, HARD_FLOOR)
    return too_few(clusters, least_clusters) if clusters < least_clusters else None


def _law(count: ContrastCount, sds: SDs) -> tuple[StudentMean | OneTrial, Parts | None]:
    if count.design is None:
        return word_law(sds, count.clusters, count.inverse_size), None
    design: Design = count.design
    if sds.none:
        return OneTrial(0.0, design.templates, (-1.0, 1.0)), None
    parts = name_parts(sds, tuple(design.sizes), design.templates)
    return parts.law(), parts


def _finds(
    found: Forecast, law: StudentMean | OneTrial, power: float, alpha: float
) -> float | None:
    """The detectable effect. A swap of words turns whole clusters, so there an effect on flips adds
    to their variance; names turn a cell here and there."""
    flips = SCALES[found.criterion.metric] == "rate" and found.names is None
    if flips and isinstance(law, StudentMean):
        return detectable_flips(law.se, round(law.df) + 1, power=power, alpha=alpha)
    return detectable(law, power=power, alpha=alpha)


def _chance_to_meet(law: StudentMean | OneTrial, delta: float, alpha: float) -> float:
    if isinstance(law, StudentMean):
        return power_to_meet(law.se, law.df, delta, alpha=alpha)
    interval = law.interval(1 - 2 * alpha)
    return float(interval is not None and -delta < interval[0] and interval[1] < delta)


def _outlook(found: Forecast, plan: MetricPlan) -> str:
    """Whether delta is within reach, and what would bring it there."""
    if found.suffices:
        return "enough"
    return more(found, found.criterion.delta, plan.power, plan.alpha)


def more(found: Forecast, size: float, power: float, alpha: float) -> str:
    """Returns what it takes to detect an effect of `size`."""
    small = f"too small to find {size:g}"
    if found.parts is not None:
        return f"{small}: {_more_names(found, found.parts, size, power, alpha)}"

    def reached(clusters: int) -> bool:
        return (_finds(found, _at(found, clusters), power, alpha) or inf) < size

    has = max(found.clusters, 1)
    wanted = least(reached, has, PRACTICAL * has)
    if wanted is None:
        return f"{small}: more than {PRACTICAL} times the {has:,} clusters are needed"
    return f"{small}: about {two_digits(wanted)} clusters are needed (it has {has:,})"


def _more_names(found: Forecast, parts: Parts, size: float, power: float, alpha: float) -> str:
    def reached(new: Parts) -> bool:
        return (_finds(found, new.law(), power, alpha) or inf) < size

    t, n = parts.clusters, min(parts.sizes)
    templates = least(lambda k: reached(parts.at(clusters=k)), t, PRACTICAL * t)
    if templates is not None:
        return f"about {two_digits(templates)} templates are needed (it has {t:,})"
    never = not reached(parts.at(clusters=MOST))
    many = "no number" if never else "no practical number"
    alone = f"with {n} names per group {many} of templates is enough"
    if (names := least(lambda k: reached(parts.at(names=k)), n, PRACTICAL * n)) is not None:
        return f"{alone}; about {two_digits(names)} names per group are"
    both = least(lambda k: reached(parts.at(names=k, clusters=k * t // n)), n, PRACTICAL * n)
    if both is None:
        return f"{alone}, and {PRACTICAL} times as many names are not"
    return f"{alone}; about {two_digits(both)} names in {two_digits(both * t // n)} templates are"


def _at(found: Forecast, clusters: int) -> StudentMean | OneTrial:
    """The law of so many clusters that spread alike."""
    law = found.law
    if isinstance(law, OneTrial):
        return replace(law, clusters=clusters)
    assert law is not None
    se = law.se * (found.clusters / clusters) ** 0.5
    return replace(law, se=se, df=clusters - 1)


def with_adjusted(forecasts: Sequence[Forecast], plan: MetricPlan) -> list[Forecast]:
    """Returns the forecasts with what Holm leaves: a family of all that would be tested."""
    tests = max(1, sum(each.untested is None for each in forecasts))
    return [
        replace(
            each,
            detectable_adjusted=_finds(each, each.law, plan.power, plan.alpha / tests),
        )
        if each.law is not None
        else each
        for each in forecasts
    ]


@dataclass(frozen=True, slots=True)
class Cost:
    """What scoring, explaining and tracing take.

    Tokens are estimated from those of a sample, by words.
    """

    texts: int
    distinct_texts: int
    tokens: int
    counted_in: str
    """tokens, or words where there is no tokenizer."""
    models: int
    parameters: Mapping[str, int | None]
    """Model -> its numbers; None where its files are not on this machine."""
    operations: float | None
    """Of scoring. Floating point: 2 x parameters x tokens, over all models; None where one is not
    known."""
    explained_texts: int
    """At most: both sides of the pairs that the plan explains."""
    masked_texts: int
    """Masked versions of these, at most: those that texts share are read once."""
    tracing: TracingCost | None
    """None: nothing is traced."""
    seconds_per_1000_tokens: float | None = None
    """Measured with the first model on this device by a pilot."""
    seconds: float | None = None
    """Of all scoring, were the other models as fast."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An audit looked at before it is made."""

    name: str
    plan_sha256: str
    power: float
    alpha: float
    forecasts: list[Forecast]
    cost: Cost | None
    """None: outcomes are given, nothing is scored."""
    notes: list[str]


def refuse_weak(planned: Planned, plan: AuditPlan) -> None:
    """Refuses an audit that is not expected to detect `metrics.must_detect` in every contrast.

    After Holm's adjustment, as `difference_detected` is.

    Raises:
        PlanError: every contrast that falls short, by how much, and what would help.
    """
    demanded, metrics = plan.metrics.must_detect, plan.metrics
    if demanded is None:
        return
    subject = f"the plan demands to detect {demanded:g} with a power of {metrics.power:.0%}"
    tests = max(1, sum(each.untested is None for each in planned.forecasts))
    with collected(subject, PlanError) as problems:
        for each in planned.forecasts:
            found = each.detectable_adjusted
            if found is None or found > demanded:
                problems.add(_shortfall(each, demanded, metrics.power, metrics.alpha / tests))


def _shortfall(found: Forecast, demanded: float, power: float, alpha: float) -> str:
    contrast, size = found.contrast, found.detectable_adjusted
    subject = f"{contrast.attribute}, {contrast.group_b} v {contrast.group_a}"
    if size is None:
        return f"{subject}: {found.outlook}; drop this contrast from the plan, or the demand"
    words = f"{subject}: finds {_above(size, demanded)} at best, demanded is {demanded:g}"
    if found.law is not None:
        return f"{words}; {more(found, demanded, power, alpha)}"
    times = (size / demanded) ** 2
    many = f"about {two_digits(times)}" if times <= PRACTICAL else f"more than {PRACTICAL}"
    return f"{words}; more rows are needed, {many} times as many"


def _above(size: float, demanded: float) -> str:
    """Returns a size to two significant digits, or to as many more as tell it from what it is
    above."""
    shown = (f"{size:.{digits}g}" for digits in range(2, 17))
    return next((words for words in shown if float(words) > demanded), f"{size}")

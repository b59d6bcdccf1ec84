"""Operating characteristics of audits of people: how often the contrasts are wrong.

Whole audits, from tables of predictions to adjusted p-values and verdicts' intervals. The fast
versions are few and of the worlds that break simpler rules; `make test-slow` runs 2,000 of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from auditor.metrics.groups import ALL_GROUPS, group_contrasts, group_metrics
from auditor.metrics.groups.linear import combined, weighted_mean
from auditor.metrics.groups.score_law import ScoreDifference
from auditor.metrics.verdicts import holm
from tests.metrics.factory import plan
from tests.metrics.groups.factory import counts, group_table, table, within_error

DELTA, FAST, SLOW = 0.1, 120, 2_000
Draw = Callable[[np.random.Generator], pd.DataFrame]
PLAN = plan()


def independent(sizes: Sequence[int], rates: Sequence[float]) -> Draw:
    def draw(rng: np.random.Generator) -> pd.DataFrame:
        hits = rng.binomial(sizes, rates)
        return counts(
            {f"g{i}": (int(h), n) for i, (h, n) in enumerate(zip(hits, sizes, strict=True))}
        )

    return draw


def of_authors(authors: Sequence[int], rates: Sequence[float], icc: float, both: bool) -> Draw:
    """Five rows per author and group. `both`: every author writes of all groups."""

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        common = rng.beta(*_shape(rates[0], icc), authors[0])
        rows = []
        for g, (count, rate) in enumerate(zip(authors, rates, strict=True)):
            own = common if both else rng.beta(*_shape(rate, icc), count)
            hits = rng.binomial(5, own)
            names = [f"a{i}" if both else f"g{g} a{i}" for i in range(count)]
            rows += [
                (f"g{g}", name, chosen, float(hit if chosen else 5 - hit))
                for name, hit in zip(names, hits, strict=True)
                for chosen in (True, False)
            ]
        return table(
            [{"sex": group} for group, *_ in rows],
            [chosen for _, _, chosen, _ in rows],
            cluster=[name for _, name, *_ in rows],
            weight=[weight for *_, weight in rows],
        )

    return draw


def _shape(rate: float, icc: float) -> tuple[float, float]:
    return rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc


EQUAL: dict[str, Draw] = {
    "7 groups of 50": independent([50] * 7, [0.5] * 7),
    "14 groups of 50": independent([50] * 14, [0.5] * 14),
    "rare, small beside large": independent([400] + [30] * 6, [0.02] * 7),
    "common, small beside large": independent([2000] + [30] * 13, [0.98] * 14),
    "authors of one group": of_authors([20] * 7, [0.5] * 7, 0.2, both=False),
    "authors of all groups": of_authors([40] * 7, [0.5] * 7, 0.2, both=True),
    "rare, few authors beside many": of_authors([200] + [20] * 3, [0.02] * 4, 0.1, both=False),
}
AT_DELTA: dict[str, Draw] = {
    "7 groups of 50": independent([50] * 7, [0.5] + [0.6] * 6),
    "14 groups of 50": independent([50] * 14, [0.4] + [0.3] * 13),
    "rare, small beside large": independent([400] + [30] * 6, [0.02] + [0.12] * 6),
    "one large group": independent([400, 400], [0.5, 0.6]),
    "authors of one group": of_authors([60] * 4, [0.5] + [0.6] * 3, 0.2, both=False),
    "rare, few authors beside many": of_authors(
        [200] + [20] * 3, [0.02] + [0.12] * 3, 0.1, both=False
    ),
}


@dataclass(frozen=True)
class Shares:
    """Of audits; what holds of any contrast of an audit, or of all of them."""

    difference: float
    beyond: float
    meets: float


def audits(draw: Draw, times: int, seed: int = 0) -> Shares:
    rng = np.random.default_rng(seed)
    found = np.zeros(3)
    for _ in range(times):
        contrasts = group_contrasts(draw(rng), PLAN)
        laws = [c.law for c in contrasts if c.metric == "selection_rate_difference"]
        assert all(law is not None for law in laws)
        zero, bad = (
            [p or 0.0 for p in holm([law.p_beyond(d) for law in laws if law is not None])]
            for d in (0.0, DELTA)
        )
        inside = [law.interval(0.9) or (-1.0, 1.0) for law in laws if law is not None]
        meets = all(low > -DELTA and high < DELTA for low, high in inside)
        found += [min(zero) <= 0.05, min(bad) <= 0.05, meets]
    return Shares(*(float(x) for x in found / times))


def check_equal(world: str, times: int) -> None:
    found = audits(EQUAL[world], times)
    print(f"theta 0, {world}: any difference {found.difference:.1%}, beyond {found.beyond:.1%}")  # noqa: T201
    assert within_error(found.difference, times)
    assert within_error(found.beyond, times)


def check_at_delta(world: str, times: int) -> None:
    found = audits(AT_DELTA[world], times)
    print(f"theta delta, {world}: beyond {found.beyond:.1%}, meets {found.meets:.1%}")  # noqa: T201
    assert within_error(found.beyond, times)
    assert within_error(found.meets, times)


@pytest.mark.parametrize("world", EQUAL)
def test_equal_groups_are_seldom_called_different(world: str) -> None:
    check_equal(world, FAST // 2 if "authors" in world else FAST)


@pytest.mark.parametrize("world", AT_DELTA)
def test_a_difference_of_delta_is_seldom_called_beyond_it_or_within(world: str) -> None:
    check_at_delta(world, FAST // 2 if "authors" in world else FAST)


@pytest.mark.slow
@pytest.mark.parametrize("world", EQUAL)
def test_equal_groups_in_2000_audits(world: str) -> None:
    check_equal(world, SLOW)


@pytest.mark.slow
@pytest.mark.parametrize("world", AT_DELTA)
def test_a_difference_of_delta_in_2000_audits(world: str) -> None:
    check_at_delta(world, SLOW)


def test_a_difference_of_twice_delta_is_found_and_equal_large_groups_meet() -> None:
    """Positive controls, with the power that normal theory gives 400 a group: .89 and .76."""
    far = audits(independent([400, 400], [0.4, 0.6]), FAST)
    assert far.beyond == pytest.approx(0.89, abs=0.07)
    near = audits(independent([400, 400], [0.5, 0.5]), FAST)
    assert near.meets == pytest.approx(0.76, abs=0.09)


def test_the_largest_gap_would_call_most_audits_of_equal_groups_unfair() -> None:
    """The rule of toolkits, a demographic parity difference above .10, on seven equal groups."""
    rng, draw, times = np.random.default_rng(0), EQUAL["7 groups of 50"], 40
    unfair = 0
    for _ in range(times):
        found = group_metrics(draw(rng), PLAN)
        gap = next(
            m.estimate.value
            for m in found
            if (m.group, m.metric) == (ALL_GROUPS, "demographic_parity_difference")
        )
        unfair += (gap or 0.0) > 0.10
    print(f"demographic parity difference above .10: {unfair / times:.0%} of audits")  # noqa: T201
    assert unfair / times > 0.8


def test_without_the_correction_rare_outcomes_in_small_groups_are_called_different() -> None:
    rng, times, found = np.random.default_rng(0), 500, np.zeros(2)
    for _ in range(times):
        hits = rng.binomial([400] + [30] * 6, 0.02)
        for k, skewed in enumerate((False, True)):
            p = [
                ScoreDifference(int(h), 30, int(hits[0]), 400, skewed=skewed).p_beyond(0.0)
                for h in hits[1:]
            ]
            found[k] += 6 * min(p) <= 0.05
    plain, corrected = found / times
    print(f"rare, small beside large: {plain:.1%}, corrected {corrected:.1%}")  # noqa: T201
    assert plain > 0.07 > corrected


def test_t_on_the_linearised_difference_would_take_a_spread_of_0_at_its_word() -> None:
    rng, times, wrong = np.random.default_rng(0), 60, 0
    for _ in range(times):
        rows = group_table(EQUAL["rare, few authors beside many"](rng))
        means = [weighted_mean(rows, rows.of(name), rows.selected) for name in rows.names]
        laws = [combined([(-1.0, means[0]), (1.0, m)], (-1.0, 1.0), "") for m in means[1:]]
        wrong += min((law.p_beyond(0.0) or 0) * 3 for law in laws if law is not None) <= 0.05
    print(f"t on the linearised difference: {wrong / times:.0%} of audits")  # noqa: T201
    assert wrong / times > 0.3

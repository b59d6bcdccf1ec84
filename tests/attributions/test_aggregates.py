"""What explained pairs say of all: weights, orientation, controls and words."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.attributions.aggregates import METRICS, aggregate
from auditor.attributions.gaps import align
from auditor.attributions.weighting import WeightedRatio, weighted_ratio
from auditor.metrics.groups import linear
from auditor.records import Contrast, Estimate
from auditor.records_attributions import WordEffect
from auditor.swaps.swapper import swap
from tests.attributions.cutters import attribution, cut
from tests.attributions.planted import Planted, explained

GENDER = Contrast("gender", "male", "female")


def metrics_of(*planted: Planted, contrast: Contrast = GENDER) -> dict[str, Estimate]:
    """Returns metric, or metric and group, -> estimate."""
    found, _ = aggregate(*explained(planted), seed=1)
    return {
        metric.metric
        if metric.group is None
        else f"{metric.metric} {metric.group}": metric.estimate
        for metric in found
        if metric.contrast == contrast
    }


def words_of(*planted: Planted) -> dict[str, WordEffect]:
    return {effect.word: effect for effect in aggregate(*explained(planted), seed=1)[1]}


def sample(count: int = 20, seed: int = 0, **columns: Any) -> list[Planted]:
    """Returns drawn pairs, each in a cluster of its own, with effects around .4 and -.2."""
    rng = np.random.default_rng(seed)
    return [
        dataclasses.replace(
            Planted(f"t{i}", rng.normal(0.4, 0.1), rng.normal(-0.2, 0.05), rng.normal(0.1, 0.02)),
            **columns,
        )
        for i in range(count)
    ]


def test_metrics_of_one_pair_are_those_worked_out_by_hand() -> None:
    found = metrics_of(Planted("t", on_term=0.4, on_words=-0.1, on_base=0.05))
    assert {name: estimate.value for name, estimate in found.items() if estimate.value} == {
        "term_attribution male": 1.0,
        "term_attribution female": pytest.approx(1.4),
        "term_share male": pytest.approx(1 / 2),
        "term_share female": pytest.approx(1.4 / 2.2),
        "gap": pytest.approx(0.25),
        "gap_on_term": pytest.approx(0.4),
        "gap_on_context": pytest.approx(-0.2),
        "gap_base": pytest.approx(0.05),
        "context_share": pytest.approx(0.2 / 0.6),
    }


def test_the_three_parts_are_the_gap() -> None:
    found = metrics_of(*sample())
    parts = [found[name].value or 0.0 for name in ("gap_on_term", "gap_on_context", "gap_base")]
    assert sum(parts) == pytest.approx(found["gap"].value, abs=1e-12)


def test_every_metric_is_in_the_table_that_says_what_it_means() -> None:
    found = {name.split()[0] for name in metrics_of(*sample())}
    assert found == set(METRICS)
    assert all(meaning.meaning.endswith(".") for meaning in METRICS.values())


def test_a_pair_counts_for_as_many_as_it_stands_for() -> None:
    """One flagged pair of 10, and two of 20 others with 1 and 2: (10 + 10 * 1 + 10 * 2) / 21."""
    found = metrics_of(
        Planted("a", on_term=10.0, chosen="flagged", probability=1.0),
        Planted("b", on_term=1.0),
        Planted("c", on_term=2.0),
    )
    assert found["gap_on_term"].value == pytest.approx(40 / 21)
    assert found["gap_on_term"].n == 3


def test_whichever_side_the_text_was_the_results_are_the_same() -> None:
    forth = [*sample(), Planted("x", 3.0, 0.5, chosen="flagged", probability=1.0)]
    mixed = [dataclasses.replace(p, backwards=i % 3 > 0) for i, p in enumerate(forth)]
    (metrics, words), (metrics_mixed, words_mixed) = (
        aggregate(*explained(each), seed=1) for each in (forth, mixed)
    )
    assert [_rounded(m.estimate) for m in metrics] == [_rounded(m.estimate) for m in metrics_mixed]
    assert [m.group for m in metrics] == [m.group for m in metrics_mixed]
    assert len(words) == 3
    assert [_rounded(w.estimate) for w in words] == [_rounded(w.estimate) for w in words_mixed]


def _rounded(estimate: Estimate) -> Estimate:
    value, low, high = (
        None if x is None else round(x, 9) for x in (estimate.value, estimate.low, estimate.high)
    )
    return dataclasses.replace(estimate, value=value, low=low, high=high)


def test_placebo_pairs_are_a_control_and_change_nothing_else() -> None:
    placebo = sample(12, chosen="placebo", attribute="placebo", groups=("first", "second"))
    loud = [dataclasses.replace(pair, on_term=-50.0) for pair in placebo]
    without, quiet, shouted = (metrics_of(*sample(), *each) for each in ([], placebo, loud))
    for name, estimate in without.items():
        if not name.startswith("placebo_"):
            assert estimate == quiet[name] == shouted[name]
    assert "no placebo pair" in (without["placebo_context_share"].reason or "")
    assert (quiet["placebo_context_share"].value or 0) > 0.3
    assert (shouted["placebo_context_share"].value or 1) < 0.02
    assert shouted["placebo_term_attribution"].value == pytest.approx(25.0)
    found = aggregate(*explained([*sample(), *placebo]), seed=1)
    assert {metric.contrast for metric in found[0]} == {GENDER}
    assert {effect.contrast for effect in found[1]} == {GENDER}


def test_names_have_the_placebo_of_their_own_attribute() -> None:
    names: dict[str, Any] = {"attribute": "race_names", "groups": ("white", "black")}
    own = sample(4, chosen="placebo", attribute="race_names", groups=("white", "white"))
    others = [
        dataclasses.replace(pair, on_words=9.0)
        for pair in sample(4, chosen="placebo", attribute="placebo", groups=("first", "second"))
    ]
    contrast = Contrast("race_names", "white", "black")
    found = metrics_of(*sample(**names), *own, *others, contrast=contrast)
    assert (
        found["placebo_context_share"]
        == metrics_of(*sample(**names), *own, contrast=contrast)["placebo_context_share"]
    )
    assert found["gap"].method.endswith("for the words tested")


def test_without_pairs_drawn_at_random_nothing_is_said_of_all() -> None:
    found = metrics_of(*sample(chosen="flagged", probability=1.0))
    own = [estimate for name, estimate in found.items() if not name.startswith("placebo")]
    assert {estimate.value for estimate in own} == {None}
    assert all("drawn at random (explain_sample)" in (e.reason or "") for e in own)
    assert not words_of(*sample(chosen="flagged", probability=1.0))


def test_a_contrast_whose_every_pair_is_explained_needs_no_draw() -> None:
    census = sample(chosen="flagged", probability=1.0, census=True)
    assert metrics_of(*census) == metrics_of(*sample(probability=1.0))
    assert words_of(*census) == words_of(*sample(probability=1.0))
    assert words_of(*census)


def test_too_few_clusters_have_a_value_and_no_interval() -> None:
    few = metrics_of(*sample(7))["gap"]
    assert few.value is not None
    assert few.low is few.high is None
    assert few.reason == "only 7 clusters (templates or documents); at least 8 are needed"
    assert metrics_of(*sample(8))["gap"].low is not None


def test_many_clusters_of_which_a_few_stand_for_most_are_few() -> None:
    heavy = sample(4, probability=0.01)
    light = sample(30, chosen="flagged", probability=1.0)
    clusters = [dataclasses.replace(p, cluster=f"f{i}") for i, p in enumerate(light)]
    found = metrics_of(*heavy, *clusters)["gap"]
    assert found.clusters == 34
    assert found.low is None
    assert "34 clusters, of which a few stand for most pairs: as sure as 4.6" in (
        found.reason or ""
    )


def test_nothing_attributed_has_no_shares() -> None:
    rows, pairs = explained(sample())
    metrics, _ = aggregate(rows.assign(value=0.0, base=0.0), pairs, seed=1)
    by_name = {metric.metric: metric.estimate for metric in metrics}
    assert by_name["gap_on_term"].value == 0
    assert by_name["context_share"].value is None
    assert "every attribution is 0" in (by_name["context_share"].reason or "")


def test_other_methods_are_no_shap_and_not_counted() -> None:
    rows, pairs = explained(sample())
    other = rows.assign(method="input_x_gradient", value=100.0, base=np.nan, residual=np.nan)
    both = aggregate(pd.concat([other, rows]), pairs, seed=1)
    assert both == aggregate(rows, pairs, seed=1)
    assert aggregate(other, pairs, seed=1) == ([], [])


def drawn_from(
    population: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    rng: np.random.Generator,
    flagged: int,
    drawn: int,
) -> tuple[WeightedRatio, float]:
    """Returns the estimate from a population [cluster, pair] of which the largest are explained for
    certain and others at random; and the plain mean of the explained ones."""
    values = population.ravel()
    clusters = np.repeat(np.arange(len(population)), population.shape[1]).astype(str)
    order = np.argsort(-np.abs(values))
    certain, others = order[:flagged], order[flagged:]
    taken = np.concatenate([certain, rng.choice(others, drawn, replace=False)])
    weight = np.repeat([1.0, len(others) / drawn], [flagged, drawn])
    found = weighted_ratio(
        pd.Series(values[taken]), 1.0, pd.Series(weight), pd.Series(clusters[taken])
    )
    assert found is not None
    return found, float(values[taken].mean())


@pytest.mark.parametrize("skewed", [False, True])
def test_intervals_cover_the_planted_mean_of_all_pairs_though_the_largest_are_flagged(
    skewed: bool,
) -> None:
    """200 audits, 25 flagged and 25 drawn of 600 pairs; bound: 95 % less 4.5 standard errors."""
    covered, values, plain = 0, [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        draw = rng.standard_exponential if skewed else rng.standard_normal
        population = 0.3 + 0.3 * draw((60, 1)) + 0.5 * draw((60, 10)) - 0.8 * skewed
        found, naive = drawn_from(population, rng, 25, 25)
        law = found.law((-np.inf, np.inf), seed)
        assert law is not None
        low, high = law.interval(0.95) or (np.nan, np.nan)
        covered += bool(low <= 0.3 <= high)
        values.append(found.value)
        plain.append(naive)
    assert covered >= 0.88 * 200
    assert np.mean(values) == pytest.approx(0.3, abs=0.03)
    assert np.mean(plain) > 0.7  # the explained pairs alone tell another story


def test_the_variance_is_the_linearised_one_of_clusters() -> None:
    rng = np.random.default_rng(0)
    codes, weight, top = rng.integers(0, 12, 60), rng.uniform(1, 9, 60), rng.normal(size=60)
    names = pd.Series(codes.astype(str))
    found = weighted_ratio(pd.Series(top), 1.0, pd.Series(weight), names)
    assert found is not None
    total = weight.sum()
    errors = np.bincount(codes, weight * (top - found.value) / total)
    known = linear.Mean(found.value, errors * (12 / 11) ** 0.5, np.ones(12, np.bool_))
    assert found.by_cluster.mean() == pytest.approx(found.value)
    assert found.by_cluster.var(ddof=1) / 12 == pytest.approx(known.variance)


def test_a_word_that_changes_with_the_term_is_found_with_its_sign() -> None:
    pairs = [*sample(20, words=("left ", "angry")), *sample(20, 3, words=("left ", "late"))]
    changed = [
        dataclasses.replace(p, on_words=p.on_words if "late" in p.words else 0.0) for p in pairs
    ]
    found = words_of(*changed)
    assert list(found) == ["late", "left", "angry", "the"]
    late = found["late"]
    assert late.pairs == late.estimate.n == 20
    assert late.estimate.value == pytest.approx(-0.2, abs=0.03)
    assert (late.estimate.high or 0) < 0
    assert late.estimate.level == pytest.approx(1 - 0.05 / 4)
    assert "shared by 4 words (Bonferroni)" in late.estimate.method


def test_words_are_words_and_not_tokens_nor_signs_nor_pieces_of_the_term() -> None:
    pairs = sample(words=("'", "s ", "un", "kind ", "Aunt", "'", "s ", "!"))
    upper = [dataclasses.replace(p, words=("UN", "KIND ")) for p in sample(3, seed=9)]
    found = words_of(*pairs, *[dataclasses.replace(p, cluster="u") for p in upper])
    assert set(found) == {"the", "unkind", "aunt's"}
    assert found["unkind"].pairs == 23
    mean = np.mean([2 * pair.on_words for pair in [*pairs, *upper]])
    assert found["unkind"].estimate.value == pytest.approx(mean)


def test_words_of_few_clusters_or_of_flagged_pairs_alone_are_not_ranked() -> None:
    flagged = sample(9, words=("grand",), chosen="flagged", probability=1.0)
    found = words_of(*sample(7, words=("rare",)), *sample(20, words=("known",)), *flagged)
    assert set(found) == {"the", "known"}


def test_without_a_word_of_context_there_are_none_to_rank() -> None:
    rows, pairs = explained(sample(words=("!",)))
    assert aggregate(rows.assign(role="term"), pairs, seed=1)[1] == []
    signs = aggregate(rows[rows["index"] != 1], pairs, seed=1)
    assert signs[1] == []
    assert signs[0]
    placebo = explained(sample(chosen="placebo", attribute="placebo"))
    assert aggregate(*placebo, seed=1) == ([], [])


def test_no_more_than_ten_words_are_shown_the_largest_first() -> None:
    words = [f"word{i} " for i in range(14)]
    found = words_of(*sample(words=words))
    assert len(found) == 10
    sizes = [abs(effect.estimate.value or 0) for effect in found.values()]
    assert sizes == sorted(sizes, reverse=True)
    assert "shared by 15 words" in found["word0"].estimate.method


@pytest.mark.parametrize("name", ["pieces", "bytes", "plain"])
def test_words_are_read_off_the_tokens_of_real_tokenizers(name: str) -> None:
    (pair,) = swap(
        "The man’s dog doesn't uncharacteristically like 日本 cafés.", "gender", "female"
    )
    from_, to = cut(name, pair.text), cut(name, pair.counterfactual)
    found = align(from_, to, pair.spans_from, pair.spans_to)
    sides = [("from", from_, found.aligned_from, 1), ("to", to, found.aligned_to, 2)]
    rows = pd.concat(
        pd.DataFrame(
            {
                "side": side,
                "index": np.arange(len(tokens)),
                "token": list(tokens.segments),
                "start": tokens.spans[:, 0],
                "end": tokens.spans[:, 1],
                "role": [found.roles[unit].value for unit in aligned],
                "aligned": aligned,
                "value": attribution(tokens, seed).values[:, 0],
            }
        )
        for side, tokens, aligned, seed in sides
    ).assign(
        chosen="sample", sampling_probability=0.5, method="owen", base=0.0, residual=0.0, unit="x"
    )
    ids = [f"p{i}" for i in range(9)]
    pairs = pd.DataFrame({"pair_id": ids, "cluster": ids, "attribute": "gender"}).assign(
        group_a="male", group_b="female", group_from="male", census=False
    )
    copies = pd.concat(rows.assign(pair_id=each) for each in ids)
    words = {effect.word.rstrip(".") for effect in aggregate(copies, pairs, seed=1)[1]}
    assert words == {"the", "dog", "doesn't", "uncharacteristically", "like", "日本", "cafés"}

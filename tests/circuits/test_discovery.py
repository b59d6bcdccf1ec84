"""What is found is what was planted, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.circuits import discovery
from auditor.circuits.converging import Precision
from auditor.circuits.discovery import Ranked, live_edges, names_of
from tests.circuits.engines import opened
from tests.circuits.halves import HALF, engine_of, found_on, names, searched
from tests.circuits.null import Null, null_model
from tests.circuits.planted import VARIANTS, plain
from tests.circuits.test_planted import LAYOUTS, every
from tests.circuits.wiring import Layout

ALL_OF_IT = ("plain", "both", "distractor", "query_path", "key_path")
"""Circuits of which no part can be left out."""


@pytest.mark.parametrize("variant", ALL_OF_IT)
@every
def test_the_members_are_exactly_the_planted_ones(variant: str, layout: Layout, seed: int) -> None:
    with searched(variant, layout, seed) as halves:
        assert set(halves.members) == set(halves.planted.members)


@every
def test_of_backup_heads_one_is_taken_and_both_are_candidates(layout: Layout, seed: int) -> None:
    with searched("backup", layout, seed) as halves:
        *heads, mlp = halves.planted.members
        assert {*heads, mlp} <= set(halves.found.candidates)
        assert len(halves.members) == 2
        assert mlp in halves.members


@every
def test_what_works_against_the_effect_is_no_member(layout: Layout, seed: int) -> None:
    with searched("opposite", layout, seed) as halves:
        larger, smaller, mlp = halves.planted.members
        assert set(halves.members) == {larger, mlp}
        ranked = names_of(halves.judge.engine)
        assert ranked[halves.found.nodes.order[-1]] == smaller
        score = halves.found.nodes.mean.value[ranked.index(smaller)]
        assert score * halves.judge.effect.mean() < 0


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("variant", ["plain", "query_path", "key_path"])
def test_the_planted_edges_come_first(variant: str, layout: Layout) -> None:
    with searched(variant, layout) as halves:
        graph, planted = halves.judge.engine.graph, halves.planted.edges
        ends = halves.found.edge_ends[halves.found.edge_members].tolist()
        found = [(graph.writers[writer], graph.readers[reader]) for writer, reader in ends]
        assert set(found[: len(planted)]) == set(planted)
        assert len(found) == 3  # of the curve's sizes the first that has all of them


@pytest.mark.parametrize("layout", LAYOUTS)
def test_members_stand_in_the_order_of_what_they_carry(layout: Layout) -> None:
    with searched("both", layout) as halves:
        values = dict(
            zip(names_of(halves.judge.engine), halves.found.nodes.mean.value, strict=True)
        )
        sign = np.sign(halves.judge.effect.mean())
        carried = [values[name] * sign for name in halves.members]
        assert carried == sorted(carried, reverse=True)
        assert len(carried) == 3


@pytest.mark.parametrize("layout", LAYOUTS)
def test_versions_that_change_places_give_the_same_circuit(layout: Layout) -> None:
    planted = plain(layout, pairs=HALF)
    with engine_of(planted) as engine:
        one, other = (
            found_on(engine, pairs, names(HALF))
            for pairs in (planted.aligned, planted.aligned.exchanged())
        )
    assert set(one.members) == set(other.members) == set(planted.members)
    np.testing.assert_allclose(one.nodes.mean.value, -other.nodes.mean.value, atol=1e-9)


def test_a_circuit_that_is_the_same_in_all_clusters_is_found() -> None:
    planted = plain("gpt2", pairs=1)
    same = planted.aligned.rows([0] * HALF)
    with engine_of(planted) as engine:
        assert set(found_on(engine, same, names(HALF)).members) == set(planted.members)


def test_pairs_of_one_cluster_are_one_piece_of_evidence() -> None:
    planted = plain("gpt2", pairs=HALF)
    with engine_of(planted) as engine:
        few = found_on(engine, planted.aligned, [f"c{i % 4}" for i in range(HALF)])
    # Of 4 clusters the least p is 1 / 8.
    assert few.nodes.p.min() == 1 / 8
    assert few.members == few.candidates == ()


def null_discovery(null: Null) -> discovery.Discovery:
    with engine_of(null) as engine:
        return found_on(engine, null.aligned, [str(each) for each in null.clusters])


def test_a_null_model_has_no_members() -> None:
    assert [null_discovery(null_model(seed)).members for seed in range(4)] == [()] * 4


@pytest.mark.slow
def test_one_null_model_in_twenty_has_members_at_most() -> None:
    found = sum(bool(null_discovery(null_model(seed)).members) for seed in range(100))
    # 10 or more of 100 would have a chance of 3 % at a rate of 5 %.
    assert found < 10


def found_anew(variant: str) -> discovery.Discovery:
    planted = VARIANTS[variant]("gpt2", 0, pairs=HALF)
    with engine_of(planted) as engine:
        return found_on(engine, planted.aligned, names(HALF))


def test_a_circuit_is_at_most_half_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(found_anew("both").members) == 3
    monkeypatch.setattr(discovery, "LARGEST", 0.1)
    found = found_anew("both")
    assert len(found.candidates) >= 3
    assert len(found.members) == 1


def test_only_what_is_patched_can_be_a_member(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "PATCHED", 1)
    assert len(found_anew("plain").candidates) == 1


def test_members_that_others_make_needless_are_left_out() -> None:
    with searched("plain", "gpt2") as halves:
        judge, members = halves.judge, halves.members
        outside = next(n for n in names_of(judge.engine) if n not in members)
        assert set(discovery._smallest(judge, (outside, *members))) == set(members)


def test_a_score_that_exact_patching_does_not_confirm_is_no_candidate() -> None:
    with searched("plain", "bert") as halves:
        nodes, ranked = halves.found.nodes, names_of(halves.judge.engine)
        signed = nodes.mean.value * np.sign(halves.judge.effect.mean())
        told = {ranked[i] for i in np.flatnonzero((nodes.p <= 0.05) & (signed > 0))}
        assert told > set(halves.found.candidates) == set(halves.planted.members)


def test_a_score_against_the_effect_is_no_candidate() -> None:
    with searched("plain", "bert") as halves:
        scores, judge = halves.found.nodes.scores, halves.judge
        for sign, found in ((1, set(halves.planted.members)), (-1, set())):
            ranked = Ranked.of(sign * scores, float(judge.effect.mean()), 0)
            assert set(discovery._confirmed(judge, ranked)) == found


def test_ranks_follow_the_sign_of_the_effect() -> None:
    scores = np.array([[3.0, -2.0, 0.5], [1.0, -4.0, 0.5]])
    up, down = (Ranked.of(scores, effect, 0) for effect in (1.0, -1.0))
    assert up.order.tolist() == [0, 2, 1]
    assert down.order.tolist() == [1, 2, 0]
    assert up.largest.tolist() == down.largest.tolist() == [1, 0, 2]


def test_live_edges_are_those_that_are_named() -> None:
    with opened("bert") as (engine, _):
        ends = np.argwhere(engine.graph.edges)[[3, 5]]
        live = live_edges(engine, ends)
        assert np.argwhere(live).tolist() == ends.tolist()


def test_progress_is_told() -> None:
    planted = plain("gpt2", pairs=HALF)
    told: list[tuple[int, int]] = []
    with engine_of(planted) as engine:
        discovery.discover(
            engine,
            planted.aligned,
            names(HALF),
            precision=Precision(steps=2),
            seed=0,
            tell=lambda done, total: told.append((done, total)),
        )
    assert told[-1] == (HALF, HALF)

"""Every number of the record is what its words say, on circuits that are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from auditor.circuits import assess
from auditor.circuits.assess import Patched
from auditor.circuits.base import Aligned
from auditor.circuits.curves import sizes
from auditor.circuits.judging import Judge
from auditor.circuits.ratios import NO_EFFECT
from auditor.records_circuits import CurvePoint
from tests.circuits.engines import ends, opened
from tests.circuits.halves import HALF, Halves, found_on, names, searched
from tests.circuits.test_planted import LAYOUTS, every
from tests.circuits.wiring import Layout


@pytest.fixture(params=LAYOUTS, scope="module")
def plain(request: pytest.FixtureRequest) -> Iterator[Halves]:
    with searched("plain", request.param) as halves:
        yield halves


@pytest.mark.parametrize("variant", ["plain", "distractor", "both", "query_path", "key_path"])
@every
def test_a_planted_circuit_carries_all_is_needed_and_is_complete(
    variant: str, layout: Layout, seed: int
) -> None:
    with searched(variant, layout, seed) as halves:
        judge, members = halves.judge, halves.members
        carried = judge.share(judge.carried(judge.live([members]))[:, 0])
        assert carried.value == pytest.approx(1, abs=1e-3)
        assert assess.necessity(judge, members).value == pytest.approx(1, abs=1e-3)
        assert assess.completeness(judge, members).value == pytest.approx(0, abs=0.02)
        lost = dict(assess.minimality(judge, members))
        assert set(lost) == set(members)
        assert min(each.value or 0.0 for each in lost.values()) > 0.2


def test_half_of_a_circuit_is_not_enough(plain: Halves) -> None:
    judge, half = plain.judge, plain.members[:1]
    assert judge.share(judge.carried(judge.live([half]))[:, 0]).value == pytest.approx(0, abs=1e-9)
    assert assess.necessity(judge, half).value == pytest.approx(1)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_backup_that_is_left_out_makes_a_circuit_incomplete(layout: Layout) -> None:
    with searched("backup", layout) as halves:
        planted = halves.planted.members
        alone, all_of_it = (
            assess.completeness(halves.judge, members).value
            for members in (halves.members, planted)
        )
    assert alone is not None
    assert alone > 0.3
    assert all_of_it == pytest.approx(0, abs=0.02)


def test_what_others_do_as_well_is_not_minimal() -> None:
    with searched("backup", "bert") as halves:
        *heads, mlp = halves.planted.members
        lost = dict(assess.minimality(halves.judge, halves.planted.members))
        assert abs(lost[heads[0]].value or 0.0) < 0.2
        assert (lost[mlp].value or 0.0) > 0.8


def test_every_component_is_listed_the_largest_score_first(plain: Halves) -> None:
    found = assess.node_effects(plain.judge, plain.found, Patched.of(plain.judge, plain.found))
    assert {node.name for node in found} == set(plain.judge.engine.graph.writers[1:])
    sizes = [abs(node.score.value or 0.0) for node in found]
    assert sizes == sorted(sizes, reverse=True)
    assert {node.name for node in found if node.in_circuit} == set(plain.planted.members)
    effect = plain.judge.effect.mean()
    for node in found:
        expected = effect if node.in_circuit else 0.0
        assert node.exact.value == pytest.approx(expected, abs=1e-9)
        assert node.necessity.value == pytest.approx(expected, abs=1e-9)
        assert node.inclusion == (1.0 if node.in_circuit else 0.0)
        assert not node.in_circuit or (node.p or 1.0) <= 0.05


def test_scores_are_of_discovery_pairs_and_patches_of_held_out_ones(plain: Halves) -> None:
    [first, *_] = assess.node_effects(
        plain.judge, plain.found, Patched.of(plain.judge, plain.found)
    )
    at = plain.judge.engine.graph.writers.index(first.name)
    assert first.score.value == pytest.approx(plain.found.pairs.nodes[:, at].mean())
    assert first.exact.value == pytest.approx(plain.judge.effect.mean())
    low, high = ends(first.exact)
    assert low < plain.judge.effect.mean() < high


def test_what_is_not_patched_says_so(monkeypatch: pytest.MonkeyPatch, plain: Halves) -> None:
    monkeypatch.setattr(assess, "PATCHED", 2)
    patched = Patched.of(plain.judge, plain.found)
    assert set(patched.names) == set(plain.members)
    *_, last = assess.node_effects(plain.judge, plain.found, patched)
    assert last.exact.value is last.necessity.value is None
    assert last.exact.reason == "only the 2 components with the largest scores are patched"


def test_the_planted_edges_carry_the_effect_and_are_marked(plain: Halves) -> None:
    found = assess.edge_effects(plain.judge, plain.found)
    assert len(found) == min(50, int(plain.judge.engine.graph.edges.sum()))
    marked = {(edge.writer, edge.reader) for edge in found if edge.in_circuit}
    assert marked == set(plain.planted.edges)
    effect = plain.judge.effect.mean()
    for edge in found:
        expected = effect if edge.in_circuit else 0.0
        assert edge.exact.value == pytest.approx(expected, abs=1e-6)


def levels(plain: Halves) -> tuple[list[CurvePoint], list[CurvePoint]]:
    nodes = assess.node_curve(plain.judge, plain.found)
    return list(nodes), list(assess.edge_curve(plain.judge, plain.found))


def test_curves_reach_the_whole_model(plain: Halves) -> None:
    nodes, edges = levels(plain)
    assert [p.size for p in nodes] == list(sizes(15))
    assert [p.size for p in edges] == list(sizes(int(plain.judge.engine.graph.edges.sum())))
    for curve in (nodes, edges):
        assert curve[-1].share == 1
        assert curve[-1].faithfulness.value == pytest.approx(1, abs=1e-9)


def test_a_circuits_size_is_where_its_curve_rises_and_its_ablation_falls(plain: Halves) -> None:
    nodes, edges = levels(plain)
    for point in nodes:
        assert point.faithfulness.value == pytest.approx(float(point.size >= 2), abs=1e-6)
        assert point.ablation is not None
        # Without either of the two nothing is left.
        assert point.ablation.value == pytest.approx(0, abs=1e-6)
    inside = [float(p.size >= 3) for p in edges]
    assert [p.faithfulness.value for p in edges] == pytest.approx(inside, abs=1e-6)


def test_random_bands_stand_where_there_are_other_circuits(plain: Halves) -> None:
    nodes, edges = levels(plain)
    banded = [p.size for p in nodes if p.random is not None]
    assert banded == [p.size for p in nodes if 2 * p.size < 15]
    band = next(p.random for p in nodes if p.size == 2)
    assert band is not None
    assert band.value == pytest.approx(0, abs=1e-6)
    assert "random circuits of the same type, layer and size" in band.method
    assert all(p.random is None and p.ablation is None for p in edges)


def test_areas_and_size_are_of_components_alone(plain: Halves) -> None:
    nodes, edges = levels(plain)
    found = assess.curve_areas([*nodes, *edges])
    assert found == assess.curve_areas(nodes)
    areas, k_80 = found
    assert k_80 == 2
    assert 0.9 < areas["cpr_linear"] <= 1
    assert set(areas) == {"cpr_linear", "cpr_log", "cmd_linear", "cmd_log"}


def there_and_back(pairs: Aligned) -> Aligned:
    """Returns pairs and the same with exchanged versions: their mean effect is 0."""
    a = {name: torch.cat([each, pairs.b[name]]) for name, each in pairs.a.items()}
    b = {name: torch.cat([each, pairs.a[name]]) for name, each in pairs.b.items()}
    return Aligned(a, b, pairs.read.repeat(2), np.tile(pairs.roles, (2, 1)))


@pytest.mark.parametrize("noise", [0, 1])
def test_where_the_effect_is_not_told_from_0_no_share_is_given(noise: int) -> None:
    with opened("bert", pairs=HALF + noise) as (engine, pairs):
        rows = there_and_back(pairs).rows(np.arange(2 * HALF + noise))
        clusters = names(2 * HALF + noise)
        judge = Judge.of(engine, rows, clusters, seed=0)
        members = engine.graph.writers[1:3]
        said = assess.completeness(judge, members), assess.necessity(judge, members)
        assert [each.reason for each in said] == [NO_EFFECT] * 2
        found = found_on(engine, rows, clusters)
        assert noise or found.members == ()
        curve = assess.node_curve(judge, found)
        assert all(p.random is None and p.faithfulness.value is None for p in curve)
        assert assess.curve_areas(curve) == ({}, None)


def test_a_template_domain_is_judged_on_its_own_pairs() -> None:
    with searched("backup", "gpt2") as halves:
        judge, members = halves.judge, halves.members
        domains = ["work"] * 8 + ["home"] * 3 + [None]
        [only] = assess.across_templates(judge, members, domains)
        carried = judge.carried(judge.live([members]))[:8, 0]
        expected = carried.mean() / judge.effect[:8].mean()
        assert only.domain == "work"
        assert only.faithfulness.value == pytest.approx(expected)
        assert only.faithfulness.n == 8


def test_effects_of_heads_stand_in_the_order_of_heads() -> None:
    patched = Patched(("a1.h0", "m0", "a0.h1"), np.arange(6.0).reshape(2, 3), np.zeros((2, 3)))
    found = assess.of_heads(patched, {"a0.h0": 0, "a0.h1": 1, "a1.h0": 2})
    np.testing.assert_array_equal(found, [[np.nan, 2, 0], [np.nan, 5, 3]])

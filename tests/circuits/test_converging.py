"""Scores of many pairs: as fine as each needs, sharper than the rule they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.circuits import converging
from auditor.circuits.base import Aligned
from auditor.circuits.converging import (
    FIRST_STEPS,
    PairScores,
    Precision,
    by_size,
    effects,
    score_all,
)
from auditor.circuits.engine import Engine
from auditor.circuits.scores import METHODS, Method, score_pairs
from auditor.errors import ModelError
from tests.circuits.cases import KINKED, every_family
from tests.circuits.engines import opened
from tests.circuits.tiny import FAMILIES

SMOOTH = pytest.mark.parametrize("family", ["gpt2", "bert", "gpt_neox", "gemma2"])


def to_steps(engine: Engine, pairs: Aligned, steps: int) -> PairScores:
    """Returns scores doubled up to so many steps, however good they are before."""
    return score_all(engine, pairs, precision=Precision(tolerance=0, max_steps=steps))


@every_family
def test_all_pairs_come_within_the_tolerance_and_say_with_how_many_steps(
    family: str,
) -> None:
    with opened(family) as (engine, pairs):
        found = score_all(engine, pairs, precision=Precision(tolerance=0.1, max_steps=256))
        assert (found.error <= 0.1).all()
        assert set(found.steps) <= {4, 8, 16, 32, 64, 128, 256}
        cuts = [found.edges[:, :w, r:].sum((1, 2)) for w, r in engine.graph.cuts]
        worst = np.max([np.abs(cut - found.effect) for cut in cuts], axis=0)
        assert found.error == pytest.approx(worst / np.abs(found.effect).mean(), abs=1e-4)


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - KINKED))
def test_what_two_rules_tell_is_sharper_than_the_finer_of_them(family: str) -> None:
    with opened(family) as (engine, pairs):
        plain = score_all(engine, pairs, precision=Precision(steps=128))
        sharp = to_steps(engine, pairs, 128)
        assert (plain.steps == sharp.steps).all()
        assert sharp.error.max() < plain.error.max() / 4


@SMOOTH
def test_nodes_are_sharpened_as_edges_are(family: str) -> None:
    with opened(family) as (engine, pairs):
        exact = to_steps(engine, pairs, 128).nodes
        plain = score_pairs(engine, pairs, "conductance", 16).nodes.numpy()
        sharp = to_steps(engine, pairs, 16)
        assert np.abs(sharp.nodes - exact).max() < np.abs(plain - exact).max() / 4
        summed = sharp.edges.sum(2)
        np.testing.assert_allclose(summed, sharp.nodes, atol=1e-5 * np.abs(exact).max())


@SMOOTH
def test_steps_are_doubled_for_pairs_that_need_them_alone(family: str) -> None:
    with opened(family, pairs=6) as (engine, pairs):
        errors = to_steps(engine, pairs, 8).error
        limit = float(np.sort(errors)[2:4].mean())
        found = score_all(engine, pairs, precision=Precision(tolerance=limit, max_steps=32))
        needed = to_steps(engine, pairs, FIRST_STEPS).error > limit
        assert (found.steps[~needed] == FIRST_STEPS).all()
        assert (found.steps[needed] > FIRST_STEPS).all()
        assert len(set(found.steps)) > 1


@pytest.mark.parametrize(
    "method",
    [pytest.param(m, marks=[] if m == METHODS[0] else [pytest.mark.slow]) for m in METHODS],
)
@every_family
def test_how_pairs_are_packed_changes_no_score(
    family: str, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(family, pairs=5) as (engine, pairs):
        steps = Precision(steps=2)
        together = score_all(engine, pairs, method, steps)
        monkeypatch.setattr(converging, "TOKENS", 1)
        alone = score_all(engine, pairs, method, steps)
        size = np.abs(together.edges).max()
        np.testing.assert_allclose(alone.edges, together.edges, atol=1e-5 * size)
        np.testing.assert_allclose(alone.nodes, together.nodes, atol=1e-5 * size)
        np.testing.assert_allclose(alone.effect, together.effect, atol=1e-12)


@SMOOTH
def test_exchanged_versions_change_the_sign(family: str) -> None:
    with opened(family) as (engine, pairs):
        there, back = (to_steps(engine, each, 16) for each in (pairs, pairs.exchanged()))
        np.testing.assert_allclose(-back.nodes, there.nodes, atol=1e-6)
        np.testing.assert_allclose(-back.edges, there.edges, atol=1e-5)


def test_a_given_number_of_steps_is_kept() -> None:
    with opened("gpt2") as (engine, pairs):
        found = score_all(engine, pairs, precision=Precision(steps=3))
        plain = score_pairs(engine, pairs, "conductance", 3)
        assert (found.steps == 3).all()
        np.testing.assert_allclose(found.nodes, plain.nodes.numpy(), atol=1e-12)


def test_effects_are_those_of_the_two_versions() -> None:
    with opened("bert", pairs=5) as (engine, pairs):
        own = engine.margins(pairs.b, pairs.read) - engine.margins(pairs.a, pairs.read)
        np.testing.assert_allclose(effects(engine, pairs), own.numpy(), atol=1e-12)


def test_what_is_told_grows_to_all_pairs() -> None:
    told: list[tuple[int, int]] = []
    with opened("gpt2", pairs=6) as (engine, pairs):
        score_all(
            engine, pairs, precision=Precision(tolerance=0.05), tell=lambda *at: told.append(at)
        )
    done = [each for each, _ in told]
    assert done == sorted(done)
    assert {total for _, total in told} == {6}
    assert done[-1] == 6
    assert len(done) > 1


def test_rows_that_pass_at_once_are_of_like_length_and_each_comes_once() -> None:
    with opened("bert", pairs=9) as (_, pairs):
        parts = list(by_size(pairs, np.arange(9), tokens=16))
    assert sorted(np.concatenate(parts)) == list(range(9))
    sizes = [pairs.lengths[rows].max() * len(rows) for rows in parts]
    assert max(sizes) <= 16
    ordered = pairs.lengths[np.concatenate(parts)]
    assert (np.diff(ordered) >= 0).all()


def test_versions_that_say_the_same_are_refused() -> None:
    with opened("bert") as (engine, pairs):
        same = Aligned(pairs.a, pairs.a, pairs.read, pairs.roles)
        with pytest.raises(ModelError, match=r"all 3 pairs have the same logit 1 less.*no effect"):
            score_all(engine, same)

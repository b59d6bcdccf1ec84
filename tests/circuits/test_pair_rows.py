"""The table beside a circuit: every component on every pair, and where its heads look."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.circuits import discovery, trace
from auditor.circuits.base import Kind, Node
from auditor.schemas import CIRCUIT_PAIRS
from tests.circuits.names import nodes_of
from tests.circuits.spoken import spoken
from tests.circuits.traced import audited, finding, traced, tracer


@cache
def rows() -> pd.DataFrame:
    frame: pd.DataFrame = traced()[1].to_pandas()
    return frame


def side(split: str) -> pd.DataFrame:
    return rows()[rows()["split"] == split]


def table(split: str, column: str) -> pd.DataFrame:
    """[pair, component]"""
    return side(split).pivot(index="pair_id", columns="component", values=column)


def test_the_table_has_the_schema_and_names_its_finding() -> None:
    assert traced()[1].schema == CIRCUIT_PAIRS
    assert set(rows()["finding_id"]) == {"gender.man.woman.flip_rate"}
    assert set(rows()["model_id"]) == {"planted"}


def test_every_component_has_a_row_on_every_pair() -> None:
    names = nodes_of(spoken("bert").model)
    assert len(side("discovery")) == 12 * len(names)
    assert set(side("discovery")["component"]) == set(names)
    assert len(side("held_out")) == 12 * (len(names) - 1)
    assert set(side("held_out")["component"]) == set(names) - {"embed"}


def test_no_pair_has_both_scores_and_exact_effects() -> None:
    assert side("discovery")["score"].notna().all()
    assert side("discovery")[["exact", "necessity", "attention_to_term_a"]].isna().all(axis=None)
    assert side("held_out")["score"].isna().all()
    assert side("held_out")[["exact", "necessity"]].notna().all(axis=None)
    assert not set(side("discovery")["pair_id"]) & set(side("held_out")["pair_id"])


def test_pairs_keep_their_split_and_cluster() -> None:
    columns = ["pair_id", "split", "cluster"]
    known, found = ({tuple(row) for row in f[columns].to_numpy()} for f in (audited(), rows()))
    assert found <= known
    assert len(found) == 24


@pytest.mark.parametrize(
    ("split", "column", "of"),
    [("discovery", "score", "score"), ("held_out", "exact", "exact"),
     ("held_out", "necessity", "necessity")],
)  # fmt: skip
def test_means_over_pairs_are_those_of_the_record(split: str, column: str, of: str) -> None:
    means = table(split, column).mean()
    for node in traced()[0].nodes:
        assert means[node.name] == pytest.approx(getattr(node, of).value, abs=1e-9)


def test_scores_of_a_pair_are_its_components_alone() -> None:
    members = list(spoken("bert").members)
    exact = table("held_out", "exact")
    chain, others = (exact[names].to_numpy() for names in (members, exact.columns.drop(members)))
    np.testing.assert_allclose(chain[:, 0], chain[:, 1])  # each of a chain carries it all
    np.testing.assert_allclose(others, 0, atol=1e-9)
    assert np.ptp(chain[:, 0]) > 1e-6  # and pairs differ


def test_attention_to_the_term_is_of_heads_alone() -> None:
    paid = side("held_out")[["component", "attention_to_term_a", "attention_to_term_b"]]
    heads = paid["component"].map(lambda name: Node.parse(name).kind is Kind.HEAD)
    assert paid.loc[~heads].drop(columns="component").isna().all(axis=None)
    values = paid.loc[heads].drop(columns="component").to_numpy(np.float64)
    assert (values >= 0).all()
    assert (values <= 1).all()


def test_attention_of_both_versions_stays_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    paid = np.random.default_rng(0).random((12, 12))  # [pair, head]
    monkeypatch.setattr(trace, "_attention", lambda *_: (paid, paid + 1))
    _, found = tracer(repairs=False).trace(finding(), audited())
    frame: Any = found.to_pandas()
    apart = frame["attention_to_term_b"] - frame["attention_to_term_a"]
    np.testing.assert_allclose(apart[apart.notna()], np.ones(144))


def mapped() -> pd.DataFrame:
    return rows()[rows()["attention_a"].notna()]


def test_maps_are_kept_of_the_circuits_heads() -> None:
    heads = [name for name in traced()[0].members if Node.parse(name).kind is Kind.HEAD]
    assert sorted(set(mapped()["component"])) == sorted(heads)
    assert set(mapped()["split"]) == {"held_out"}
    assert len(mapped()) == 12 * len(heads)


@pytest.mark.parametrize("version", ["a", "b"])
def test_maps_are_distributions_over_the_tokens_named(version: str) -> None:
    column = "text" if version == "a" else "counterfactual"
    texts = audited().set_index("pair_id")[column].to_dict()
    for row in mapped().to_dict("records"):
        tokens, weights = list(row[f"tokens_{version}"]), np.stack(row[f"attention_{version}"])
        assert tokens == ["[CLS]", *str(texts[row["pair_id"]]).split()]
        assert weights.shape == (len(tokens), len(tokens))
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_the_planted_head_looks_at_the_term() -> None:
    for row in mapped().to_dict("records"):
        weights, tokens = np.stack(row["attention_a"]), list(row["tokens_a"])
        term = next(
            i for i, (x, y) in enumerate(zip(tokens, row["tokens_b"], strict=True)) if x != y
        )
        assert weights[0].argmax() == term
        assert row["attention_to_term_a"] == pytest.approx(weights[:, term].mean(), abs=1e-4)


def test_a_circuit_without_heads_has_no_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "LEVEL", -1.0)
    record, found = tracer().trace(finding(), audited())
    frame: Any = found.to_pandas()
    assert record.members == ()
    assert frame[["tokens_a", "attention_a"]].isna().all(axis=None)
    assert len(frame) == len(rows())

"""A circuit's tables hold what its record holds."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from pydantic import TypeAdapter

from auditor.circuits.circuit import Circuit
from auditor.records import Estimate
from auditor.records_circuits import (
    AcrossTemplates,
    CircuitRecord,
    CurvePoint,
    EdgeEffect,
    Reinitialised,
)
from tests.tracing import circuit, effect, node, share

EDGE = EdgeEffect("a0.h1", "m1", effect(-0.5), effect(-0.4), 0.02, 0.7, True)
POINTS = (
    CurvePoint("node", 1, 0.25, share(0.5), share(0.1), share(0.6)),
    CurvePoint("edge", 3, 0.1, share(0.4), None),
)


def made(**changes: Any) -> Circuit:
    return Circuit(circuit(edges=(EDGE,), curve=POINTS, **changes))


def test_nodes_are_a_row_each() -> None:
    row = made().nodes.iloc[0]
    assert row["name"] == "a0.h1"
    assert tuple(row[["score", "exact", "low", "high"]]) == pytest.approx((-1, -1, -1.1, -0.9))
    assert (row["p"], row["inclusion"], row["in_circuit"]) == (0.01, 0.91, True)
    assert made().nodes["name"].tolist() == ["a0.h1", "m1", "m0"]


def test_low_and_high_are_of_the_exact_effect() -> None:
    one = replace(node("m0", 5.0), exact=effect(1.0))
    row = made(nodes=(one,)).nodes.iloc[0]
    assert tuple(row[["score", "exact", "low", "high"]]) == pytest.approx((5, 1, 0.9, 1.1))


def test_edges_are_a_row_each() -> None:
    [row] = made().edges.to_dict("records")
    assert (row["writer"], row["reader"], row["in_circuit"]) == ("a0.h1", "m1", True)
    assert (row["score"], row["exact"], row["p"], row["inclusion"]) == (-0.5, -0.4, 0.02, 0.7)


def test_what_was_not_patched_is_empty_in_the_table() -> None:
    one = replace(node("m0", 1.0), exact=Estimate.missing("not patched", unit="log-odds"))
    row = made(nodes=(one,)).nodes.iloc[0]
    assert row[["exact", "low", "high"]].isna().all()
    assert row["score"] == 1


def test_members_and_sentence_are_those_of_the_record() -> None:
    found = made()
    assert found.members == found.record.members == ("a0.h1", "m1")
    assert str(found) == found.record.sentence
    assert repr(found) == f"<Circuit of m: {found.record.sentence}>"


def test_a_circuit_without_members_says_why_it_has_no_faithfulness() -> None:
    found = made(faithfulness=None)
    assert found.faithfulness.value is None
    assert found.faithfulness.reason == "no component was confirmed"
    assert made().faithfulness == share(0.84)


def test_the_curve_has_its_bands() -> None:
    nodes, edges = made().curve.to_dict("records")
    assert (nodes["level"], nodes["size"], nodes["share"]) == ("node", 1, 0.25)
    assert (nodes["faithfulness"], nodes["random"], nodes["ablation"]) == (0.5, 0.1, 0.6)
    assert nodes["faithfulness_low"] == pytest.approx(0.44)
    assert nodes["random_high"] == pytest.approx(0.16)
    assert math.isnan(edges["random"])
    assert edges["faithfulness"] == 0.4


def test_controls_are_all_there() -> None:
    copy, across = Reinitialised(share(0.2), 0.3), (AcrossTemplates("work", share(0.7)),)
    found = made(embedding_only=share(0.01), reinitialised=copy, across=across)
    assert found.controls == {
        "embedding_only": share(0.01),
        "random": found.record.random,
        "reinitialised": copy,
        "stability": found.record.stability,
        "across_templates": across,
    }


def test_json_is_the_whole_record() -> None:
    found = made()
    assert TypeAdapter(CircuitRecord).validate_json(found.to_json()) == found.record
    assert json.loads(found.to_json())["nodes"][0]["name"] == "a0.h1"


def test_json_has_no_number_that_is_none() -> None:
    odd = made(areas=(("cpr_linear", math.nan),))
    with pytest.raises(ValueError, match="not JSON compliant"):
        odd.to_json()


def test_tables_without_rows_are_empty() -> None:
    found = Circuit(circuit(nodes=()))
    assert found.nodes.empty
    assert found.edges.empty
    assert isinstance(found.curve, pd.DataFrame)

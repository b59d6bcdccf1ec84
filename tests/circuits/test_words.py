"""What is said of a circuit is what was measured, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.circuits.words import percent, sentence, share
from auditor.records import Estimate
from auditor.records_circuits import CircuitRecord, RandomControl, Stability
from tests.tracing import circuit, node
from tests.tracing import share as around

NO_CLAIM = "so this is no evidence that these components matter more than others"


def record(**changes: Any) -> CircuitRecord:
    """Returns a circuit of one head of 72 and one MLP of 6."""
    return circuit(**{"sentence": "", "heads": 72, "mlps": 6, **changes})


def control(*faithfulness: float, p: float) -> RandomControl:
    mean = sum(faithfulness) / len(faithfulness)
    return RandomControl(len(faithfulness), mean, 0.0, 1.0, p, faithfulness)


def test_a_circuit_is_told_with_its_uncertainty_and_controls() -> None:
    assert sentence(record()) == (
        "1 of 72 heads and 1 of 6 MLPs carry 84 % [78, 90] of the log-odds gap on 60 held-out "
        "pairs; random circuits of that size carry 6 %; found again in 91 % of resamples."
    )


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a0.h1", "a3.h2", "a3.h3"], "3 of 72 heads carry"),
        (["m0", "m5"], "2 of 6 MLPs carry"),
        (["m0", "a1.h0"], "1 of 72 heads and 1 of 6 MLPs carry"),
    ],
)
def test_heads_and_mlps_are_counted_apart(names: list[str], said: str) -> None:
    others = [node("a9.h9", 0.1, in_circuit=False), node("m4", 0.1, in_circuit=False)]
    nodes = (*[node(name, 1.0) for name in names], *others)
    assert sentence(record(nodes=nodes)).startswith(said)


def test_a_circuit_that_random_ones_equal_is_not_claimed() -> None:
    said = sentence(record(random=control(0.9, 0.85, 0.1, 0.2, p=0.6)))
    assert f"2 of 4 random circuits carry as much (p = 0.60), {NO_CLAIM}." in said


def test_equal_but_for_rounding_is_equal() -> None:
    said = sentence(record(random=control(0.84 - 1e-13, 0.1, p=0.67)))
    assert "1 of 2 random circuits carry as much" in said


def test_too_few_random_circuits_are_no_evidence_either() -> None:
    said = sentence(record(random=control(*[0.0] * 8, p=1 / 9)))
    assert f"Only 8 other circuits of that kind could be compared (p = 0.11), {NO_CLAIM}." in said


@pytest.mark.parametrize(("p", "claimed"), [(0.05, True), (0.0501, False)])
def test_the_claim_rests_on_p(p: float, claimed: bool) -> None:
    assert (NO_CLAIM not in sentence(record(random=control(0.9, 0.1, p=p)))) == claimed


def test_no_random_circuits_are_said_to_be_none() -> None:
    said = sentence(record(random=None))
    assert "no random circuits of that size were compared" in said
    assert "carry 84 % [78, 90]" in said


def test_no_member_is_no_claim() -> None:
    said = sentence(record(nodes=(node("a0.h1", 1.0, in_circuit=False),), faithfulness=None))
    assert said.startswith("No head or MLP is shown to carry the gap: none has both a score")
    assert said.endswith("told from 0 on 20 discovery pairs.")


def test_an_unknown_share_says_why() -> None:
    unknown = Estimate.missing("the effect itself is not told from 0", unit="share")
    assert sentence(record(faithfulness=unknown)) == (
        "1 of 72 heads and 1 of 6 MLPs were found, and what they carry is not known on 60 held-out "
        "pairs: the effect itself is not told from 0."
    )
    assert sentence(record(faithfulness=None)).endswith("held-out pairs: not measured.")


@pytest.mark.parametrize("stability", [None, Stability(200, 0.8, None)])
def test_what_was_not_found_again_and_again_is_left_out(stability: Stability | None) -> None:
    said = sentence(record(stability=stability))
    assert "found again" not in said
    assert said.endswith("carry 6 %.")


def test_shares_are_written_in_whole_percent() -> None:
    assert share(around(0.84)) == "84 % [78, 90]"
    assert share(Estimate(0.5, None, None, 9, 9, "share", "none")) == "50 %"
    assert share(Estimate(-0.001, -0.002, 0.003, 9, 9, "share", "none")) == "0 % [0, 0]"
    assert share(Estimate.missing("no effect", unit="share")) == "an unknown share"
    assert [percent(value) for value in (-0.001, -0.06, 1.204)] == ["0 %", "-6 %", "120 %"]

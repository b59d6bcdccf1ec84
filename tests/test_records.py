"""Records refuse what would mislead later, and keep "not measured" through JSON."""

from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter

from auditor.records import Contrast, Estimate, Finding, Pair, Validity, Verdict, digest, to_plain
from auditor.schemas import PAIRS

CONTRAST = Contrast("gender", "male", "female")


def test_a_swap_needs_two_groups() -> None:
    spans = ((0, 2),)
    with pytest.raises(ValueError, match="two groups"):
        Pair("r", "c", Contrast("x", "a", "a"), "a", "a", "He", "He", "He", "He", spans, spans)


def test_the_id_of_an_intersection_is_part_of_file_names() -> None:
    contrast = Contrast("gender*race_names", "male+white", "female+black")
    assert contrast.contrast_id == "gender_x_race_names.male+white.female+black"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_an_estimate_is_finite_or_missing_with_a_reason(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Estimate(bad, None, None, 1, 1, "probability", "t")
    with pytest.raises(ValueError, match="says why"):
        Estimate(None, None, None, 0, 0, "probability", "t")


def test_a_finding_survives_json_with_what_was_not_measured() -> None:
    missing = Estimate.missing("no labels", unit="probability")
    finding = Finding(CONTRAST, "flip_rate", "m", missing, Verdict.NOT_TESTED)
    text = json.dumps(to_plain(finding), allow_nan=False)
    assert TypeAdapter(Finding).validate_json(text) == finding


def pair(**changes: object) -> Pair:
    values: dict[str, object] = {
        "row_id": "r", "cluster": "c", "contrast": CONTRAST, "group_from": "male",
        "group_to": "female", "term_from": "he", "term_to": "she", "text": "he",
        "counterfactual": "she", "spans_from": ((0, 2),), "spans_to": ((0, 3),),
    }  # fmt: skip
    return Pair(**{**values, **changes})  # type: ignore[arg-type]


def test_a_pairs_id_depends_on_what_was_swapped_and_not_on_the_text() -> None:
    assert pair().pair_id == pair(text="him", counterfactual="her").pair_id
    assert pair().pair_id != pair(row_id="s").pair_id
    assert pair().pair_id != pair(term_to="her").pair_id


def test_a_pair_that_is_not_valid_says_why() -> None:
    with pytest.raises(ValueError, match="says why"):
        pair(validity=Validity.ASYMMETRIC)
    with pytest.raises(ValueError, match="as many spans"):
        pair(spans_to=())


def test_a_digest_knows_where_its_parts_end() -> None:
    assert digest("ab", "c") != digest("a", "bc")


def test_the_designs_columns_are_all_there() -> None:
    """From the first day, so that later parts need no migration."""
    columns = """
        pair_id row_id text_id cluster template_id slots split arm contrast_id attribute group_from
        group_to term_from term_to text counterfactual spans_from spans_to n_edits pieces_from
        pieces_to truncated validity reason model_id score_from score_to margin_from margin_to
        probs_from probs_to label_from label_to label_true flip unit weight n_tokens continuation
        sample seed input_kind
    """
    assert set(columns.split()) <= set(PAIRS.names)


def test_contrasts_of_dotted_groups_have_ids_of_their_own() -> None:
    assert Contrast("x", "a.b", "c").contrast_id != Contrast("x", "a", "b.c").contrast_id
    assert Contrast("gender", "male", "female").contrast_id == "gender.male.female"

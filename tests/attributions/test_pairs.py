"""What stands for a pair: every accepted form, and differences found by word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import auditor
from auditor.attributions.pairs import TextPair, text_pairs
from auditor.errors import DataError

HE, SHE = "He left the bank.", "She left the bank."
PAIR = TextPair(HE, SHE, ((0, 2),), ((0, 3),))
SPANS = {"spans_from": [{"start": 0, "end": 2}], "spans_to": [{"start": 0, "end": 3}]}


@pytest.mark.parametrize(
    "given",
    [
        [(HE, SHE)],
        [[HE, SHE]],
        iter([(HE, SHE)]),
        [PAIR],
        [{"text": HE, "counterfactual": SHE}],
        [{"text": HE, "counterfactual": SHE, **SPANS}],
        [{"text": HE, "counterfactual": SHE, "spans_from": None, "spans_to": np.nan}],
        [{"text": HE, "counterfactual": SHE, "spans_from": [[0, 2]], "spans_to": [(0, 3)]}],
        pd.DataFrame({"text": [HE], "counterfactual": [SHE]}),
        # As DuckDB gives them: arrays of mappings.
        pd.DataFrame(
            {
                "text": [HE],
                "counterfactual": [SHE],
                **{name: [np.array(spans, object)] for name, spans in SPANS.items()},
            }
        ),
    ],
)  # fmt: skip
def test_a_pair_is_taken_in_every_form(given: Any) -> None:
    assert text_pairs(given) == [PAIR]


def test_what_swap_returns_is_taken_as_it_is() -> None:
    made = auditor.swap("She said that she left.", attribute="gender")
    assert [(p.spans_from, p.spans_to) for p in text_pairs(made)] == [
        (each.spans_from, each.spans_to) for each in made
    ]


@pytest.mark.parametrize(
    ("text", "counterfactual", "changed"),
    [
        ("He left.", "She left.", [("He", "She")]),
        ("I saw him.", "I saw her.", [("him", "her")]),
        ("They met him", "They met her", [("him", "her")]),
        ("The nurse left.", "The blind nurse left.", [("", " blind")]),
        ("The blind nurse left.", "The nurse left.", [(" blind", "")]),
        ("Nurse", "Blind nurse", [("Nurse", "Blind nurse")]),
        ("left", "he left", [("", "he ")]),
        ("he left", "left", [("he ", "")]),
        ("she left", "she left early", [("", " early")]),
        ("she left early", "she left", [(" early", "")]),
        ("He saw his boss.", "She saw her boss.", [("He", "She"), ("his", "her")]),
        ("", "He left.", [("", "He left.")]),
        ("same", "same", []),
    ],
)
def test_differences_are_found_by_word(
    text: str, counterfactual: str, changed: list[tuple[str, str]]
) -> None:
    (pair,) = text_pairs([(text, counterfactual)])
    sides = zip(pair.spans_from, pair.spans_to, strict=True)
    assert [(text[slice(*a)], counterfactual[slice(*b)]) for a, b in sides] == changed


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("He left.", "give a list with at least one pair"),
        ([], "at least one pair"),
        (pd.DataFrame({"text": [], "counterfactual": []}), "at least one pair"),
        (None, "NoneType None; give a list"),
        ({"text": HE, "counterfactual": SHE}, "give a list with at least one pair"),
        (["He left.", "She left."], "'He left.' is no pair"),
        ([(HE,)], "is no pair"),
        ([(HE, None)], "is no pair"),
        ([{"text": HE}], "is no pair"),
        ([{"text": HE, "counterfactual": float("nan")}], "is no pair"),
        ([(HE, SHE), PAIR, TextPair(HE, SHE, ((0, 1),), ((0, 1),))], "pair 2: the texts differ"),
        ([TextPair(HE, SHE, ((0, 2),), ())], "differ outside their spans"),
        ([{"text": HE, "counterfactual": SHE, "spans_from": [(0, 2)]}], "differ outside"),
    ],
)
def test_what_is_no_pair_is_refused_in_words(given: Any, words: str) -> None:
    with pytest.raises(DataError) as refused:
        text_pairs(given)
    assert words in str(refused.value)

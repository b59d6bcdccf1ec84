"""Factual gender is read as the more probable continuation, and kept only where it was known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from auditor.circuits.repair.factual import Fact, Facts, gender_facts
from auditor.circuits.repair.quality import NextToken
from auditor.errors import DataError
from tests.circuits.tiny import tiny


def by_hand(model: Any, tokens: tuple[int, ...], start: int) -> float:
    with torch.no_grad():
        log_p = model(input_ids=torch.tensor([tokens])).logits[0].log_softmax(-1)
    return sum(float(log_p[i - 1, tokens[i]]) for i in range(start, len(tokens)))


FACTS = Facts(
    tuple(
        Fact((5, 6, 7 + i, *true), (5, 6, 7 + i, *false), f"n{i % 10}")
        for i in range(20)
        for true, false in [((30, 31), (40,)), ((41,), (32, 33, 34))]
    )
)


def test_what_is_known_is_what_is_more_probable_by_the_whole_continuation() -> None:
    model = tiny("gpt2")
    wanted = [by_hand(model, f.true, 3) > by_hand(model, f.false, 3) for f in FACTS.facts]
    assert FACTS.known(model).tolist() == wanted
    assert 0 < sum(wanted) < len(wanted)


def test_only_what_was_known_can_be_kept() -> None:
    one, other = tiny("gpt2"), tiny("gpt2", seed=1)
    before = FACTS.known(one)
    assert FACTS.kept(one, before).value == 1
    kept = FACTS.kept(other, before)
    assert kept.n == before.sum()
    assert kept.value is not None
    assert 0 < kept.value < 1
    nothing = FACTS.kept(other, np.zeros_like(before))
    assert nothing.value is None
    assert "did not know" in (nothing.reason or "")


def test_our_prompts_speak_of_both_genders_alike() -> None:
    def tokenizer(text: str) -> dict[str, Any]:
        return {"input_ids": text.replace(" she", "|she").replace(" he", "|he").split("|")}

    facts = gender_facts(tokenizer).facts
    ends: list[Any] = [fact.true[-1] for fact in facts]
    assert ends.count("she") == ends.count("he") == 60
    assert all(fact.true[:-1] == fact.false[:-1] for fact in facts)
    assert all("{" not in str(fact.true) for fact in facts)
    mother = next(fact for fact in facts if fact.cluster == "mother")
    assert str((mother.true[-1], mother.false[-1])) == "('she', 'he')"
    assert len({fact.cluster for fact in facts}) == 24


def test_a_language_without_prompts_is_refused() -> None:
    with pytest.raises(DataError, match=r"factual/xx\.toml"):
        gender_facts(SimpleNamespace(), "xx")


def test_a_real_language_model_knows_most_of_it(shared: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = shared / "weights" / "stories260K"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    facts = gender_facts(tokenizer)
    known = facts.known(model)
    assert known.mean() > 0.6
    assert facts.kept(model, known).value == 1
    texts = ["The mother said that", "Once upon a time"]
    assert len(NextToken(tokenizer)(model, texts)) == 2

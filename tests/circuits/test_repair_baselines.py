"""Baselines change what enters by token, for a while, and never the output's weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from auditor.circuits.base import Aligned, Role
from auditor.circuits.repair.baselines import embedded_alike, mask_id, masked, terms_of
from auditor.errors import ModelError
from tests.circuits.tiny import FAMILIES, aligned, tiny

MASK = 4


def pair(a: list[int], b: list[int], terms: list[int], filler: tuple[int, ...] = ()) -> Aligned:
    """One pair whose version A has filler at some positions."""
    roles = np.full((1, len(a)), int(Role.SUFFIX))
    roles[0, terms] = Role.TERM
    real = [[int(i not in filler) for i in range(len(a))]]
    sides = [
        {"input_ids": torch.tensor([ids]), "attention_mask": torch.tensor(mask)}
        for ids, mask in ((a, real), (b, [[1] * len(b)]))
    ]
    return Aligned(sides[0], sides[1], torch.tensor([len(a) - 1]), roles)


def test_tokens_that_stand_for_one_another_are_one_class() -> None:
    he_she, his_her, him_her = (
        pair([5, x, 9], [5, y, 9], [1]) for x, y in ((20, 30), (21, 31), (22, 31))
    )
    classes = terms_of([he_she, his_her, him_her])
    assert set(classes) == {frozenset({20, 30}), frozenset({21, 22, 31})}


def test_what_both_versions_have_and_filler_are_no_terms() -> None:
    """ "he [filler]" against "the woman", and "the man" against "the woman"."""
    uneven = pair([20, 0, 9], [8, 30, 9], [0, 1], filler=(1,))
    assert terms_of([uneven]) == (frozenset({8, 20, 30}),)
    assert terms_of([pair([8, 20, 9], [8, 30, 9], [0, 1])]) == (frozenset({20, 30}),)


def logits(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(**inputs).logits
    return found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("baseline", ["masked", "alike"])
def test_versions_of_one_length_become_the_same_to_the_model(family: str, baseline: str) -> None:
    model = tiny(family)
    pairs = aligned(model, 5, padding="right")
    terms = terms_of([pairs])
    own, tables = logits(model, pairs.a), [each.clone() for each in model.parameters()]
    wrapper = masked(model, terms, MASK) if baseline == "masked" else None
    with wrapper or embedded_alike(model, (frozenset().union(*terms),)):
        a, b = logits(model, pairs.a), logits(model, pairs.b)
    assert torch.equal(a, b)
    assert not torch.allclose(own, logits(model, pairs.b))
    assert torch.equal(logits(model, pairs.a), own)
    assert all(torch.equal(x, y) for x, y in zip(tables, model.parameters(), strict=True))


def test_a_masked_token_is_read_as_the_mask() -> None:
    model = tiny("gpt2")
    pairs = aligned(model)
    terms = terms_of([pairs])
    by_hand = pairs.a["input_ids"].clone()
    by_hand[torch.isin(by_hand, torch.tensor(sorted(frozenset().union(*terms))))] = MASK
    with masked(model, terms, MASK):
        found = logits(model, pairs.a)
    wanted = logits(model, {**pairs.a, "input_ids": by_hand})
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)


def test_the_mean_embedding_of_a_class_enters_and_other_tokens_keep_theirs() -> None:
    model = tiny("llama")
    table = model.get_input_embeddings()
    with embedded_alike(model, (frozenset({20, 30}), frozenset({40}))):
        found = table(torch.tensor([[20, 30, 40, 7]]))[0]
    own = table.weight
    torch.testing.assert_close(found[0], (own[20] + own[30]) / 2)
    assert torch.equal(found[1], found[0])
    torch.testing.assert_close(found[2:], own[[40, 7]])


def test_a_model_that_was_not_run_through_its_embedding_is_refused() -> None:
    model = tiny("gpt2")
    with pytest.raises(ModelError, match="without its embedding"), masked(model, (), MASK):
        model(inputs_embeds=torch.zeros(1, 3, 32, dtype=torch.float64))


def test_the_mask_is_the_first_token_that_says_nothing() -> None:
    class Tokenizer:
        mask_token_id: int | None = None
        unk_token_id: int | None = 0
        pad_token_id: int | None = 1

    assert mask_id(Tokenizer()) == 0
    Tokenizer.mask_token_id = 9
    assert mask_id(Tokenizer()) == 9
    assert mask_id(object()) is None

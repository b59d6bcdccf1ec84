"""Factual gender: that a mother is a she is no bias, and a repair should leave it.

A prompt speaks of someone whose gender the noun says ("The mother said that"); the model knows it
where it finds " she" more probable than " he" to go on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from auditor.circuits.base import Bools, Floats
from auditor.circuits.repair.quality import share
from auditor.content import content_path
from auditor.records import Estimate

UNIT = "share of factual gender kept"
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Fact:
    """One prompt with how it goes on in fact, and how it does not."""

    true: tuple[int, ...]  # [token], prompt and continuation
    false: tuple[int, ...]  # [token]
    cluster: str
    """The noun: prompts about one noun stand or fall together."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Prompts for one language model."""

    facts: tuple[Fact, ...]

    @torch.no_grad()
    def known(self, model: Any) -> Bools:
        """Returns whether the true continuation is the more probable. [prompt]"""
        parts = [self.facts[i : i + _AT_ONCE] for i in range(0, len(self.facts), _AT_ONCE)]
        found = [_margins(model, part) > 0 for part in parts]
        return np.concatenate(found) if found else np.zeros(0, np.bool_)

    def kept(self, model: Any, before: Bools) -> Estimate:
        """Returns the share of what was known before that is known now. [prompt] -> share"""
        if not before.any():
            reason = "the model did not know the gender of any of these nouns before"
            return Estimate.missing(reason, unit=UNIT, n=len(before))
        clusters = [fact.cluster for fact, was in zip(self.facts, before, strict=True) if was]
        return share(self.known(model)[before], clusters, UNIT)


def gender_facts(tokenizer: Any, language: str = "en") -> Facts:
    """Returns the prompts of `datasets/factual/` for a causal language model.

    Raises:
        DataError: there are none in this language.
    """
    file = content_path("datasets", "factual", f"{language}.toml")
    values = tomllib.loads(file.read_text(encoding="utf-8"))
    go_on: dict[str, str] = values["continuations"]
    found = []
    for gender, nouns in values["nouns"].items():
        other = next(each for each in go_on if each != gender)
        for noun in nouns:
            for frame in values["frames"]:
                prompt = frame.replace("{noun}", noun)
                ends = (go_on[gender], go_on[other])
                true, false = (tuple(tokenizer(prompt + end)["input_ids"]) for end in ends)
                found.append(Fact(true, false, noun))
    return Facts(tuple(found))


def _margins(model: Any, facts: Sequence[Fact]) -> Floats:
    """Returns log P(true) - log P(false). [prompt]

    Of the whole texts: what both have in common at the front cancels.
    """
    rows = [tokens for fact in facts for tokens in (fact.true, fact.false)]
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[row[-1]] * (width - len(row))] for row in rows])
    real = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    ids, real = ids.to(model.device), real.to(model.device)
    logits = model(input_ids=ids, attention_mask=real).logits
    log_p = logits[:, :-1].float().log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    true, false = (log_p * real[:, 1:]).sum(1).unflatten(0, (-1, 2)).unbind(1)
    margins: Floats = (true - false).double().cpu().numpy()
    return margins

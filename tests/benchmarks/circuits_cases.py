"""Models, pairs and margins that circuits are measured on: random weights, random tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from auditor.circuits.base import Aligned, Inputs, Role
from auditor.circuits.graph import Graph

CONTRAST = (11, 12)
"""Tokens whose logits are told apart."""
SMALL_STEPS = 16
"""Of conductance on the small models."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One logit less another."""

    first: int
    second: int
    of_tokens: bool
    name: str = "difference"

    def of(self, logits: torch.Tensor) -> torch.Tensor:
        """Returns [row] from [row, label or token]."""
        return logits[:, self.first] - logits[:, self.second]


TOKENS = Difference(*CONTRAST, of_tokens=True)


def gpt2(layers: int = 12) -> Any:
    """A randomly initialised model of GPT-2 small's size, or of other depth."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(n_layer=layers)).eval()


def pairs_of(count: int, width: int, tokens: int = 50_257, device: str = "cpu") -> Aligned:
    """Pairs of random tokens, of which one differs."""
    generator = torch.Generator().manual_seed(1)
    a = torch.randint(20, tokens, (count, width), generator=generator)
    b = a.clone()
    b[:, width // 4] = 20 + (b[:, width // 4] - 19) % (tokens - 20)
    return Aligned(
        _inputs(a.to(device)),
        _inputs(b.to(device)),
        torch.full((count,), width - 1, device=device),
        np.full((count, width), Role.SUFFIX),
    )


def _inputs(tokens: torch.Tensor) -> Inputs:
    return {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}


@dataclass(frozen=True, slots=True)
class Case:
    """A model and pairs that other tools score too."""

    name: str
    model: Any
    graph: Graph
    pairs: Aligned
    margin: Difference

    @property
    def heads(self) -> list[int]:
        """One of each layer, to patch. [layer]"""
        return [layer % each.heads for layer, each in enumerate(self.graph.attentions)]

    def write(self, folder: Path) -> dict[str, Any]:
        """Writes its weights; returns what else the other interpreter has to know."""
        self.model.save_pretrained(folder / self.name)
        names = {module: name for name, module in self.model.named_modules()}
        parts: list[tuple[str, int, bool]] = []
        for attention, mlp in zip(self.graph.attentions, self.graph.mlps, strict=True):
            parts += [(names[attention.out], attention.heads, True), (names[mlp.down], 1, False)]
        return {
            "class": type(self.model).__name__,
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "writers": self.graph.writers,
            "readers": self.graph.readers,
            "heads": self.heads,
            "first": names[self.graph.blocks[0]],
            "parts": parts,
            "a": self.pairs.a["input_ids"].cpu(),
            "b": self.pairs.b["input_ids"].cpu(),
            "contrast": (self.margin.first, self.margin.second),
            "steps": SMALL_STEPS,
        }


def small_cases() -> tuple[Case, Case]:
    """Returns one GPT-2 and one BERT of three layers, far from linear."""
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        GPT2Config,
        GPT2LMHeadModel,
    )

    torch.manual_seed(0)
    special = {"bos_token_id": 0, "eos_token_id": 0}
    language = GPT2LMHeadModel(GPT2Config(vocab_size=60, n_embd=32, n_layer=3, n_head=4, **special))
    classifier = BertForSequenceClassification(
        BertConfig(
            vocab_size=60,
            hidden_size=32,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=64,
        )
    )
    return (
        _small("gpt2-small", language, Difference(3, 4, of_tokens=True)),
        _small("bert-small", classifier, Difference(1, 0, of_tokens=False)),
    )


def _small(name: str, model: Any, margin: Difference) -> Case:
    model = model.double().eval()
    for parameter in model.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return Case(name, model, Graph.of(model), pairs_of(4, 8, tokens=60), margin)


def write_cases(folder: Path, cases: Sequence[Case]) -> None:
    """Writes weights and tokens for the other interpreter."""
    torch.save({case.name: case.write(folder) for case in cases}, folder / "cases.pt")

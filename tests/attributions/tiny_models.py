"""Models whose gradients and attention are known by hand, and the tiny ones of every family."""

from __future__ import annotations

from typing import Any

import torch
from transformers import PretrainedConfig

from auditor.attributions.base import Ask, Attribution
from auditor.attributions.outputs import label_output
from auditor.models.base import Model
from auditor.models.classifier import Classifier
from auditor.plan import ScoringPlan
from tests.models.conftest import CAUSAL, WORDS, tiny, tokenizer

TEXTS = [
    "the man waited at the bank.",
    "she left early and came back with soup.",
    "he left",
    "a blind person",
]


def opened(model: Any, words: Any = None, **scoring: Any) -> Classifier:
    """Returns a model in the engine."""
    plan = ScoringPlan(device="cpu", **scoring)
    words = words or tokenizer()
    return Classifier(model, words, plan, model_id="tiny", provenance={"digests": {}})


def family(name: str, *, scoring: dict[str, Any] | None = None, **options: Any) -> Classifier:
    """Returns a tiny random classifier of a family in the engine."""
    return opened(tiny(name, **options), tokenizer(pad=name not in CAUSAL), **(scoring or {}))


def every_output(model: Model, **options: Any) -> Ask:
    """Returns a request for the output of each label."""
    return Ask(label_output(model, **options))


def found(answers: list[Any]) -> list[Attribution]:
    """Returns answers that are all attributions."""
    assert all(isinstance(each, Attribution) for each in answers)
    return answers


class Toy(torch.nn.Module):
    """A regression on embeddings that a test chooses: `weight` for a word, 0 for all others.

    Subclasses say what is done with them. Embeddings have one dimension.
    """

    device = torch.device("cpu")
    dtype = torch.float32

    def __init__(self, **weight: float) -> None:
        super().__init__()
        self.config = PretrainedConfig(num_labels=1)
        self.embedding = torch.nn.Embedding(5 + len(WORDS), 1)
        self.embedding.weight.data.zero_()
        for word, value in weight.items():
            place = 4 if word == "MASK" else 5 + WORDS.index(word)
            self.embedding.weight.data[place] = value

    def get_input_embeddings(self) -> torch.nn.Module:
        """Returns what the engine hooks."""
        return self.embedding

    def forward(self, input_ids: torch.Tensor, attention_mask: Any = None, **_: Any) -> Any:
        """Returns an object with logits [text, 1]."""
        sizes = self.embedding(input_ids)[..., 0]
        real = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        return type("Answer", (), {"logits": self.read(sizes * real)[:, None]})

    def read(self, sizes: torch.Tensor) -> torch.Tensor:
        """Returns one number per text from one per token."""
        raise NotImplementedError


class Linear(Toy):
    """Three times the sum of its words, and 1."""

    def read(self, sizes: torch.Tensor) -> torch.Tensor:
        """Returns 3 sum + 1."""
        return 3 * sizes.sum(dim=1) + 1


class Looking(Linear):
    """Attends from each token to every column alike, padding among them."""

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: Any = None,  # noqa: ARG002 - not to heed it is the fault
        **_: Any,
    ) -> Any:
        """Returns an object with logits, hidden states and one layer of attention."""
        states = self.embedding(input_ids)
        width = input_ids.shape[1]
        attention = torch.full((len(input_ids), 1, width, width), 1 / width)
        read = 3 * states[:, :1, 0]
        return type(
            "Answer",
            (),
            {"logits": read, "hidden_states": (states,), "attentions": (attention,)},
        )


class Opposed(Toy):
    """A steep function of the first word less the same of the second."""

    def read(self, sizes: torch.Tensor) -> torch.Tensor:
        """Returns g(first) - g(second)."""
        steep = torch.tanh(30 * (sizes - 0.37))
        return steep[:, 1] - steep[:, 2]

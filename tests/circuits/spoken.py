"""Models with a planted circuit that read texts: a tokenizer with one word for every id."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from auditor.circuits.margins import TokenMetric, token_contrast
from tests.circuits.planted import VARIANTS
from tests.circuits.texts import NO, YES
from tests.circuits.wiring import VOCABULARY, Layout

FAST: dict[str, Any] = {
    "circuit_clusters": 4, "circuit_pairs": 12, "random_circuits": 40, "resamples": 20,
}  # fmt: skip
"""Options of a trace that takes a fraction of a second."""
_CLS = 1


@dataclass(frozen=True)
class Spoken:
    """A model with its tokenizer, and what is asked of it."""

    model: Any
    tokenizer: Any
    pairs: pd.DataFrame
    """One row per pair: text, counterfactual."""
    metric: TokenMetric | str
    members: tuple[str, ...]
    """Of the planted circuit."""

    @property
    def spec(self) -> tuple[Any, Any]:
        return self.model, self.tokenizer


@cache
def spoken(layout: Layout, variant: str = "plain", seed: int = 0, *, pairs: int = 32) -> Spoken:
    """Returns a planted model that reads words: language models say yes or no, BERT labels."""
    planted = VARIANTS[variant](layout, seed, pairs=pairs)
    sides = [_texts(each["input_ids"].tolist()) for each in (planted.aligned.a, planted.aligned.b)]
    frame = pd.DataFrame({"text": sides[0], "counterfactual": sides[1]})
    metric = token_contrast(" yes", " no") if layout == "gpt2" else "LABEL_1"
    tokenizer = _tokenizer(bert=layout == "bert")
    return Spoken(planted.model, tokenizer, frame, metric, planted.members)


def _word(index: int) -> str:
    return {0: "[PAD]", _CLS: "[CLS]", YES: "yes", NO: "no"}.get(index, f"w{index}")


def _texts(rows: list[list[int]]) -> list[str]:
    """Returns words without the first token of BERT, which its tokenizer adds."""
    return [" ".join(_word(i) for i in row if i != _CLS) for row in rows]


def _tokenizer(*, bert: bool) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {_word(index): index for index in range(VOCABULARY)}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="w37"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if bert:
        core.post_processor = processors.TemplateProcessing(
            single="[CLS] $A", special_tokens=[("[CLS]", _CLS)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="w37", pad_token="[PAD]", cls_token="[CLS]"
    )

"""Models and tokenizers of known behaviour, for tests of attributions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from auditor.attributions.base import Ask, Attribution, Bools, Tokens
from auditor.attributions.masking import Masker
from auditor.attributions.outputs import label_output
from auditor.attributions.owen import owen_values
from auditor.models.base import Floats, Model
from auditor.models.callables import CallableModel
from auditor.models.classifier import Classifier
from auditor.plan import ScoringPlan
from tests.attributions.cutters import SENTENCES
from tests.attributions.cutters import masker as cutter
from tests.models.conftest import tiny
from tests.models.conftest import tokenizer as word_tokenizer

EXACT = 10**9
"""A budget that no test exhausts."""


def function_model(function: Callable[[list[str]], Any], **scoring: Any) -> CallableModel:
    """Returns a function as a model; without options it gives one number per text."""
    given = scoring or {"gives": "regression"}
    return CallableModel(function, ScoringPlan(**given), model_id="the function")


def bag_of_words(**weights: float) -> CallableModel:
    """Returns a model that adds up the weights of a text's words, and 1."""

    def add_up(texts: list[str]) -> list[float]:
        return [1 + sum(weights.get(w.strip(".,!?"), 0.0) for w in t.split()) for t in texts]

    return function_model(add_up)


def classifier(tokenizer: Any = None, *, double: bool = True, **options: Any) -> Classifier:
    """Returns a random one-layer BERT over a tokenizer, in float64 unless told otherwise."""
    words = tokenizer or word_tokenizer()
    scoring = {k: options.pop(k) for k in list(options) if k in ScoringPlan.model_fields}
    family, device = options.pop("family", "bert"), options.pop("device", "cpu")
    sizes = {"num_hidden_layers": 1, "vocab_size": len(words), **options}
    model = tiny(family, **sizes).to(device)
    engine = Classifier(
        model.double() if double else model,
        words,
        ScoringPlan(device=device, **scoring),
        model_id=f"tiny {family}",
        provenance={"digests": {}},
    )
    _care(engine)
    return engine


def _care(engine: Classifier) -> None:
    """Makes words matter, around even odds: what is drawn at random says the same of all texts."""
    head = [each for each in engine.model.modules() if isinstance(each, torch.nn.Linear)][-1]
    head.weight.data.mul_(100)
    if head.bias is not None:
        odds = torch.from_numpy(engine.score(["she left"]).values[0])
        head.bias.data.sub_(odds.to(head.bias.device))


def asked(model: Model, max_evals: int = EXACT, **options: Any) -> Ask:
    """Returns a request for every label of a model."""
    return Ask(label_output(model, **options), max_evals)


def explained(
    model: Model,
    texts: Sequence[str],
    max_evals: int = EXACT,
    *,
    masker: Any = None,
    **options: Any,
) -> list[Attribution]:
    """Returns the Owen values of texts, none of which is refused."""
    ask = replace(asked(model, max_evals, **options), masker=masker)
    found = owen_values(model, texts, ask)
    assert all(isinstance(each, Attribution) for each in found), found
    return [each for each in found if isinstance(each, Attribution)]


def by_word(attribution: Attribution) -> dict[str, float]:
    """Returns the first output's value of each word; of one that comes twice the last."""
    words = [segment.strip() for segment in attribution.tokens.segments]
    return dict(zip(words, attribution.values[:, 0].tolist(), strict=True))


def tokens_of(clustering: Floats, fixed: Bools) -> Tokens:
    """Returns made-up tokens with a given hierarchy."""
    size = len(fixed)
    spans = np.stack([np.arange(size)] * 2, axis=1)
    return Tokens("", tuple("abcdefghij"[:size]), spans, fixed, clustering)


def pretend(tokenizer: Any, window: int | None = None) -> Any:
    """Returns a model that only has a tokenizer."""
    return SimpleNamespace(
        tokenizer=tokenizer, window=window, refuses_long=False, model_id="pretended"
    )


def words() -> Any:
    """Returns a tokenizer of words with [CLS], [SEP] and [MASK]."""
    return word_tokenizer()


def pieces() -> Any:
    """Returns the demo's WordPiece tokenizer; skips where its package is missing."""
    return cutter("pieces").model.tokenizer


def byte_pairs() -> Any:
    """Returns a byte-level BPE as RoBERTa's, with <s>, </s> and <mask>."""
    return cutter("bytes").model.tokenizer


@cache
def maskless() -> Any:
    """Returns a byte-level BPE as GPT-2's: no special tokens, no mask, "" has no tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=360, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(SENTENCES * 3, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<|end|>", eos_token="<|end|>", unk_token="<|end|>"
    )


@cache
def unigrams() -> Any:
    """Returns T5's tokenizer over a few words and letters: one special token, at the end."""
    from transformers import T5Tokenizer

    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    whole = [(f"▁{word}", -3.0) for word in ("the", "man", "left", "she", "bank")]
    letters = [(letter, -6.0) for letter in "abcdefghijklmnopqrstuvwxyz.,!'"]
    return T5Tokenizer(vocab=[*special, *whole, *letters], extra_ids=0)


def odd() -> Any:
    """Returns a tokenizer of words that puts three special tokens around every text."""
    from tokenizers import processors

    made = word_tokenizer()
    made._tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] [CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


TOKENIZERS: dict[str, Callable[[], Any]] = {
    "words": words,
    "pieces": pieces,
    "byte_pairs": byte_pairs,
    "maskless": maskless,
    "unigrams": unigrams,
}


def masker_of(name: str) -> Masker:
    """Returns the masker of one of `TOKENIZERS`, or of a function."""
    return Masker(pretend(None if name == "function" else TOKENIZERS[name]()))

"""Texts cut by real tokenizers: pieces of words, pieces of bytes, words, and shap's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from auditor.attributions.base import Attribution, Tokens
from auditor.attributions.masking import Masker
from auditor.errors import ModelError
from auditor.models.demo import weights_folder
from auditor.records import Span
from tests.models.conftest import tokenizer as word_tokenizer

CUTTERS = ["pieces", "bytes", "words", "plain"]
SENTENCES = [
    "The man waited at the bank and the woman came back with her soup.",
    "A blind person can't see the man's café, but she's heard of it.",
    "They asked an old person for the results; he'd left early.",
]


@cache
def masker(name: str) -> Masker:
    """Returns the masker of one of `CUTTERS`; skips where the demo's package is missing."""
    makers: dict[str, Callable[[], Any]] = {
        "pieces": _pieces,
        "bytes": _bytes,
        "words": word_tokenizer,
        "plain": lambda: None,  # a function has no tokenizer: shap's own
    }
    model: Any = SimpleNamespace(
        tokenizer=makers[name](), window=None, refuses_long=False, model_id=name
    )
    return Masker(model)


def cut(name: str, text: str) -> Tokens:
    tokens = masker(name).cut(text)
    assert isinstance(tokens, Tokens)
    return tokens


def by_hand(text: str, spans: Sequence[Span], clustering: Sequence[Sequence[float]] = ()) -> Tokens:
    """Returns tokens that stand where they are told to."""
    segments = tuple(text[start:end] for start, end in spans)
    fixed = np.zeros(len(spans), np.bool_)
    tree = np.array(clustering, np.float64).reshape(-1, 4)
    return Tokens(text, segments, np.array(spans, np.int64).reshape(-1, 2), fixed, tree)


def attribution(tokens: Tokens, seed: int = 0, outputs: int = 2) -> Attribution:
    """Returns made-up values, base and score of tokens, which leave a residual."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(len(tokens), outputs))
    base, score = rng.normal(size=(2, outputs))
    return Attribution(tokens, values, base, score, "owen", "log-odds")


def _pieces() -> Any:
    from transformers import AutoTokenizer

    try:
        folder = weights_folder()
    except ModelError as error:
        pytest.skip(str(error))
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def _bytes() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<s>", "</s>", "<pad>", "<mask>"]
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=360, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(SENTENCES * 3, trainer)
    core.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        cls_token="<s>",
        mask_token="<mask>",
        pad_token="<pad>",
    )

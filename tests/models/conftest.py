"""Tiny models with a real tokenizer, made on the spot: architecture, not knowledge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

WORDS = [
    "the", "man", "woman", "waited", "at", "shop", "bank", "court", "a", "blind", "person", "she",
    "he", "left", "early", "and", "came", "back", "with", "soup", ".", "muslim", "christian",
]  # fmt: skip


def tokenizer(*, pad: bool = True, limit: int = 64) -> Any:
    """Returns a fast word tokenizer of `WORDS` with BERT's special tokens."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: i for i, word in enumerate([*special, *WORDS])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    core.normalizer = normalizers.Lowercase()
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        pad_token="[PAD]" if pad else None,
        model_max_length=limit,
    )


FAMILIES: dict[str, dict[str, Any]] = {
    "bert": {},
    "roberta": {"pad_token_id": 0, "max_position_embeddings": 66},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
    "electra": {"embedding_size": 32},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "modernbert": {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "pad_token_id": None},
    "llama": {"num_key_value_heads": 2, "pad_token_id": None},
    "qwen2": {"num_key_value_heads": 2, "pad_token_id": None},
}
CAUSAL = ("gpt2", "llama", "qwen2")


def tiny(family: str, **options: Any) -> Any:
    """Returns a random two-layer classifier of a family, in float32 and evaluation mode."""
    from transformers import AutoConfig, AutoModelForSequenceClassification

    sizes: dict[str, Any] = {
        "vocab_size": 5 + len(WORDS),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "bos_token_id": 2,
        "eos_token_id": 3,
    }
    if family in {"distilbert", "gpt2"}:
        sizes = {k: sizes[k] for k in ("vocab_size", "bos_token_id", "eos_token_id")}
    given = {**sizes, **FAMILIES[family], **options}
    torch.manual_seed(0)
    config = AutoConfig.for_model(family, **given)
    model = AutoModelForSequenceClassification.from_config(config).float().eval()
    # Random heads differ by 1e-3; make wrong padding visible.
    for parameter in model.parameters():
        parameter.data.mul_(3.0)
    return model


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Saves a tiny model with its tokenizer and returns the folder."""

    def save(family: str = "bert", **options: Any) -> Path:
        folder = tmp_path / f"{family}-model"
        tiny(family, **options).save_pretrained(folder)
        tokenizer(pad=family not in CAUSAL).save_pretrained(folder)
        return folder

    return save

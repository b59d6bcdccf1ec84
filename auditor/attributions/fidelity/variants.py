"""The same text with other masks, the same architecture with other weights."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from auditor.attributions.masking import open_masker
from auditor.errors import ModelError
from auditor.models.base import Model

if TYPE_CHECKING:
    from auditor.models.classifier import Classifier

COPIES = 5
"""Models of random weights. Texts are shared out among them, so that more cost no more than
drawing them: one copy has chance likings of its own for some tokens, which all texts share (demo
model, Owen values, 20 texts: six copies gave mean correlations from -.15 to .17)."""
DELETED = "no mask: tokens left out"


def other_masks(model: Model, masker: Any) -> dict[str, Any]:
    """Returns name -> a `shap.maskers.Text` that cuts texts as the one in use, and masks otherwise.

    The tokenizer's unknown token (else "..."), and nothing at all. A tokenizer that pads with its
    unknown token has "...": a model would take the mask for the end of the text.
    """
    from shap.maskers import Text

    used = open_masker(model, masker)
    tokenizer = used.tokenizer
    unknown = getattr(tokenizer, "unk_token", None)
    if unknown == getattr(tokenizer, "pad_token", None):
        unknown = None
    words = [word for word in (unknown, "...") if word and word != used.mask_token][:1]
    # A blank: written masks are joined by blanks, of which several become one.
    named = {**{word: word for word in words}, DELETED: " "}
    return {
        name: Text(tokenizer, mask_token=word, collapse_mask_token=used.collapse_mask_token)
        for name, word in named.items()
        if word.strip() != str(used.mask_token).strip()
    }


def random_copies(model: Model, seed: int, count: int = COPIES) -> Iterator[Classifier]:
    """Yields models of the same architecture and tokenizer with weights drawn at random.

    They are drawn as transformers draws them before training, one at a time: a large model may
    not fit the memory often. The model itself, and what others draw from torch's generator, stay
    as they are.

    Raises:
        ModelError: the model is a function, its class makes no model from a configuration, or
            there is no room for another one.
    """
    from auditor.models.classifier import Classifier

    if not isinstance(model, Classifier):
        raise ModelError(f"{model.model_id} is a function: it has no weights to draw at random")
    for each in np.random.SeedSequence(seed).generate_state(count):
        yield Classifier(
            drawn(model.model, int(each)),
            model.tokenizer,
            model.plan,
            model_id=f"{model.model_id} with random weights",
            provenance={"digests": {}},
        )


def drawn(model: Any, seed: int) -> Any:
    """Returns a model of the same class and configuration with weights drawn at random.

    Raises:
        ModelError: its class makes no model from a configuration, or there is no room.
    """
    import torch

    kind = type(model)
    # Made on the CPU, whose generator alone is moved and put back.
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(seed)
        try:
            return kind(copy.deepcopy(model.config)).to(model.device, model.dtype)
        except Exception as error:
            raise ModelError(
                f"no {kind.__name__} can be made from the model's configuration alone "
                f"({type(error).__name__}: {error}); give the classifier without a wrapper, on a "
                "device with room for it twice"
            ) from error

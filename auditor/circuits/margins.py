"""What a circuit explains: one number per text, read off a model's logits.

A metric is asked for in words, by label or by two continuations, and resolved against one model
and its tokenizer. Every margin is in natural log-odds, but that of a regression, its output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from auditor.attributions.outputs import Output, favourable_output
from auditor.circuits.base import Margin
from auditor.errors import ModelError, PlanError
from auditor.models.classifier import kind_of, labels_of
from auditor.models.heads import head_of
from auditor.models.outcomes import Outcome

_BEFORE = "The girl was happy because"
"""A text to continue: alone, a term is often cut otherwise, or begins with a blank of its own."""

_LABEL = 'label_margin("ok")'
_TOKENS = 'token_contrast(" he", " she")'


@dataclass(frozen=True, slots=True)
class LabelMetric:
    """A label by name or index, not yet found in a model."""

    label: str | int


@dataclass(frozen=True, slots=True)
class TokenMetric:
    """Two continuations, not yet found in a tokenizer."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class OutputMargin:
    """A classifier's output: the favourable logit less the log-sum-exp of the others; of a
    multi-label model its own logit; of a regression the output."""

    name: str
    output: Output
    of_tokens: bool = False

    def of(self, logits: torch.Tensor) -> torch.Tensor:
        """Returns [row] from [row, label]."""
        return self.output.of(_precise(logits))[:, 0]


@dataclass(frozen=True, slots=True)
class TokenMargin:
    """logit(first) - logit(second), which is log P(first) - log P(second); 0: as likely."""

    name: str
    first: int
    """Token ids."""
    second: int
    of_tokens: bool = True

    def of(self, logits: torch.Tensor) -> torch.Tensor:
        """Returns [row] from [row, token], at the position that is read."""
        precise = _precise(logits[:, [self.first, self.second]])
        return precise[:, 0] - precise[:, 1]


Metric = LabelMetric | TokenMetric | Outcome | Margin | str | int
"""What can be asked for; a bare name or index is a label."""


def label_margin(label: str | int) -> LabelMetric:
    """Returns the metric of one label of a classifier.

    Single label: its logit less the log-sum-exp of the others, the log-odds of its probability.
    Multi-label: its own logit. Regression: the output, which has the only label.

    Args:
        label: its name or index.
    """
    return LabelMetric(label)


def token_contrast(first: str, second: str) -> TokenMetric:
    """Returns the metric log P(first) - log P(second) of a language model.

    A causal model is read behind the text's last token, a masked one at the text's mask.

    Args:
        first: as it continues a text, with its blank: `" he"`. One token, as `second` is.
    """
    return TokenMetric(first, second)


def favourable_margin(outcome: Outcome) -> OutputMargin:
    """Returns the margin that an audit speaks of: of the favourable labels together."""
    output = favourable_output(outcome)
    return OutputMargin(_words(output), output)


def resolve(metric: Metric, model: Any, tokenizer: Any) -> Margin:
    """Returns what is asked for as it is read off one model's logits.

    Raises:
        PlanError: the model's head has no such metric or label, the two continuations are the
            same, or it is no metric.
        ModelError: a continuation is not one token of this tokenizer.
    """
    if isinstance(metric, str | int):
        metric = label_margin(metric)
    if not isinstance(metric, LabelMetric | TokenMetric | Outcome) and not hasattr(metric, "of"):
        raise PlanError(f"metric is {metric!r:.60}; give {_LABEL}, {_TOKENS}, or a label's name")
    _check_head(isinstance(metric, TokenMetric) or getattr(metric, "of_tokens", False), model)
    if isinstance(metric, LabelMetric):
        return _label(metric.label, model)
    if isinstance(metric, TokenMetric):
        return _contrast(metric, tokenizer)
    return favourable_margin(metric) if isinstance(metric, Outcome) else metric


def _check_head(of_tokens: bool, model: Any) -> None:
    name, classifies = type(model).__name__, head_of(model) == "classifier"
    if of_tokens and classifies:
        raise PlanError(f"{name} answers with labels, and the metric reads tokens; give {_LABEL}")
    if not of_tokens and not classifies:
        raise PlanError(f"{name} answers with tokens, and the metric reads labels; give {_TOKENS}")


def _label(label: str | int, model: Any) -> OutputMargin:
    labels = labels_of(model)
    index = labels.index(label) if isinstance(label, str) and label in labels else label
    if isinstance(index, str) or not 0 <= index < len(labels):
        raise PlanError(
            f"label_margin names {label!r}; the model has {', '.join(labels)} (or their index)"
        )
    kind = kind_of(model, type(model).__name__)
    if kind == "regression":
        output = Output((labels[index],), "output", kind, ((index,),), "output")
    else:
        output = Output((labels[index],), "log-odds", kind, ((index,),), "logit")
    return OutputMargin(_words(output), output)


def _words(output: Output) -> str:
    quoted = f"{output.names[0]!r}"
    return f"{output.unit} of {quoted}" if output.unit == "log-odds" else f"the output {quoted}"


def _contrast(metric: TokenMetric, tokenizer: Any) -> TokenMargin:
    first, second = (continuation(tokenizer, term) for term in (metric.first, metric.second))
    if first == second:
        raise PlanError(
            f"token_contrast({metric.first!r}, {metric.second!r}): both are the same token, so "
            "that their difference is always 0; give two that differ"
        )
    return TokenMargin(f"log-odds of {metric.first!r} against {metric.second!r}", first, second)


def continuation(tokenizer: Any, term: str) -> int:
    """Returns the id of the one token by which a text goes on with a term.

    Raises:
        ModelError: it takes several tokens, none, or one that is unknown or only part of a word.
    """
    before, whole = (
        tokenizer(text, add_special_tokens=False)["input_ids"] for text in (_BEFORE, _BEFORE + term)
    )
    added = whole[len(before) :]
    if whole[: len(before)] != before:
        reason = "it is not cut from what stands before it"
    elif len(added) != 1:
        reason = f"it is {len(added)} tokens, {_pieces(tokenizer, added)}"
    elif added[0] == tokenizer.unk_token_id:
        reason = "the tokenizer does not know it"
    elif tokenizer.convert_ids_to_tokens(added)[0].startswith("##"):
        reason = f"it is {_pieces(tokenizer, added)}, which goes on within a word"
    else:
        return int(added[0])
    raise ModelError(
        f"token_contrast({term!r}): {reason}; give a word that is one token as it continues a "
        'text, with the blank before it, such as " he"'
    )


def _pieces(tokenizer: Any, ids: list[int]) -> str:
    return " + ".join(map(repr, tokenizer.convert_ids_to_tokens(ids))) or "none at all"


def _precise(logits: torch.Tensor) -> torch.Tensor:
    return logits if logits.dtype == torch.float64 else logits.float()

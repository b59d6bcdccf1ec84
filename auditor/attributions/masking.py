"""Texts as shap sees them: its tokens, its mask token, its hierarchy, its masked strings.

`shap.maskers.Text` says what tokens and mask are; the strings themselves are joined here, many
times faster and, as a test keeps it, the same ones. With one exception: a character of which
several tokens are made (bytes of it, or a blank put before it) shap writes once for each, and so
explains another text. Here it is written once, with the last of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from auditor.attributions.base import Bools, Ints, Refused, Tokens
from auditor.attributions.hierarchies import hierarchy
from auditor.errors import ModelError, PlanError
from auditor.models.base import Model

_BY_WORD = r'explain it by word, with masker=shap.maskers.Text(r"\W+")'


def open_masker(model: Model, masker: Any = None) -> Any:
    """Returns the `shap.maskers.Text` of a model: its tokenizer's, or one of words for a function.

    A tokenizer without a mask token masks with "...", neighbouring masks as one. A function's
    texts are cut at what is no letter, digit or underscore, and masked in the same way. Both are
    shap's defaults, but that shap's own words leave out what follows the last of them.

    Raises:
        ModelError: shap cannot mask with this tokenizer.
        PlanError: the masker given is no `shap.maskers.Text` that writes texts.
    """
    from shap.maskers import Text

    if masker is not None:
        return _checked(masker)
    if model.tokenizer is None:
        return Text(_words())
    tokenizer = model.tokenizer if model.tokenizer.is_fast else _WithoutOffsets(model.tokenizer)
    try:
        return Text(tokenizer)
    except Exception as error:  # shap has none of its own
        raise ModelError(
            f"the tokenizer of {model.model_id} cannot be masked as shap does it: "
            f"{str(error).rstrip('.!')}; {_BY_WORD}"
        ) from error


def _checked(masker: Any) -> Any:
    from shap.maskers import Text

    if type(masker) is Text and masker.output_type == "string" and type(masker.mask_token) is str:
        return masker
    raise PlanError(
        f"masker is {masker!r:.80}; give a shap.maskers.Text that writes strings, e.g. "
        'shap.maskers.Text(tokenizer, mask_token="...")'
    )


def _words() -> Callable[..., dict[str, Any]]:
    """Returns shap's tokenizer of words, the last of which reaches to the text's end."""
    from shap.maskers._text import SimpleTokenizer

    simple = SimpleTokenizer()

    def cut(text: str, **_: Any) -> dict[str, Any]:
        found: dict[str, Any] = simple(text)
        if found["offset_mapping"]:
            found["offset_mapping"][-1] = (found["offset_mapping"][-1][0], len(text))
        return found

    return cut


class _WithoutOffsets:
    """A tokenizer that says that it has no offsets, so that shap takes its other way: those of
    transformers leave them out without a word."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tokenizer, name)

    def __call__(self, text: str, *, return_offsets_mapping: bool = False, **options: Any) -> Any:
        if return_offsets_mapping:
            raise NotImplementedError("it gives no offsets")
        return self.tokenizer(text, **options)


class Masker:
    """Cuts texts into tokens and writes them with some tokens masked."""

    def __init__(self, model: Model, masker: Any = None) -> None:
        self.model = model
        self.shap = open_masker(model, masker)
        self.mask = " " + self.shap.mask_token
        self.separator = getattr(self.shap.tokenizer, "sep_token", None)
        self.collapses = bool(self.shap.collapse_mask_token)
        self.underlines = _writes_blanks_as_underlines(self.shap.tokenizer)
        self.has_offsets = _has_offsets(self.shap.tokenizer)
        self.needs_text = model.tokenizer is not None and not self._ids("")

    def cut(self, text: str) -> Tokens | Refused:
        """Returns a text's tokens with their hierarchy, or why it cannot be explained."""
        try:
            read = self._read(text)
        except (TypeError, ValueError) as error:  # of a lone surrogate, say
            return Refused(text, f"the tokenizer cannot read it: {error}")
        segments, spans = _tiled(text, read) if self.has_offsets else _searched(text, read)
        fixed = self._fixed(segments)
        tokens = Tokens(text, segments, spans, fixed, hierarchy(segments, self.separator))
        reason = None if self.model.tokenizer is None else self._unreadable(tokens)
        return tokens if reason is None else Refused(text, reason)

    def _read(self, text: str) -> Any:
        """Returns where tokens stand, as the tokenizer says; without offsets shap's segments."""
        if self.has_offsets:
            return _ask(self.shap.tokenizer, text, offsets=True)["offset_mapping"]
        return self.shap.token_segments(text)[0]

    def _unreadable(self, tokens: Tokens) -> str | None:
        """Returns why the model cannot read the text or a masked version of it."""
        own = self.shap.tokenizer is self.model.tokenizer
        size = len(tokens) if own else len(self._ids(tokens.text))
        if self.model.refuses_long and self.model.window and size > self.model.window:
            return (
                f"it has {size} tokens and the model reads {self.model.window}; shorten it, or let "
                'it be cut with too_long="truncate"'
            )
        if self.has_offsets and not self.needs_text:
            return None
        if not len(tokens):
            return "it has no tokens"
        masked, whole = self.strings(tokens, np.array([[False], [True]]))
        if self.needs_text and not (masked and whole):
            return (
                "nothing is left of it without blanks or with every token masked, and the model "
                "cannot read an empty text; leave it out, or mask with another token"
            )
        if not self.has_offsets and self._ids(whole) != self._ids(tokens.text):
            return (
                "the tokenizer does not say where its tokens stand, and shap would explain "
                f"{whole[:60]!r} in its place; {_BY_WORD}"
            )
        return None

    def _ids(self, text: str) -> list[int]:
        """Returns the text as the model reads it."""
        return list(_ask(self.model.tokenizer, text)["input_ids"])

    def _fixed(self, segments: Sequence[str]) -> Bools:
        fixed = np.array([s == self.separator for s in segments], np.bool_)
        fixed[: self.shap.keep_prefix] = True
        fixed[len(segments) - self.shap.keep_suffix :] = True
        return fixed

    def strings(self, tokens: Tokens, shown: Bools) -> list[str]:
        """Returns a text with tokens masked, once for each row.

        Args:
            shown: [row, token], False: masked. Fixed tokens stay whatever it says.
        """
        shown = shown | tokens.fixed
        pieces = np.where(shown, np.array(tokens.segments, object), self.mask)
        if self.collapses:
            # Neighbouring masked tokens share one mask.
            pieces[:, 1:][~shown[:, 1:] & ~shown[:, :-1]] = ""
        texts = ["".join(row) for row in pieces.tolist()]
        if self.underlines:
            texts = [text.replace("▁", " ") for text in texts]
        return [" ".join(text.split()) for text in texts]


def _ask(tokenizer: Any, text: str, *, offsets: bool = False) -> Any:
    options: dict[str, Any] = {"return_offsets_mapping": True} if offsets else {}
    if hasattr(tokenizer, "model_max_length"):
        # transformers' notice of long texts; what becomes of them is said elsewhere.
        options["verbose"] = False
    return tokenizer(text, **options)


def _has_offsets(tokenizer: Any) -> bool:
    try:
        return "offset_mapping" in _ask(tokenizer, "a", offsets=True)
    except (NotImplementedError, TypeError):  # as shap has it
        return False


Cut = tuple[tuple[str, ...], Ints]
"""Segments, and spans [token, 2] that leave blanks out."""


def _tiled(text: str, offsets: Sequence[tuple[int, int] | None]) -> Cut:
    """Returns each token's characters with all that stands before the next token.

    Of the pieces of one character the last has it; the spans of all are where it stands.
    """
    nowhere = (0, 0)  # where special tokens stand
    own = [each or nowhere for each in offsets]
    segments, spans = [], []
    at = 0
    for (start, end), following in zip(own, [*own[1:], nowhere], strict=False):
        begin = max(start, at)
        at = max(at, end if tuple(following) == nowhere else following[0])
        segments.append(text[begin:at])
        spans.append(_stripped(text, begin, max(end, at)))
    return tuple(segments), np.array(spans, np.int64).reshape(-1, 2)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    word = text[start:end]
    start += len(word) - len(word.lstrip())
    return start, start + len(word.strip())


def _searched(text: str, segments: Sequence[str]) -> Cut:
    """Returns segments and where they are found, in order; one that is not found has no width."""
    # Without offsets shap gives the words of the vocabulary, often in small letters.
    small = text.lower() if len(text.lower()) == len(text) else text
    spans = np.zeros((len(segments), 2), np.int64)
    at = 0
    for i, segment in enumerate(segments):
        word = segment.strip()
        found = max(text.find(word, at), small.find(word, at))
        spans[i] = (found, found + len(word)) if found >= 0 else (at, at)
        at = spans[i, 1]
    return tuple(segments), spans


def _writes_blanks_as_underlines(tokenizer: Any) -> bool:
    from shap.utils import safe_isinstance
    from shap.utils.transformers import SENTENCEPIECE_TOKENIZERS

    return bool(safe_isinstance(tokenizer, SENTENCEPIECE_TOKENIZERS))

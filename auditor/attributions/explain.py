"""What users call: SHAP attributions of texts and of pairs, many at once.

explanation = auditor.explain("path-or-id", ["She leads the team."])
shap.plots.text(explanation[0, :, "positive"])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from auditor.attributions.base import Ask, Attribution, Refused
from auditor.attributions.gaps import Alignment, align, gap_of
from auditor.attributions.methods import method as method_named
from auditor.attributions.outputs import Output, label_output
from auditor.attributions.packing import pack, packed
from auditor.attributions.pairs import TextPair, text_pairs
from auditor.attributions.words import by_word
from auditor.errors import DataError, ModelError, PlanError
from auditor.models.base import Model
from auditor.models.loading import load_model
from auditor.plan import ScoringPlan
from auditor.plan_file import plan_from_options

if TYPE_CHECKING:
    import shap

Level = Literal["token", "word"]


def explain(  # noqa: PLR0913 - a call of the public surface: its arguments are its options
    model: Any,
    texts: Sequence[str],
    *,
    method: str = "owen",
    output: str | Callable[[Any], Any] | None = None,
    labels: Sequence[str | int] | None = None,
    max_evals: int = 1_000,
    level: Level = "token",
    masker: Any = None,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
    **scoring: Any,
) -> shap.Explanation:
    """Returns what each token of each text adds to the model's output, as one `shap.Explanation`.

    With the method "owen" values and `base_values` add up to the output, and equal those of
    `shap.Explainer(pipeline)` (same tokens, mask token and hierarchy); all texts are computed
    together, each distinct masked text once. A text that cannot be explained keeps its place
    without tokens, with a warning; `refused` of the result maps its index to the reason.

    Args:
        model: a Hugging Face id or folder, a loaded `(model, tokenizer)`, or a function
            `list[str] -> array [text]` or `[text, label]`.
        method: "owen", or a second opinion that is no SHAP: "input_x_gradient",
            "integrated_gradients", "attention_rollout".
        output: "logit" (natural log-odds of each label, the default), "probability", or a function
            of raw values [text, label] to [text] or [text, output]. A regression has its output
            only; a function as the model is explained as it answers, unless one of the words says
            that it gives probabilities.
        labels: which labels, by name or index; None: every one.
        max_evals: distinct masked versions per text that the model reads, at most. 1,000 are
            exact up to about 30 tokens; fewer are faster, and leave effects on groups of tokens.
        level: "word" adds up the tokens of each word.
        masker: a `shap.maskers.Text` of your own, e.g. with another mask token.
        tell: called with texts done and texts in all.
        scoring: options of `plan.ScoringPlan`, such as `device="cuda"`, `dtype="bfloat16"`,
            `token_budget`, `too_long="refuse"`; `label_names` names the columns of a function.

    Raises:
        AuditError: what was given, what is accepted, what to do next.

    Example:
        >>> count = lambda texts: [[float("no" in text)] for text in texts]
        >>> explain(count, ["no way"]).values[0].ravel().tolist()
        [1.0, 0.0]
    """
    given, explainer = _texts(texts), method_named(method)
    _refuse_unknown_level(level)
    loaded, wanted = _opened(model, output, labels, scoring)
    found = explainer.call(loaded, given, Ask(wanted, max_evals, masker, tell))
    if level == "word":
        found = [each if isinstance(each, Refused) else by_word(each) for each in found]
    return pack(found, wanted.names)


@dataclass(frozen=True, slots=True)
class ExplainedPairs:
    """Both sides of pairs, and what each aligned token carries of the gap between them."""

    texts: shap.Explanation
    counterfactuals: shap.Explanation
    gaps: shap.Explanation
    """One feature per aligned token; values and `base_values` add up to
    output(counterfactual) - output(text)."""
    table: pd.DataFrame
    """One row per pair, aligned token and output: pair, aligned, role, token_from, token_to,
    output, value_from, value_to, gap."""


def explain_pairs(  # noqa: PLR0913 - as `explain`
    model: Any,
    pairs: pd.DataFrame | Iterable[Any],
    *,
    method: str = "owen",
    output: str | Callable[[Any], Any] | None = None,
    labels: Sequence[str | int] | None = None,
    max_evals: int = 1_000,
    masker: Any = None,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
    **scoring: Any,
) -> ExplainedPairs:
    """Returns how much of output(counterfactual) - output(text) each token carries.

    Tokens of the two sides are compared where they stand for the same characters; the swapped
    terms, and what changed with them, are compared as a whole. Masked versions in which the
    swapped term is hidden are the same on both sides, and read once.

    Args:
        pairs: a frame with the columns text, counterfactual, spans_from and spans_to (such as
            `run.pairs()`), what `auditor.swap` returns, or tuples (text, counterfactual), whose
            differences are found by word.

    The other arguments and errors are those of `explain`.
    """
    sides, explainer = text_pairs(pairs), method_named(method)
    loaded, wanted = _opened(model, output, labels, scoring)
    texts = [text for pair in sides for text in (pair.text, pair.counterfactual)]
    found = explainer.call(loaded, texts, Ask(wanted, max_evals, masker, tell))
    names, whole = wanted.names, _whole(sides, found)
    return ExplainedPairs(
        pack(found[::2], names),
        pack(found[1::2], names),
        _gaps(whole, len(sides), names),
        _table(whole, names),
    )


Whole = dict[int, tuple[Attribution, Attribution, Alignment]]


def _whole(pairs: Sequence[TextPair], found: Sequence[Attribution | Refused]) -> Whole:
    """Returns the pairs of which both sides were explained, by their place."""
    whole: Whole = {}
    for i, pair in enumerate(pairs):
        a, b = found[2 * i], found[2 * i + 1]
        if isinstance(a, Attribution) and isinstance(b, Attribution):
            whole[i] = a, b, align(a.tokens, b.tokens, pair.spans_from, pair.spans_to)
    return whole


def _gaps(whole: Whole, count: int, names: Sequence[str]) -> shap.Explanation:
    import shap

    values = [np.empty((0, len(names)))] * count
    base = np.full((count, len(names)), np.nan)
    data: list[Any] = [np.empty(0, object)] * count
    for i, (a, b, alignment) in whole.items():
        gap = gap_of(a, b, alignment)
        values[i], base[i] = gap.values, gap.base
        data[i] = np.array([_shown(*both) for both in alignment.words(a.tokens, b.tokens)], object)
    features = [[str(word).strip() for word in each] for each in data]
    return shap.Explanation(
        packed(values), base, packed(data), feature_names=features, output_names=list(names)
    )


def _shown(word_from: str, word_to: str) -> str:
    """One word where both sides have the same, else "he → she "."""
    if word_from.strip() == word_to.strip():
        return word_to
    return f"{word_from.strip() or '(nothing)'} → {word_to.strip() or '(nothing)'} "


TABLE = (
    "pair", "aligned", "role", "token_from", "token_to", "output", "value_from", "value_to", "gap",
)  # fmt: skip


def _table(whole: Whole, names: Sequence[str]) -> pd.DataFrame:
    rows = [
        (i, unit, role.value, *(word.strip() for word in words), name, x, y, y - x)
        for i, (a, b, alignment) in whole.items()
        for unit, (role, words, values_from, values_to) in enumerate(
            zip(
                alignment.roles,
                alignment.words(a.tokens, b.tokens),
                alignment.sums_from(a.values).tolist(),
                alignment.sums_to(b.values).tolist(),
                strict=True,
            )
        )
        for name, x, y in zip(names, values_from, values_to, strict=True)
    ]
    return pd.DataFrame(rows, columns=TABLE)


def _texts(texts: Any) -> list[str]:
    """Returns the texts as a list; what is none is refused here, before a model is loaded."""
    single = isinstance(texts, str | Mapping | pd.DataFrame) or not isinstance(texts, Iterable)
    given = [] if single else list(texts)
    if not given:
        raise DataError(
            f"texts is {_brief(texts)}; give a list with at least one text (of a table, a column)"
        )
    wrong = [i for i, text in enumerate(given) if not isinstance(text, str)]
    if wrong:
        raise DataError(
            f"text {wrong[0]} is {_brief(given[wrong[0]])}; every text must be a string, so leave "
            "missing ones out"
        )
    return given


def _refuse_unknown_level(level: str) -> None:
    if level not in get_args(Level):
        raise PlanError(f"level is {level!r}; it must be {' or '.join(get_args(Level))}")


def _opened(
    model: Any, output: Any, labels: Sequence[str | int] | None, scoring: dict[str, Any]
) -> tuple[Model, Output]:
    """Returns the loaded model, and what to explain of it."""
    names = scoring.pop("label_names", ())
    unknown = sorted(set(scoring) - set(ScoringPlan.model_fields))
    if unknown:
        known = ", ".join(sorted([*ScoringPlan.model_fields, "label_names"]))
        raise PlanError(f"unknown option {', '.join(unknown)}; beside its own, scoring has {known}")
    if callable(model):
        scoring |= _answers(model, names, output, scoring.get("gives"))
    elif not isinstance(model, str | Path) and not _is_loaded(model):
        raise ModelError(f"model is {_brief(model)}; {_MODELS}")
    plan = plan_from_options(**scoring).scoring
    loaded = load_model(model, plan, model_id=_name(model))
    return loaded, label_output(loaded, output, labels)


_MODELS = (
    "give a Hugging Face id or folder, a loaded (model, tokenizer), or a function list[str] -> "
    "numbers [text] or [text, label]"
)


def _is_loaded(model: Any) -> bool:
    return isinstance(model, tuple) and len(model) == 2


def _answers(function: Any, names: Sequence[str], output: Any, gives: str | None) -> dict[str, Any]:
    """How a function answers, seen on one text: numbers as they are, unless `output` speaks of
    probabilities."""
    try:
        answer = np.asarray(function(["A first text shows what the function gives."]), np.float64)
    except Exception as error:
        raise ModelError(
            f"{_name(function)} failed on a list of one text, or gave no numbers: "
            f"{type(error).__name__}: {error}; {_MODELS}"
        ) from error
    count = answer.shape[1] if answer.ndim == 2 else 1
    if gives is None:
        gives = "probabilities" if output in ("logit", "probability") else "regression"
    return {"labels": tuple(names) or tuple(str(i) for i in range(count)), "gives": gives}


def _name(model: Any) -> str:
    if callable(model):
        return str(getattr(model, "__name__", type(model).__name__))
    return type(model[0]).__name__ if isinstance(model, tuple) else str(model)


def _brief(thing: Any) -> str:
    return f"{type(thing).__name__} {' '.join(repr(thing).split()):.60}"

"""The vocabulary of tables: one row per thing, always the same columns, as Arrow schemas."""

from __future__ import annotations

import pyarrow as pa

_text = pa.string()
_category = pa.string()
_spans = pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32())]))
_map = pa.map_(pa.string(), pa.string())

PAIRS = pa.schema(
    [
        ("pair_id", _text),
        ("row_id", _text),
        ("text_id", _text),
        ("cluster", _text),
        ("template_id", _text),
        ("slots", _map),
        ("split", _category),  # discovery, held_out
        ("arm", _category),
        ("contrast_id", _category),
        ("attribute", _category),
        ("group_a", _category),  # the contrast's reference; effects are of group_b against it
        ("group_b", _category),
        ("group_from", _category),
        ("group_to", _category),
        ("term_from", _text),
        ("term_to", _text),
        ("text", _text),
        ("counterfactual", _text),
        ("spans_from", _spans),  # characters
        ("spans_to", _spans),
        ("n_edits", pa.int32()),
        ("pieces_from", pa.int32()),  # tokens of the whole text, special tokens not counted
        ("pieces_to", pa.int32()),
        ("term_pieces_from", pa.int32()),  # tokens of the terms alone
        ("term_pieces_to", pa.int32()),
        ("frequency_from", pa.float64()),  # of a name: babies given it, United States, 2010
        ("frequency_to", pa.float64()),
        ("matched", pa.bool_()),  # both names: as many pieces, and of like frequency
        ("truncated", pa.bool_()),  # either side lost tokens at the model's window
        ("validity", _category),
        ("reason", _text),
        ("model_id", _category),
        ("score_from", pa.float64()),  # `unit`
        ("score_to", pa.float64()),
        ("margin_from", pa.float64()),  # natural log-odds of the favourable set
        ("margin_to", pa.float64()),
        ("effect", pa.float64()),  # `unit`, of group_b against group_a
        ("probs_from", pa.list_(pa.float32())),  # [label], in the model's label order
        ("probs_to", pa.list_(pa.float32())),
        ("label_from", _category),
        ("label_to", _category),
        ("selected_from", pa.bool_()),  # the predicted label is favourable at the cut-off in use
        ("selected_to", pa.bool_()),
        ("label_true", _category),
        ("flip", pa.bool_()),  # label_from != label_to
        ("unit", _category),
        ("weight", pa.float64()),
        ("n_tokens", pa.int32()),  # language models from here on
        ("continuation", _text),
        ("sample", pa.int32()),
        ("seed", pa.int64()),
        ("input_kind", _category),  # text
    ]
)
"""One row per pair and model."""

PREDICTIONS = pa.schema(
    [
        ("row_id", _text),
        ("cluster", _text),
        ("model_id", _category),
        ("label_true", _category),
        ("label_pred", _category),
        ("selected", pa.bool_()),
        ("score", pa.float64()),
        ("probs", pa.list_(pa.float32())),
        ("protected", _map),
        ("weight", pa.float64()),
        ("weight_kind", _category),  # frequency, sampling
    ]
)
"""One row per source text and model; only where labels or protected columns exist."""

CASES = pa.schema(
    [
        ("pair_id", _text),
        ("row_id", _text),
        ("model_id", _category),
        ("attribute", _category),
        ("contrast_id", _category),
        ("reason", _text),
        ("severity", _category),
        ("size", pa.float64()),  # absolute effect, `unit` of the pair; orders cases in a severity
        ("sampling_probability", pa.float64()),
    ]
)
"""Flagged for a person to look at; never what an estimate rests on."""

ATTRIBUTIONS = pa.schema(
    [
        ("pair_id", _text),
        ("model_id", _category),
        ("chosen", _category),  # flagged, sample, placebo
        ("sampling_probability", pa.float64()),
        ("method", _category),  # owen; others are second opinions and never SHAP
        ("side", _category),  # from, to
        ("index", pa.int32()),  # token of its side, special tokens counted
        ("token", _text),  # as it stands in the text, with the blank after it
        ("start", pa.int32()),  # characters; equal to `end`: a special token
        ("end", pa.int32()),
        ("role", _category),  # term, context, recut, special
        ("aligned", pa.int32()),  # tokens of both sides with one number are compared
        ("label", _category),  # what is explained: the favourable labels
        ("value", pa.float64()),  # `unit`
        ("base", pa.float64()),  # of the side, every token masked; null: the method has none
        ("residual", pa.float64()),  # of the side: score less base and values; null likewise
        ("unresolved", pa.float64()),  # of the side: absolute effect that the budget left on groups
        ("output", _category),  # logit, probability, output
        ("unit", _category),  # log-odds, probability, output
    ]
)
"""One row per method and token of one side of an explained pair."""

CIRCUIT_PAIRS = pa.schema(
    [
        ("finding_id", _text),
        ("model_id", _category),
        ("pair_id", _text),
        ("cluster", _text),
        ("split", _category),  # discovery, held_out
        ("component", _category),  # embed, a{layer}.h{head}, m{layer}
        ("score", pa.float64()),  # log-odds, of group_b against group_a
        ("exact", pa.float64()),  # log-odds; null: not patched
        ("necessity", pa.float64()),  # log-odds; null: not patched
        ("attention_to_term_a", pa.float64()),  # heads: mean over queries, group_a's version
        ("attention_to_term_b", pa.float64()),
        ("tokens_a", pa.list_(_text)),  # [position]; heads of the circuit, as are the maps
        ("tokens_b", pa.list_(_text)),
        ("attention_a", pa.list_(pa.list_(pa.float32()))),  # [query, key], of group_a's version
        ("attention_b", pa.list_(pa.list_(pa.float32()))),
    ]
)
"""One row per component and pair of a finding's circuit."""

"""That a position is the same in both versions, and that fillers are not seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import processors

from auditor.attributions.pairs import TextPair, differences
from auditor.circuits.aligning import AlignedPairs, align_pairs
from auditor.circuits.base import Aligned, Inputs, Role
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.misalignment import alignment_errors, drop_misaligned
from auditor.errors import ModelError
from auditor.models.classifier import position_offset
from tests.attributions.cutters import masker
from tests.attributions.tiny_models import opened
from tests.circuits.engines import Contrast
from tests.circuits.tiny import FAMILIES, HEADS_OF, tiny
from tests.models.conftest import tokenizer as word_tokenizer

TEXTS = [
    ("the man left early .", "the woman left early ."),
    ("he left early and came back .", "a blind woman left early and came back ."),
    ("the man waited and he left .", "the blind man waited and the man left ."),
    ("soup the woman left early .", "soup he left early ."),
]
FILLED = [family for family in FAMILIES if family != "deberta-v2"]
CASES = [(family, head) for family in FILLED for head in HEADS_OF[family]]


def words(head: str = "classifier", **options: Any) -> Any:
    """Returns the word tokenizer; language models' texts have no token behind them."""
    made = word_tokenizer(**options)
    if head == "causal":
        made.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A", special_tokens=[("[CLS]", 2)]
        )
    return made


def pairs(head: str = "classifier", texts: Any = None) -> list[TextPair]:
    """Returns pairs of texts; a masked model's have a mask at their end."""
    end = " [MASK]" if head == "masked" else ""
    return [differences(a + end, b + end) for a, b in texts or TEXTS]


def lined(model: Any, head: str, texts: Any = None, **options: Any) -> AlignedPairs:
    return align_pairs(model, words(head, **options), pairs(head, texts), head=head)  # type: ignore[arg-type]


def of_family(family: str, head: str, **config: Any) -> Any:
    """Returns a tiny model whose window, if it has one, does not cut these texts."""
    wide = {"local_attention": 64} if family == "modernbert" else {}
    return tiny(family, head=head, **{**wide, **config})


@torch.no_grad()
def logits(model: Any, head: str, inputs: Inputs) -> torch.Tensor:
    """Returns logits of real positions of each row, or of the row for a classifier."""
    found: torch.Tensor = model(**inputs).logits
    return found if head == "classifier" else found[inputs["attention_mask"] == 1]


def plain(model: Any, head: str, text: str, **options: Any) -> torch.Tensor:
    """Returns the model's logits of a text as its tokenizer gives it, alone."""
    cut = words(head, **options)(text, return_tensors="pt")
    return logits(model, head, {name: cut[name] for name in ("input_ids", "attention_mask")})


def margins(model: Any, head: str) -> Any:
    """Returns the difference of two logits where the model is read."""

    def of(inputs: Inputs, read: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = model(**inputs).logits
        found = found if head == "classifier" else found[torch.arange(len(read)), read]
        return found[:, 1] - found[:, 0]

    return of


@pytest.mark.parametrize(("family", "head"), CASES)
def test_with_fillers_a_model_answers_as_it_does_without(family: str, head: str) -> None:
    model = of_family(family, head)
    found = lined(model, head)
    assert not found.refused
    assert found.equal.tolist() == [True, False, False, False]
    for side, texts in ((found.aligned.a, 0), (found.aligned.b, 1)):
        expected = [
            plain(model, head, getattr(pair, ("text", "counterfactual")[texts]))
            for pair in pairs(head)
        ]
        torch.testing.assert_close(
            logits(model, head, side), torch.cat(expected), atol=1e-5, rtol=1e-5
        )


def spoiled(model: Any, found: AlignedPairs) -> AlignedPairs:
    """Returns the pairs with fillers hidden by the mask alone: they count as positions."""
    width = found.aligned.width
    counted = torch.arange(width).expand(len(found), width) + position_offset(model)
    a, b = ({**side, "position_ids": counted} for side in (found.aligned.a, found.aligned.b))
    return replace(found, aligned=Aligned(a, b, found.aligned.read, found.aligned.roles))


@pytest.mark.parametrize(("family", "head"), CASES)
def test_the_error_is_nothing_with_positions_and_seen_without(family: str, head: str) -> None:
    model = of_family(family, head)
    found = lined(model, head)
    assert alignment_errors(margins(model, head), found).max() < 1e-5
    wrong = alignment_errors(margins(model, head), spoiled(model, found))
    assert wrong[found.equal].tolist() == [0]
    assert wrong.max() > 0.01


@pytest.mark.parametrize("family", [f for f in FILLED if "causal" in HEADS_OF[f]])
@pytest.mark.parametrize("head", ["causal", "classifier"])
def test_a_causal_model_is_the_same_before_the_swap(family: str, head: str) -> None:
    model = of_family(family, head)
    aligned = lined(model, head).aligned
    both = {name: torch.cat([aligned.a[name], aligned.b[name]]) for name in aligned.a}
    states = model(**both, output_hidden_states=True).hidden_states
    before = np.cumsum(aligned.roles == Role.TERM, axis=1) == 0
    assert before.any(axis=1).all()
    for state in states:
        a, b = state.chunk(2)
        assert torch.equal(a[before], b[before])
    after = (aligned.roles != Role.PADDING) & ~before
    assert not torch.equal(a[after], b[after])


def test_tokens_outside_the_terms_stand_at_the_same_positions() -> None:
    found = lined(of_family("bert", "classifier"), "classifier")
    assert found.tokens[2] == (
        ["[CLS]", "the", "", "man", "waited", "and", "", "he", "left", ".", "[SEP]"],
        ["[CLS]", "the", "blind", "man", "waited", "and", "the", "man", "left", ".", "[SEP]"],
    )
    roles = "".join(Role(each).name[:2] for each in found.aligned.roles[2])
    assert roles == "SP PR TE SU SU SU TE TE SU SU SP".replace(" ", "")
    kept = ~np.isin(found.aligned.roles, (Role.TERM, Role.PADDING))
    ids = [side["input_ids"].numpy()[kept] for side in (found.aligned.a, found.aligned.b)]
    np.testing.assert_array_equal(ids[0], ids[1])


def test_a_language_model_is_read_at_its_last_token() -> None:
    model = of_family("gpt2", "causal")
    found = lined(model, "causal")
    last = found.aligned.lengths - 1
    assert found.aligned.read.tolist() == last.tolist()
    assert (found.aligned.roles[np.arange(4), last] == Role.FINAL).all()
    full_stop = words()(".")["input_ids"][1]
    assert (found.aligned.a["input_ids"][np.arange(4), last] == full_stop).all()


def test_a_term_at_the_end_is_read_at_its_last_token_in_both_versions() -> None:
    found = lined(of_family("gpt2", "causal"), "causal", [("soup and he", "soup and a blind man")])
    assert found.tokens[0][0] == ["[CLS]", "soup", "and", "", "", "he"]
    assert found.aligned.read.tolist() == [5]


def test_a_masked_model_is_read_at_its_mask() -> None:
    found = lined(of_family("bert", "masked"), "masked")
    for side in (found.aligned.a, found.aligned.b):
        assert (side["input_ids"][np.arange(4), found.aligned.read] == 4).all()


def test_the_padding_side_of_the_tokenizer_does_not_matter() -> None:
    model = of_family("llama", "classifier")
    right, left = words(), words()
    left.padding_side = "left"
    ours = [align_pairs(model, each, pairs(), head="classifier") for each in (right, left)]
    for name, ids in ours[0].aligned.a.items():
        assert torch.equal(ids, ours[1].aligned.a[name])


@pytest.mark.parametrize(
    ("family", "head"), [("bert", "masked"), ("llama", "causal"), ("opt", "classifier")]
)
def test_padding_on_the_left_gives_the_same_answers(family: str, head: str) -> None:
    model = of_family(family, head)
    side = lined(model, head).aligned.a
    shift = side["attention_mask"].shape[1] - lined(model, head).aligned.lengths
    moved = {
        name: torch.stack([row.roll(int(by)) for row, by in zip(ids, shift, strict=True)])
        for name, ids in side.items()
    }
    torch.testing.assert_close(logits(model, head, moved), logits(model, head, side))


@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen2", "opt", "gpt_neox"])
def test_a_classifier_without_a_pad_token_still_reads_the_last_one(family: str) -> None:
    model = of_family(family, "classifier", pad_token_id=None)
    found = lined(model, "classifier", pad=False)
    assert model.config.pad_token_id not in {
        i for text in TEXTS for each in text for i in words()(each)["input_ids"]
    }
    expected = torch.cat([plain(model, "classifier", a) for a, _ in TEXTS])
    torch.testing.assert_close(logits(model, "classifier", found.aligned.a), expected)


@pytest.mark.parametrize("family", ["bert", "roberta", "gpt2"])
def test_logits_are_those_of_the_audits_engine(family: str) -> None:
    pad = family != "gpt2"
    model = of_family(family, "classifier", **({} if pad else {"pad_token_id": None}))
    engine = opened(model, words(pad=pad))
    expected = engine.score([b for _, b in TEXTS]).values
    found = lined(model, "classifier", pad=pad)
    np.testing.assert_allclose(logits(model, "classifier", found.aligned.b), expected, atol=1e-10)


def test_token_types_are_those_of_the_tokenizer() -> None:
    model, typed = of_family("bert", "classifier"), words()
    typed.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    typed.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    found = align_pairs(model, typed, pairs(), head="classifier")
    cut = typed(TEXTS[1][0], return_tensors="pt")
    assert cut["token_type_ids"].any()
    torch.testing.assert_close(
        logits(model, "classifier", found.aligned.a)[1:2], logits(model, "classifier", dict(cut))
    )


def test_an_engine_reads_the_last_token_whatever_scoring_other_texts_left_behind() -> None:
    model = of_family("gpt2", "classifier", pad_token_id=None)
    found = lined(model, "classifier", pad=False).aligned
    with Engine.opened(model, Graph.of(model), Contrast(of_tokens=False)) as engine:
        before = engine.margins(found.a, found.read)
        model.config.pad_token_id = 3  # [SEP], which ends every text
        assert not torch.allclose(
            before, Contrast(of_tokens=False).of(logits(model, "classifier", found.a))
        )
        assert torch.equal(before, engine.margins(found.a, found.read))


def test_a_neighbour_that_is_cut_otherwise_counts_as_swapped() -> None:
    cutter = masker("bytes").model.tokenizer
    model = of_family("roberta", "classifier", vocab_size=len(cutter), pad_token_id=2)
    found = align_pairs(
        model, cutter, [differences("blind person left", "person left")], head="classifier"
    )
    assert found.tokens[0] == (
        ["<s>", "b", "lin", "d", "", "person", "left", "</s>"],
        ["<s>", "", "", "", "per", "son", "left", "</s>"],
    )
    outside = found.aligned.roles[0] != Role.TERM
    a, b = (side["input_ids"][0, outside] for side in (found.aligned.a, found.aligned.b))
    assert torch.equal(a, b)
    assert outside.tolist() == [True, *[False] * 5, True, True]


def test_the_blank_before_a_word_makes_it_no_part_of_the_term(shared: Path) -> None:
    from transformers import AutoTokenizer

    folder = shared / "weights" / "stories260K"
    cutter = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = of_family("llama", "causal", vocab_size=512)
    pair = TextPair("The happy mom was", "The mom was", ((4, 10),), ((4, 4),))
    found = align_pairs(model, cutter, [pair], head="causal")
    assert found.tokens[0] == (
        ["<s>", "The", " happy", " mom", " was"],
        ["<s>", "The", "", " mom", " was"],
    )
    roles = [Role(each).name for each in found.aligned.roles[0]]
    assert roles == ["SPECIAL", "PREFIX", "TERM", "SUFFIX", "FINAL"]


def test_bytes_and_pieces_stay_together() -> None:
    cutter = masker("bytes").model.tokenizer
    model = of_family("roberta", "classifier", vocab_size=len(cutter), pad_token_id=2)
    given = [
        differences("The man's café.", "The old person's café."),
        differences("She, é", "Bob, é"),
    ]
    found = align_pairs(model, cutter, given, head="classifier")
    assert not found.refused
    for row, (a, b) in enumerate(found.tokens):
        outside = found.aligned.roles[row, : len(a)] != Role.TERM
        assert [x for x, kept in zip(a, outside, strict=True) if kept] == [
            x for x, kept in zip(b, outside, strict=True) if kept
        ]
    errors = alignment_errors(margins(model, "classifier"), found)
    assert not found.equal.all()
    assert errors.max() < 1e-5


def test_deberta_aligns_what_has_as_many_tokens_and_refuses_the_rest() -> None:
    found = lined(of_family("deberta-v2", "masked"), "masked")
    assert found.kept.tolist() == [0]
    assert "position_ids" not in found.aligned.a
    assert all("deberta-v2 models take no positions" in why for why in found.refused.values())


@pytest.mark.parametrize(
    ("family", "head", "texts", "reason"),
    [
        ("bert", "classifier", ("He left", "he left"), "sees the same tokens in both"),
        ("bert", "masked", ("[MASK] he left", "[MASK] she left"), "have 2 and 2 masks"),
        ("bert", "classifier", ("he " * 70, "she " * 70), "has 72 tokens and the model reads 64"),
        ("gpt2", "causal", ("he left", "he left early"), "one version ends where the other goes"),
    ],
)
def test_what_cannot_be_aligned_is_refused_with_the_reason(
    family: str, head: str, texts: tuple[str, str], reason: str
) -> None:
    found = lined(of_family(family, head), head, [texts, TEXTS[0]])
    assert list(found.refused) == [0]
    assert reason in found.refused[0]
    assert found.kept.tolist() == [1]


def test_a_mask_within_the_swapped_term_is_refused() -> None:
    given = [TextPair("[MASK] man left", "man [MASK] left", ((0, 10),), ((0, 10),))]
    found = align_pairs(of_family("bert", "masked"), words(), given, head="masked")
    assert found.refused == {0: "the mask stands elsewhere in the other version"}


@pytest.mark.parametrize("family", ["mistral", "gemma2", "gemma3", "modernbert"])
def test_a_sliding_window_is_exact_up_to_its_width_and_refused_beyond(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, sides = ("local_attention", 2) if family == "modernbert" else ("sliding_window", 1)
    head = HEADS_OF[family][0]
    texts = [
        ("the man came back and he left", "the man came back and the blind man left"),
        TEXTS[0],
    ]
    width = len(lined(of_family(family, head), head, texts).tokens[0][0])
    wide, narrow = (tiny(family, head=head, **sized(name, sides * n)) for n in (width, 4))
    assert alignment_errors(margins(wide, head), lined(wide, head, texts)).max() < 1e-5
    refused = lined(narrow, head, texts).refused
    assert list(refused) == [0]
    assert "sliding attention sees 4" in refused[0]
    monkeypatch.setattr("auditor.circuits.aligning.why_unfillable", lambda *_: None)
    assert alignment_errors(margins(narrow, head), lined(narrow, head, texts)).max() > 1e-3


def sized(name: str, value: int) -> dict[str, Any]:
    return {name: value}


def test_misaligned_pairs_are_dropped_and_counted() -> None:
    model = of_family("bert", "classifier")
    found = lined(model, "classifier")
    left = drop_misaligned(found, np.array([0, 0.04, 0.2, 0.0]))
    assert left.kept.tolist() == [0, 1, 3]
    assert left.refused == {
        2: "its alignment moves the margin by 20% of the effect, and 5% is allowed"
    }
    assert len(left.tokens) == len(left.equal) == len(left.aligned) == 3
    torch.testing.assert_close(
        logits(model, "classifier", left.aligned.a),
        logits(model, "classifier", found.aligned.a)[[0, 1, 3]],
    )


def test_no_usable_pair_is_an_empty_grid() -> None:
    found = lined(of_family("bert", "classifier"), "classifier", [("he left", "He left")])
    assert (len(found), len(found.aligned), found.aligned.width) == (0, 0, 0)
    assert alignment_errors(margins(None, "classifier"), found).shape == (0,)


def test_equal_counts_are_counted_over_all_pairs() -> None:
    found = lined(
        of_family(
            "bert",
            "classifier",
        ),
        "classifier",
        limit=9,
    )
    assert list(found.refused) == [1, 2]
    assert found.equal_share == 0.25


def test_a_language_model_whose_tokenizer_ends_texts_is_refused() -> None:
    with pytest.raises(ModelError, match=r"puts \[SEP\] behind every text.*add_eos_token=False"):
        align_pairs(of_family("gpt2", "causal"), words(), pairs(), head="causal")


def test_a_tokenizer_without_offsets_is_refused() -> None:
    class Slow:
        is_fast = False

    with pytest.raises(ModelError, match="tokenizer Slow does not say which characters"):
        align_pairs(of_family("bert", "classifier"), Slow(), pairs(), head="classifier")

"""Which pairs a circuit rests on: many clusters, even pairs first, no cluster on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from auditor.circuits.choosing import DISCOVERY, HELD_OUT, Chosen, Side, choose, given, oriented
from auditor.circuits.subject import Subject
from auditor.errors import DataError, ModelError
from auditor.plan_circuits import CircuitPlan
from tests.circuits.engines import Contrast
from tests.circuits.worded import UNEVEN, pairs_of, subject_of

EVEN = ("he", "she")


@cache
def subject() -> Subject:
    return subject_of()


def chosen(frame: pd.DataFrame, margins: Any = None, **options: Any) -> Chosen:
    plan = CircuitPlan(**{"circuit_clusters": 4, "circuit_pairs": 8, **options})
    with subject().engine(Contrast(of_tokens=False)) as engine:
        return choose(subject(), given(frame), plan, margins or engine.margins)


def sides(found: Chosen) -> tuple[Side, Side]:
    return found.discovery, found.held_out


def test_both_sides_have_as_many_pairs_as_asked_for() -> None:
    found = chosen(pairs_of(), circuit_pairs=8)
    assert [len(side.pairs) for side in sides(found)] == [8, 8]
    assert [len(side.rows) for side in sides(found)] == [8, 8]
    assert [len(side.tokens) for side in sides(found)] == [8, 8]


def test_no_cluster_is_on_both_sides() -> None:
    found = chosen(pairs_of(), circuit_pairs=30)
    discovery, held_out = (set(side.clusters) for side in sides(found))
    assert not discovery & held_out
    assert len(discovery) + len(held_out) == 25
    assert len(discovery) == 13


def test_every_cluster_gives_a_pair_before_any_gives_two() -> None:
    for side in sides(chosen(pairs_of(), circuit_pairs=16)):
        turns = Counter(side.clusters)
        assert len(side.pairs) == 16
        assert len(turns) >= 12
        assert max(turns.values()) == 2


def test_a_large_cluster_does_not_crowd_out_the_others() -> None:
    crowd = pairs_of().assign(cluster="one")
    found = chosen(pd.concat([crowd, pairs_of((("the blind man", "the blind woman"),))]))
    for side in sides(found):
        assert max(Counter(side.clusters).values()) == 1


def test_pairs_of_equal_length_are_taken_alone_where_they_suffice() -> None:
    frame = pairs_of((EVEN, UNEVEN))
    found = chosen(frame, circuit_pairs=25)
    assert found.counts.filled == 0
    assert found.counts.discovery + found.counts.held_out == 25
    assert found.counts.equal_length == 0.5


def test_where_even_pairs_are_of_too_few_clusters_others_are_taken_as_well() -> None:
    frame = pairs_of((EVEN, UNEVEN))
    even = frame["text"].str.startswith("he ") & (frame["counterfactual"].str.startswith("she"))
    few = sorted(set(frame["cluster"]))[:3]
    found = chosen(frame[~even | frame["cluster"].isin(few)], circuit_pairs=25)
    assert found.counts.filled == 25
    assert found.counts.discovery + found.counts.held_out == 28


def test_counts_are_those_of_the_pairs_used() -> None:
    frame = pairs_of((EVEN,))
    counts = chosen(frame, circuit_pairs=9).counts
    assert (counts.of, counts.discovery, counts.held_out) == (25, 9, 9)
    assert (counts.discovery_clusters, counts.held_out_clusters) == (9, 9)
    assert (counts.dropped, counts.filled, counts.worst_alignment) == (0, 0, 0.0)
    assert counts.equal_length == 1


def test_pairs_that_alignment_moves_are_dropped_and_counted() -> None:
    soup = subject().tokenizer.convert_tokens_to_ids("soup")

    def margins(inputs: Any, _: torch.Tensor) -> torch.Tensor:
        """Counts tokens, and of filled texts with soup one more."""
        wrong = (inputs["input_ids"] == soup).any(1) & ("position_ids" in inputs)
        found: torch.Tensor = inputs["attention_mask"].sum(1).double() + wrong
        return found

    frame = pairs_of((UNEVEN,))
    counts = chosen(frame, margins, circuit_pairs=13).counts
    assert counts.dropped == frame["text"].str.contains("soup").sum() == 5
    assert counts.discovery + counts.held_out == counts.filled == 20
    assert counts.worst_alignment == 0


def test_rows_and_tensors_are_of_the_same_pairs() -> None:
    for side in sides(chosen(pairs_of((EVEN, UNEVEN)), circuit_pairs=12)):
        for i, row in enumerate(side.rows.itertuples()):
            for texts, inputs in ((row.text_a, side.pairs.a), (row.text_b, side.pairs.b)):
                real = inputs["attention_mask"][i].bool()
                expected = subject().tokenizer(texts)["input_ids"]
                assert inputs["input_ids"][i][real].tolist() == expected


def test_a_given_split_is_kept() -> None:
    frame = pairs_of((EVEN,))
    early = frame["text"].str.contains("early")
    frame["split"] = np.where(early, HELD_OUT, DISCOVERY)
    found = chosen(frame, circuit_pairs=30)
    assert found.held_out.rows["text_a"].str.contains("early").all()
    assert (found.counts.discovery, found.counts.held_out) == (20, 5)


def key(side: Side) -> list[Any]:
    rows: list[Any] = side.rows[["pair_id", "cluster", "text_a"]].to_numpy().tolist()
    return rows


@pytest.mark.parametrize(
    "columns", [["text", "counterfactual"], ["text", "counterfactual", "cluster"]]
)
def test_the_order_of_pairs_does_not_matter(columns: list[str]) -> None:
    frame = pairs_of()[columns]
    once, mixed = chosen(frame), chosen(frame.sample(frac=1, random_state=1))
    for one, other in zip(sides(once), sides(mixed), strict=True):
        assert key(one) == key(other)


def test_the_same_pair_twice_is_on_one_side() -> None:
    pairs = pairs_of((EVEN,))[["text", "counterfactual"]]
    rows = given(pd.concat([pairs, pairs]))
    assert rows["cluster"].nunique() == 25
    assert rows.groupby("cluster")["split"].nunique().max() == 1
    counts = rows.drop_duplicates("cluster")["split"].value_counts()
    assert sorted(counts) == [12, 13]


def test_pairs_in_any_form_are_the_same_rows() -> None:
    frame = pairs_of((EVEN,))[["text", "counterfactual"]]
    tuples = list(frame.itertuples(index=False, name=None))
    pd.testing.assert_frame_equal(given(frame), given(tuples))
    assert given(frame)["text_a"].tolist() == frame["text"].tolist()


def test_labels_and_templates_are_kept() -> None:
    frame = pairs_of((EVEN,)).assign(label_true="LABEL_1", template_id="t", pair_id=range(25))
    rows = given(frame)
    assert set(rows["label_true"]) == {"LABEL_1"}
    assert set(rows["template_id"]) == {"t"}
    assert rows["pair_id"].tolist() == list(range(25))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"split": "test"}, "split is 'test' in some pairs; it is discovery or held_out"),
        ({"split": None}, "in some pairs; it is discovery or held_out"),
        ({"split": [DISCOVERY, HELD_OUT]}, "has pairs of both splits.*one split"),
        ({"cluster": None}, "2 pairs have no cluster; name the template"),
    ],
)
def test_what_would_mix_the_sides_is_refused(changed: dict[str, Any], reason: str) -> None:
    frame = pd.DataFrame(
        {"text": ["he left", "he came"], "counterfactual": ["she left", "she came"], "cluster": "c"}
    )
    with pytest.raises(DataError, match=reason):
        given(frame.assign(**changed))


def audited(group_from: str, group_to: str) -> dict[str, Any]:
    return {
        "group_a": "man", "group_b": "woman", "group_from": group_from, "group_to": group_to,
        "text": f"text of {group_from}", "counterfactual": f"text of {group_to}",
        "spans_from": [group_from], "spans_to": [group_to],
    }  # fmt: skip


def test_group_as_version_is_always_a() -> None:
    rows = oriented(pd.DataFrame([audited("man", "woman"), audited("woman", "man")]))
    assert rows["text_a"].tolist() == ["text of man"] * 2
    assert rows["text_b"].tolist() == ["text of woman"] * 2
    assert rows["spans_a"].tolist() == [["man"]] * 2
    assert rows["spans_b"].tolist() == [["woman"]] * 2


def refusal(frame: pd.DataFrame, **options: Any) -> str:
    with pytest.raises(ModelError) as no:
        chosen(frame, **options)
    return str(no.value)


def test_too_few_clusters_on_either_side_are_refused() -> None:
    said = refusal(pairs_of(clusters=7))
    assert "3 clusters are left on the smaller side of the split" in said
    assert "the plan asks for 4 (circuit_clusters)" in said
    assert "Give more texts or templates" in said


def repeated(words: str, rows: int) -> list[str]:
    return [f"{words} {'soup ' * 70}{i}" for i in range(rows)]


def test_pairs_that_cannot_be_aligned_are_named_in_the_refusal() -> None:
    long = pd.DataFrame({"text": repeated("he", 12), "counterfactual": repeated("she", 12)})
    said = refusal(long)
    assert "0 clusters are left" in said
    assert "12 pairs were left out" in said
    assert "tokens and the model reads 64" in said


def texts(found: Sequence[Side]) -> list[str]:
    return [text for side in found for text in side.rows["text_a"]]


def test_pairs_beyond_the_window_are_left_out_and_counted() -> None:
    long = pd.DataFrame({"text": repeated("he", 5), "counterfactual": repeated("she", 5)})
    found = chosen(pd.concat([pairs_of((EVEN,)).drop(columns="cluster"), long]), circuit_pairs=30)
    assert found.counts.dropped == 5
    assert found.counts.of == 30
    assert len(texts(sides(found))) == 25

"""Repairs of a found circuit, tried on the pairs that judged it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from auditor.circuits.base import Aligned, Node
from auditor.circuits.choosing import Chosen
from auditor.circuits.engine import Engine
from auditor.circuits.repair.baselines import mask_id
from auditor.circuits.repair.choose import repair
from auditor.circuits.repair.factual import Facts, gender_facts
from auditor.circuits.repair.options import Ground
from auditor.circuits.repair.quality import NextToken, Predict, Quality, classifier_quality
from auditor.circuits.subject import Subject
from auditor.plan_circuits import CircuitPlan
from auditor.records_circuits import CircuitRecord

AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Stakes:
    """What a repair should leave as it is."""

    quality: Quality
    others: Mapping[str, Aligned] = field(default_factory=dict)
    """Other contrasts -> pairs."""
    facts: Facts | None = None
    """Factual gender, of a language model."""
    notes: tuple[str, ...] = ()


def with_repair(
    engine: Engine,
    subject: Subject,
    chosen: Chosen,
    record: CircuitRecord,
    stakes: Stakes,
    *,
    plan: CircuitPlan,
    seed: int,
) -> CircuitRecord:
    """Returns the record with every repair of its circuit, beside baselines and random sets."""
    ground = Ground(
        discovery=chosen.discovery.pairs,
        held_out=chosen.held_out.pairs,
        clusters=chosen.held_out.clusters,
        quality=stakes.quality,
        others=stakes.others,
        mask=mask_id(subject.tokenizer),
        facts=stakes.facts,
    )
    found = repair(
        engine,
        ground,
        members=[Node.parse(name) for name in record.members],
        seed=seed,
        random_sets=plan.random_circuits,
    )
    return replace(record, repair=replace(found, notes=(*found.notes, *stakes.notes)))


def decisions(
    subject: Subject, chosen: Chosen, predict: Predict, labels: Sequence[str] | None
) -> Quality:
    """Returns accuracy on held-out texts where all have labels; else how often group A's versions
    are still answered as before: those of B are what a repair is to change.

    Args:
        labels: the model's, where texts have labels of the same names.
    """
    rows, clusters = chosen.held_out.rows, chosen.held_out.clusters
    true = rows["label_true"]
    if labels is not None and all(label in labels for label in true):
        known = [labels.index(label) for label in true]
        texts = [*rows["text_a"], *rows["text_b"]]
        return classifier_quality(
            subject.model, texts, [*known, *known], predict, clusters=[*clusters, *clusters]
        )
    texts = list(rows["text_a"])
    return classifier_quality(subject.model, texts, None, predict, clusters=clusters)


def stakes_of(subject: Subject, chosen: Chosen) -> Stakes | None:
    """Returns what is at stake in a model of no audit; None: its answers have no measure here."""
    if subject.head == "masked":
        return None
    if subject.head == "causal":
        quality = decisions(subject, chosen, NextToken(subject.tokenizer), None)
        return Stakes(quality, facts=gender_facts(subject.tokenizer))
    if subject.model.config.num_labels == 1:
        return None
    config = subject.model.config
    labels = [str(config.id2label[i]) for i in range(config.num_labels)]
    return Stakes(decisions(subject, chosen, _Labels(subject.tokenizer), labels))


@dataclass(frozen=True, slots=True)
class _Labels:
    """The most probable label of texts."""

    tokenizer: Any

    @torch.no_grad()
    def __call__(self, model: Any, texts: Sequence[str]) -> list[int]:
        found: list[int] = []
        for start in range(0, len(texts), AT_ONCE):
            part = list(texts[start : start + AT_ONCE])
            inputs = self.tokenizer(part, return_tensors="pt", padding=True, truncation=True)
            found += model(**inputs.to(model.device)).logits.argmax(-1).tolist()
        return found

"""All repairs of one circuit, measured and weighed: what the record's `repair` holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

import numpy as np

from auditor.circuits.base import Node
from auditor.circuits.engine import Engine
from auditor.circuits.repair.baselines import embedded_alike, masked, terms_of
from auditor.circuits.repair.edits import Edit, EditKind, applied, unsavable
from auditor.circuits.repair.options import Bench, Ground, remaining
from auditor.circuits.repair.pareto import keeps_quality, recommend, with_front
from auditor.circuits.repair.written import Means, component_means
from auditor.records_circuits import Repair, RepairOption

TRIED: tuple[tuple[EditKind, float], ...] = (
    ("mean", 1.0),
    ("scale", 0.5),
    ("scale", 0.0),
    ("direction", 1.0),
)
"""Edits of the circuit."""

Baseline = tuple[str, tuple[str, ...], AbstractContextManager[None]]
"""Kind, components, and the wrapper."""


def repair(
    engine: Engine, ground: Ground, *, members: Sequence[Node], seed: int, random_sets: int = 200
) -> Repair:
    """Returns every edit of the circuit and every baseline on held-out pairs, and what to do.

    Random sets are measured beside one edit alone, since they cost as much as everything else
    together. It is the one that leaves the smallest gap on discovery pairs among those that keep
    quality: were it chosen by held-out pairs, their p would flatter it.

    Args:
        members: heads and MLPs of the circuit.
        seed: of the random sets.
        random_sets: at most; there may be fewer, see `random_sets.random_sets`.

    Raises:
        PlanError: no member, or the embedding among them.
    """
    edits = [Edit(kind, strength, tuple(sorted(members))) for kind, strength in TRIED]
    means = component_means(engine, ground.discovery)
    bench = Bench.of(engine, ground)
    options = [_edited(bench, edit, means, seed) for edit in edits]
    tested = _to_test(bench, edits, options, means)
    options[tested] = bench.against_random(
        options[tested], edits[tested], means, count=random_sets, seed=seed
    )
    for kind, components, wrapper in _baselines(engine, ground):
        with wrapper:
            options.append(bench.measured(kind, 1.0, components, seed=seed))
    weighed = with_front(options)
    recommended, reason = recommend(weighed, bench.quality)
    return Repair(
        ground.quality.measure, bench.quality, weighed, recommended, reason,
        tuple(_notes(bench, edits, weighed[tested])),
    )  # fmt: skip


def _edited(bench: Bench, edit: Edit, means: Means, seed: int) -> RepairOption:
    names = [node.name for node in edit.components]
    with applied(bench.engine.graph, edit, means):
        return bench.measured(edit.kind, edit.strength, names, seed=seed)


def _to_test(
    bench: Bench, edits: Sequence[Edit], options: Sequence[RepairOption], means: Means
) -> int:
    left = np.abs(remaining(bench.engine, bench.ground.discovery, edits, means))
    keeps = [keeps_quality(option.quality, bench.quality) for option in options]
    return min(range(len(edits)), key=lambda i: (not keeps[i], left[i]))


def _baselines(engine: Engine, ground: Ground) -> Iterator[Baseline]:
    terms = terms_of([ground.discovery, ground.held_out])
    yield "embedding", ("embed",), embedded_alike(engine.model, terms)
    if ground.mask is not None:
        yield "mask_term", (), masked(engine.model, terms, ground.mask)


def _notes(bench: Bench, edits: Sequence[Edit], tested: RepairOption) -> Iterator[str]:
    count = 0 if tested.random is None else tested.random.n
    yield (
        f"{count} random sets were measured beside one repair alone ({tested.kind}, strength "
        f"{tested.strength:g}), chosen on discovery pairs."
    )
    refused = next((why for edit in edits if (why := unsavable(bench.engine.graph, edit))), None)
    if refused is not None:
        yield f"{refused[0].upper()}{refused[1:]}."
    if bench.ground.mask is None:
        yield "The protected term was not masked: the tokenizer has no token that says nothing."
    left_out = sorted(set(bench.others) - {name for name, _ in tested.other_gaps})
    if left_out:
        yield f"Without a mean effect, and so without a share of it: {', '.join(left_out)}."

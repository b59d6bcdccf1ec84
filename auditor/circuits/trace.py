"""One circuit from pairs to record: found on one side of the split, judged on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from auditor.circuits import assess
from auditor.circuits.attention import attention_context, attention_maps, attention_to_term
from auditor.circuits.base import Floats, Kind
from auditor.circuits.choosing import Chosen, Side
from auditor.circuits.controls import against_random, in_random_weights, random_shares
from auditor.circuits.converging import Precision, by_size
from auditor.circuits.discovery import Discovery, discover
from auditor.circuits.engine import Engine
from auditor.circuits.judging import Judge
from auditor.circuits.lens import logit_lens
from auditor.circuits.means import mean_estimates
from auditor.circuits.patching import TOKENS
from auditor.circuits.stability import resample_circuits
from auditor.circuits.words import sentence
from auditor.plan_circuits import CircuitPlan
from auditor.records import Contrast
from auditor.records_circuits import (
    AcrossTemplates,
    AttentionContext,
    CircuitRecord,
    CircuitSettings,
    Stability,
)

Tell = Callable[[str, int, int], None]
"""Told what is done, and how many of how many steps are."""


@dataclass(frozen=True, slots=True)
class About:
    """Whose circuit it is."""

    model_id: str
    contrast: Contrast | None = None
    finding_id: str | None = None


@dataclass(frozen=True, slots=True)
class Traced:
    """The record, and what its table is made of."""

    record: CircuitRecord
    found: Discovery
    patched: assess.Patched
    attention: tuple[Floats, Floats]  # of A's and B's version, each [held-out pair, head]


def trace(
    engine: Engine,
    chosen: Chosen,
    plan: CircuitPlan,
    about: About,
    *,
    seed: int,
    domains: Mapping[str, str | None],
    tell: Tell,
) -> Traced:
    """Returns the circuit of a contrast, with everything that can speak against it.

    Args:
        domains: template -> its domain, where templates have one.
    """
    discovery, held_out = chosen.discovery, chosen.held_out
    precision = Precision(tolerance=plan.completeness_tolerance, max_steps=plan.max_steps)
    found = discover(
        engine,
        discovery.pairs,
        discovery.clusters,
        precision=precision,
        seed=seed,
        tell=lambda done, total: tell("scoring pairs", done, total),
    )
    tell("patching", 0, 1)
    judge = Judge.of(engine, held_out.pairs, held_out.clusters, seed=seed)
    patched = assess.Patched.of(judge, found)
    attention = _attention(engine, held_out)
    record = _record(judge, found, patched, chosen, plan, about)
    record = replace(record, attention=_context(judge, patched, attention))
    tell("controls", 0, 1)
    record = _controlled(record, judge, found, chosen, plan)
    if found.members:
        record = replace(record, across=_across(judge, found, held_out, domains))
    return Traced(replace(record, sentence=sentence(record)), found, patched, attention)


def _record(
    judge: Judge,
    found: Discovery,
    patched: assess.Patched,
    chosen: Chosen,
    plan: CircuitPlan,
    about: About,
) -> CircuitRecord:
    engine, graph, members = judge.engine, judge.engine.graph, found.members
    curve = (*assess.node_curve(judge, found), *assess.edge_curve(judge, found))
    areas, k_80 = assess.curve_areas(curve)
    effect = mean_estimates(judge.effect_by_cluster[:, None], len(judge), seed=judge.seed)
    return CircuitRecord(
        contrast=about.contrast,
        finding_id=about.finding_id,
        model_id=about.model_id,
        unit="log-odds",
        metric=engine.margin.name,
        sentence="",
        pairs=chosen.counts,
        settings=_settings(found, plan, judge),
        total_effect=effect[0],
        layers=graph.layers,
        heads=graph.heads,
        key_value_heads=sum(len(each.projections[1].columns) for each in graph.attentions),
        mlps=len(graph.mlps),
        edge_count=int(graph.edges.sum()),
        nodes=assess.node_effects(judge, found, patched),
        edges=assess.edge_effects(judge, found),
        edge_members=len(found.edge_members),
        embedding_only=judge.share(judge.carried(judge.live([[]]))[:, 0]),
        faithfulness=judge.share(judge.carried(judge.live([members]))[:, 0]) if members else None,
        necessity=assess.necessity(judge, members) if members else None,
        completeness=assess.completeness(judge, members) if members else None,
        minimality=assess.minimality(judge, members) if members else (),
        curve=curve,
        areas=tuple(areas.items()),
        k_80=k_80,
        lens=logit_lens(engine, chosen.held_out.pairs, judge.clusters, seed=judge.seed),
        notes=tuple(_notes(found, chosen, plan)),
    )


def _settings(found: Discovery, plan: CircuitPlan, judge: Judge) -> CircuitSettings:
    model = judge.engine.model
    return CircuitSettings(
        method="conductance",
        steps=int(found.pairs.steps.max()),
        completeness_error=float(found.pairs.error.max()),
        tolerance=plan.completeness_tolerance,
        seed=judge.seed,
        random_circuits=plan.random_circuits,
        resamples=plan.resamples,
        dtype=str(model.dtype).removeprefix("torch."),
        attention=str(model.config._attn_implementation),
    )


def _notes(found: Discovery, chosen: Chosen, plan: CircuitPlan) -> Iterator[str]:
    short = int((found.pairs.error > plan.completeness_tolerance).sum())
    if short:
        yield (
            f"The scores of {short} of {len(found.pairs.error)} discovery pairs do not add up to "
            f"the effect within {plan.completeness_tolerance:.0%} after {plan.max_steps} steps."
        )
    if chosen.counts.filled:
        yield (
            f"In {chosen.counts.filled} pairs one version has fewer tokens, and fillers that the "
            "model does not see stand in it. That more tokens are seen in the other version is "
            "part of the effect, and is no component's own."
        )


def _controlled(
    record: CircuitRecord, judge: Judge, found: Discovery, chosen: Chosen, plan: CircuitPlan
) -> CircuitRecord:
    members, carried = found.members, record.faithfulness
    if not members or carried is None or carried.value is None:
        return record
    shares = random_shares(judge, members, plan.random_circuits)
    side = (chosen.discovery.pairs, chosen.discovery.clusters)
    size, resamples = len(members), plan.resamples
    return replace(
        record,
        random=against_random(carried.value, shares),
        reinitialised=in_random_weights(judge, side, chosen.held_out.pairs, size, resamples),
        stability=_stability(found, plan, judge),
    )


def _stability(found: Discovery, plan: CircuitPlan, judge: Judge) -> Stability:
    names = judge.engine.graph.writers[1:]
    stable = resample_circuits(
        found.nodes.scores,
        len(found.members),
        rng=np.random.default_rng(judge.seed),
        resamples=plan.resamples,
    )
    again = [stable.inclusion[names.index(name)] for name in found.members]
    return Stability(
        plan.resamples, stable.jaccard, float(np.mean(again)), split_half=stable.split_half
    )


def _attention(engine: Engine, side: Side) -> tuple[Floats, Floats]:
    """Returns the attention that every head pays to the term in A's and B's version."""
    paid = [np.zeros((len(side.pairs), engine.graph.heads)) for _ in range(2)]
    for rows in by_size(side.pairs, np.arange(len(side.pairs)), TOKENS):
        part = side.pairs.rows(rows)
        for into, inputs in zip(paid, (part.a, part.b), strict=True):
            into[rows] = attention_to_term(attention_maps(engine, inputs), part.roles)
    return paid[0], paid[1]


def _context(
    judge: Judge, patched: assess.Patched, attention: tuple[Floats, Floats]
) -> AttentionContext:
    nodes = judge.engine.graph.nodes
    names = [node.name for node in nodes if node.kind is Kind.HEAD]
    exact = assess.of_heads(patched, {name: i for i, name in enumerate(names)})
    both = (attention[0] + attention[1]) / 2
    return attention_context(both, exact, clusters=judge.clusters, names=names)


def _across(
    judge: Judge, found: Discovery, side: Side, domains: Mapping[str, str | None]
) -> tuple[AcrossTemplates, ...]:
    templates = side.rows["template_id"]
    of_pairs = [domains.get(str(each)) if each is not None else None for each in templates]
    return assess.across_templates(judge, found.members, of_pairs)

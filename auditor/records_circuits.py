"""The vocabulary of circuits: what `evidence/circuits/<finding>.json` holds.

A circuit is the set of heads and MLPs that causally carry the difference between the two versions
of a pair. x is the version of group A, x' the version of group B, M the margin (natural log-odds of
the favourable labels, or of one continuation against another); every effect is M of B's version
less M of A's, so that signs are those of the finding. Values per pair are in the tables of
`schemas.CIRCUIT_PAIRS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.records import Contrast, Estimate


@dataclass(frozen=True, slots=True)
class CircuitPairs:
    """Which pairs the circuit rests on."""

    discovery: int
    """Pairs it was found on; whole clusters, split before anything was flagged."""
    held_out: int
    """Pairs it was judged on."""
    discovery_clusters: int
    held_out_clusters: int
    of: int
    """Valid swap pairs of the contrast."""
    equal_length: float
    """Share of those whose versions have as many tokens; they are preferred."""
    filled: int
    """Used pairs of unequal length, aligned by masked filler tokens."""
    dropped: int
    """Pairs whose alignment moved the margin by more than 5 % of the effect, or that the model
    cannot align."""
    worst_alignment: float
    """The largest |M(filled) - M(x)| / |effect| among the pairs used."""


@dataclass(frozen=True, slots=True)
class CircuitSettings:
    """Everything that decides the numbers, printed with them."""

    method: str
    """conductance, eap-ig, eap: how components were proposed. Exact patching decided."""
    steps: int
    """Of the path between the versions, the most that any pair took."""
    completeness_error: float
    """The worst, over cuts of the graph, of |scores over the cut - effect| / |effect|."""
    tolerance: float
    seed: int
    random_circuits: int
    resamples: int
    dtype: str = "float32"
    attention: str = "sdpa"


@dataclass(frozen=True, slots=True)
class NodeEffect:
    """One component: `embed`, `a{layer}.h{head}` or `m{layer}`."""

    name: str
    score: Estimate
    """On discovery pairs, mean per pair: conductance, log-odds."""
    exact: Estimate
    """On held-out pairs: what changes in A's version when this component alone is as in B's."""
    necessity: Estimate
    """On held-out pairs: how much of the effect goes from B's version when this component alone
    is as in A's. Same sign as `exact` where both agree."""
    p: float | None
    """Sign flips over clusters, max-T over all components; None: not tested."""
    inclusion: float | None
    """Share of resamples of clusters in which it is among the k largest, k that of the circuit."""
    in_circuit: bool


@dataclass(frozen=True, slots=True)
class EdgeEffect:
    """One edge, from a writer to a reader: `a{l}.h{h}.q|k|v`, `m{l}` or `out`."""

    writer: str
    reader: str
    score: Estimate
    exact: Estimate
    """On held-out pairs: what changes when this reader alone sees the writer as in B's version."""
    p: float | None
    inclusion: float | None
    in_circuit: bool
    """Among the edges of the edge circuit."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The circuit of the `size` components (edges) that carry most of the effect by their scores;
    judged on held-out pairs. What works against the effect comes last."""

    level: str
    """node, edge"""
    size: int
    share: float
    """Of all components (edges)."""
    faithfulness: Estimate
    """Share of the effect that it carries alone; 1: all of it, 0: none."""
    random: Estimate | None
    """The same of random circuits of as many components of each type and layer; low and high: the
    2.5th and 97.5th percentile. None: not measured at this size."""
    ablation: Estimate | None = None
    """Share of the effect that is left in B's version when these components are as in A's."""


@dataclass(frozen=True, slots=True)
class RandomControl:
    """Random circuits matched in type, layer and size."""

    count: int
    mean: float
    low: float
    """2.5th percentile."""
    high: float
    """97.5th percentile."""
    p: float
    """(1 + random circuits at least as faithful) / (1 + count)."""
    faithfulness: tuple[float, ...]
    """Of each, for the histogram."""


@dataclass(frozen=True, slots=True)
class Reinitialised:
    """The same search in a copy of the model with random weights."""

    faithfulness: Estimate
    """Of a circuit of the same size found in the copy."""
    jaccard: float | None
    """Mean overlap of the copy's circuits between resamples; the trained model's stands beside."""


@dataclass(frozen=True, slots=True)
class Stability:
    """Whether other texts would have given the same circuit."""

    resamples: int
    jaccard: float | None
    """Mean overlap of circuits of the same size between resamples of clusters."""
    found_again: float | None
    """Mean inclusion of the circuit's components."""
    split_half: float | None = None
    """Mean overlap between two halves of the clusters, which share none."""


@dataclass(frozen=True, slots=True)
class AcrossTemplates:
    """The circuit, judged on held-out pairs of one template domain alone."""

    domain: str
    faithfulness: Estimate


@dataclass(frozen=True, slots=True)
class AttentionContext:
    """A finding about attention, never evidence for the circuit."""

    correlation: Estimate
    """Over heads: mean attention to the protected term against the size of the exact effect."""
    heads: tuple[tuple[str, float, float | None], ...]
    """(head, mean attention paid to the term, exact effect) of every head."""


@dataclass(frozen=True, slots=True)
class LensPoint:
    """The logit lens: the gap as the output would read it after a layer."""

    after: str
    """embed, or the block: "0", "1", ..."""
    gap: Estimate


@dataclass(frozen=True, slots=True)
class RepairOption:
    """One repair with what it costs, on held-out pairs."""

    kind: str
    """mean, scale, direction, or a baseline: embedding, mask_term."""
    strength: float
    components: tuple[str, ...]
    remaining_gap: Estimate
    """Share of the mean effect that is left; 1: nothing repaired."""
    quality: Estimate | None
    """Task quality after the repair: accuracy where labels exist, else agreement with the model
    as it was."""
    other_gaps: tuple[tuple[str, float], ...]
    """Other contrasts of the audit: share of their mean effect that is left."""
    random: Estimate | None
    """Remaining gap after the same edit of random sets of the same type, layer and size; low and
    high: 2.5th and 97.5th percentile."""
    p: float | None
    """(1 + random sets that leave no more) / (1 + sets)."""
    factual: Estimate | None = None
    """Language models: share of factual gender (mother -> she) that is kept."""
    on_front: bool = False
    """No other option is better in gap and quality at once."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What was tried to repair the model, with what it costs and its controls."""

    quality_measure: str
    """What quality is: "accuracy on labelled texts", "agreement with the original model"."""
    quality_before: Estimate
    options: tuple[RepairOption, ...]
    recommended: int | None
    """Index of the option; None: no option beats random sets of the same kind."""
    reason: str
    """One sentence: why that one, or why none."""
    notes: tuple[str, ...] = ()
    """What was measured on part alone or left out, in sentences."""


@dataclass(frozen=True, slots=True)
class CircuitRecord:
    """The circuit of one contrast in one model, with everything that can speak against it."""

    contrast: Contrast | None
    """None: of a call in Python, not of an audit."""
    finding_id: str | None
    model_id: str
    unit: str
    """log-odds"""
    metric: str
    """What the margin is, in words: "log-odds of 'ok'"."""
    sentence: str
    """The result in plain words with its uncertainty, or why there is none."""
    not_tested: str | None = None
    """Why nothing was traced; then the rest is empty."""
    pairs: CircuitPairs | None = None
    settings: CircuitSettings | None = None
    total_effect: Estimate | None = None
    """Mean effect on held-out pairs."""
    layers: int = 0
    heads: int = 0
    """Of the whole model."""
    key_value_heads: int = 0
    """Of the whole model; 0: as many as heads. Readers `k` and `v` are numbered by these."""
    mlps: int = 0
    edge_count: int = 0
    nodes: tuple[NodeEffect, ...] = ()
    """Every component, the largest score first."""
    edges: tuple[EdgeEffect, ...] = ()
    """The largest, not all."""
    edge_members: int = 0
    """Edges of the circuit of edges, the smallest measured number that carries the effect on
    discovery pairs; 0: none does."""
    faithfulness: Estimate | None = None
    """Of the circuit, on held-out pairs: 1 means it alone carries the whole effect."""
    necessity: Estimate | None = None
    """Share of the effect that goes when the circuit alone is held at A's version."""
    completeness: Estimate | None = None
    """Mean |f(C without K) - f(model without K)| over parts K of the circuit: 0 where circuit and
    model are alike whatever is taken from both (IOI's incompleteness)."""
    minimality: tuple[tuple[str, Estimate], ...] = ()
    """Of each member: what the circuit's faithfulness loses without it."""
    embedding_only: Estimate | None = None
    """Faithfulness of no component at all: the direct path from embedding to output."""
    curve: tuple[CurvePoint, ...] = ()
    areas: tuple[tuple[str, float], ...] = ()
    """cpr and cmd, on linear and log size: cpr_linear, cpr_log, cmd_linear, cmd_log."""
    k_80: int | None = None
    """The smallest size that reaches and keeps a faithfulness in [.8, 1.2]; None: none does."""
    random: RandomControl | None = None
    reinitialised: Reinitialised | None = None
    stability: Stability | None = None
    across: tuple[AcrossTemplates, ...] = ()
    attention: AttentionContext | None = None
    lens: tuple[LensPoint, ...] = ()
    repair: Repair | None = None
    notes: tuple[str, ...] = ()
    """What was left out or cut short, in sentences."""

    @property
    def members(self) -> tuple[str, ...]:
        """The components of the circuit; the embedding is always in it and not listed."""
        return tuple(node.name for node in self.nodes if node.in_circuit)

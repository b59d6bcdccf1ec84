"""Models with a planted circuit, in GPT-2's layout (language model) and BERT's (classifier).

The two versions of a pair differ in the sign of `Signal.GROUP` at the term. Heads copy it to the
position read as `COPY`, a neuron turns it into `ANSWER`, and the output compares two answers by it
alone. All other weights are random but blind to signals (`wiring`). Signs alone differ between the
versions, so that means and variances are the same in both and LayerNorm leaks nothing: what is
outside the circuit has effect 0 to rounding. Where a neuron is not odd, a mirror of it writes to
`WASTE`, so that the pair of them is. Only where attention moves (`query_path`, `key_path`) do
variances differ a little.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.circuits.planting import Build, Planted, name_of
from tests.circuits.wiring import HEADS, Layout, Signal


def plain(layout: Layout, seed: int = 0, *, pairs: int = 4) -> Planted:
    """Returns one head that copies and one neuron behind it that saturates."""
    build = Build(layout, seed, pairs)
    (head,), mlp = build.heads(1), build.mlps()[0]
    build.copy(head)
    build.neuron(mlp)
    return build.done([head], mlp, "one head, one neuron")


def backup(layout: Layout, seed: int = 0, *, pairs: int = 4) -> Planted:
    """Returns two heads either of which suffices: large effects, necessity near 0 (OR)."""
    return _two(layout, seed, pairs, threshold=1.0, note="either of two heads")


def both(layout: Layout, seed: int = 0, *, pairs: int = 4) -> Planted:
    """Returns two heads of which both are needed: effects near 0, large necessity (AND)."""
    return _two(layout, seed, pairs, threshold=-1.0, note="both of two heads")


def opposite(layout: Layout, seed: int = 0, *, pairs: int = 4) -> Planted:
    """Returns two heads of opposite sign, the first named the larger and of the effect's sign."""
    build = Build(layout, seed, pairs)
    heads, mlp = build.heads(2), build.mlps()[0]
    build.copy(heads[0])
    build.copy(heads[1], gain=-0.4)
    build.neuron(mlp, steep=0.5)
    return build.done(heads, mlp, "two heads against each other")


def distractor(layout: Layout, seed: int = 0, *, pairs: int = 4) -> Planted:
    """Returns `plain` with a second circuit for a difference that the metric does not read."""
    build = Build(layout, seed, pairs)
    (head, other), (mlp, other_mlp) = build.heads(2), build.mlps()
    build.copy(head)
    build.copy(other, source=Signal.OTHER_GROUP, target=Signal.OTHER_COPY)
    build.neuron(mlp)
    build.neuron(other_mlp, source=Signal.OTHER_COPY, target=Signal.OTHER_ANSWER)
    return build.done(
        [head], mlp, "beside a circuit for other answers", (name_of(other), f"m{other_mlp}")
    )


def query_path(layout: Layout, seed: int = 0, *, pairs: int = 4) -> Planted:
    """Returns a head that copies, and one whose query reads the copy: its attention moves.

    What the second head reads through k and v is the same in both versions.
    """
    build = Build(layout, seed, pairs)
    first = (0, int(build.rng.integers(HEADS)))
    mover = (int(build.rng.integers(1, 3)), int(build.rng.integers(HEADS)))
    build.copy(first)
    build.move(mover, query=Signal.COPY, key=Signal.ANCHOR, value=Signal.ANCHOR)
    edges = [("embed", f"{name_of(first)}.v"), (name_of(first), f"{name_of(mover)}.q")]
    return build.read((first, mover), (*edges, (name_of(mover), "out")), "through a query")


def key_path(layout: Layout, seed: int = 0, *, pairs: int = 4) -> Planted:
    """Returns one head whose key reads the term's group: attention goes to the term or leaves it.

    What it reads through q and v is the same in both versions.
    """
    build = Build(layout, seed, pairs)
    mover = (int(build.rng.integers(3)), int(build.rng.integers(HEADS)))
    build.move(mover, query=Signal.ONE, key=Signal.GROUP, value=Signal.TERM)
    edges = (("embed", f"{name_of(mover)}.k"), (name_of(mover), "out"))
    return build.read((mover,), edges, "through a key")


VARIANTS: dict[str, Callable[..., Planted]] = {
    each.__name__: each
    for each in (plain, backup, both, opposite, distractor, query_path, key_path)
}
"""Name -> builder `(layout, seed, *, pairs)`."""


def _two(layout: Layout, seed: int, pairs: int, *, threshold: float, note: str) -> Planted:
    build = Build(layout, seed, pairs)
    heads, mlp = build.heads(2), build.mlps()[0]
    for head in heads:
        build.copy(head)
    build.neuron(mlp, threshold=threshold, steep=3.0)
    return build.done(heads, mlp, note)

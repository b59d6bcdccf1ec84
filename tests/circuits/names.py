"""The names of all components, readers and edges of a model."""

from __future__ import annotations

from typing import Any

from tests.circuits.oracle import Edge


def nodes_of(model: Any) -> list[str]:
    """Returns the writers: the embedding, all heads, all MLPs."""
    layers, heads = range(model.config.num_hidden_layers), range(model.config.num_attention_heads)
    return [
        "embed",
        *(f"a{layer}.h{head}" for layer in layers for head in heads),
        *(f"m{layer}" for layer in layers),
    ]


def readers_of(model: Any) -> list[str]:
    """Returns the readers: q of all heads, k and v of all key/value heads, MLPs, the output."""
    layers, heads = range(model.config.num_hidden_layers), model.config.num_attention_heads
    groups = getattr(model.config, "num_key_value_heads", None) or heads
    counts = {"q": heads, "k": groups, "v": groups}
    return [
        *(
            f"a{layer}.h{head}.{part}"
            for layer in layers
            for part, count in counts.items()
            for head in range(count)
        ),
        *(f"m{layer}" for layer in layers),
        "out",
    ]


def edges_from(model: Any, writer: str) -> list[Edge]:
    """Returns a writer's edges to all readers behind it."""
    parallel = getattr(model.config, "use_parallel_residual", False)

    def time(name: str) -> float:
        if name in {"embed", "out"}:
            return -1.0 if name == "embed" else 99.0
        return int(name[1]) + 0.5 * (name.startswith("m") and not parallel)

    return [(writer, reader) for reader in readers_of(model) if time(reader) > time(writer)]

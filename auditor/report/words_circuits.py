"""The fixed words of the report on circuits: how to read the numbers, and what they leave out."""

from __future__ import annotations

NO_WEIGHTS = {
    "probabilities": "a model given as a function has no weights to look into",
    "pairs": "scores made elsewhere come without weights",
    "predictions": "a table of outcomes comes without weights",
}
"""Kind of a model's record -> why nothing could look inside."""
NONE_FAILS = "only findings that do not meet their criterion are traced, and there is none"
NOT_MADE = (
    "this audit traced none; with its model at hand, auditor circuits RUN --finding ID traces one"
)
NOT_ASKED = "the plan asks for none"
NOT_AMONG = (
    "the audit traces its largest findings, as many as the plan says; "
    "auditor circuits RUN --finding ID traces any other"
)

GRADE = (
    "Research grade: a description of the model, found with methods that are still being studied. "
    "No verdict rests on it."
)
METHOD = (
    "Both versions of a pair run through the model. Patching a component exchanges its output for "
    "the one that it has in the other version, and everything behind it is computed anew: what the "
    "output changes by is the exact effect of the component. Scores propose components on one part "
    "of the data, exact effects confirm them, and the circuit is judged on other whole "
)
NAMES = (
    "Components are attention heads (a and the layer, h and the head), MLPs (m and the layer) and "
    "the embedding, which is always in a circuit. Layers and heads are counted from zero. Effects "
    "are those of the first group's version less the second's."
)
NOT_SHOWN = (
    "That nothing else carries the difference. Another circuit can carry it as well, and a model "
    "can have parts that step in only where others are cut.",
    "What a component is for. It says where the difference travels, not what it stands for there.",
    "Other texts. The circuit is that of these pairs, found with these settings.",
    "A verdict, or a reason for one. Few components can carry a difference by chance: read the "
    "controls.",
)

COMPONENTS = (
    "Score: the part of the effect that flows through the component, mean per pair on the pairs it "
    "was found on. Exact effect: what changes in the second group's version when this component "
    "alone is as in the first's. Necessity: how much of the effect goes from the first group's "
    "version when this component alone is as in the second's. p: sign flips over clusters, "
    "adjusted for all components together. Found again: share of resamples in which it is among as "
    "many largest. Loss: what the circuit's faithfulness loses without it."
)
EDGES = (
    "An edge leads from the component that writes to the one that reads: as query (q), key (k) or "
    "value (v) of a head, as input of an MLP, or as the output. Exact effect: what changes when "
    "this reader alone sees the writer as in the first group's version."
)
CURVES = (
    "Faithfulness: share of the effect that so many components, those with the highest scores in "
    "its direction, carry alone, all others at the second group's version: one is the whole "
    "effect. Random: circuits of as many components of each type and layer, with the range of the "
    "middle nineteen in twenty. Left: share of the effect that is left in the first group's "
    "version when these components are as in the second's."
)
CONTROLS = {
    "faithfulness": "share of the effect that the circuit carries alone",
    "necessity": "share that goes when the circuit alone is as in the second group's version",
    "completeness": "mean difference between circuit and model when the same parts are taken out "
    "of both; none where the circuit is complete",
    "embedding_only": "share that no component carries: the way from embedding to output",
    "random": "share that random circuits carry, of as many components of each type and layer, "
    "with the range of the middle nineteen in twenty",
    "random_p": "random circuits that carry as much",
    "reinitialised": "share that a circuit of the same size carries in a copy of the model with "
    "random weights, searched in the same way",
    "copy_jaccard": "mean overlap of the copy's circuits between resamples",
    "jaccard": "mean overlap of circuits of the same size between resamples",
    "found_again": "mean share of resamples in which a component of the circuit is found again",
}
"""Control -> what it is, in a few words."""
AREAS = {
    "cpr_linear": "Area under faithfulness, linear size",
    "cpr_log": "Area under faithfulness, log size",
    "cmd_linear": "Area between faithfulness and one, linear size",
    "cmd_log": "Area between faithfulness and one, log size",
}
"""Area -> its words. On linear size nearly all of it lies on circuits too large to be read."""
ATTENTION_TITLE = "Attention is context, not evidence"
ATTENTION = (
    "Where a head looks does not say what it does there. The correlation is that of the attention "
    "that heads pay to the protected term with the size of their exact effects, over all heads; "
    "the circuit does not rest on it."
)
LENS = (
    "The gap between the two versions as the output layer would read it after each block. It says "
    "where the gap can be read, not which component makes it."
)
REPAIR = (
    "Each option edits the model at some components and is judged on held-out pairs: by the share "
    "of the effect that is left, and by what it costs. Random: the same edit of random sets of "
    "the same type, layer and size. An option that random sets match repairs nothing that is "
    "particular to the circuit."
)
KINDS = {
    "mean": "Mean of both versions",
    "scale": "Output scaled down",
    "direction": "One direction removed",
    "embedding": "Baseline: the embedding alone",
    "mask_term": "Baseline: the protected term masked",
}
"""Kind of repair -> its words."""


def repair_kind(kind: str) -> str:
    """Returns a kind of repair by its name."""
    words = kind.replace("_", " ")
    return KINDS.get(kind, words[:1].upper() + words[1:])


def letter(place: int) -> str:
    """Returns what a repair is called in its chart and its table: A, B, ... Z, AA, BB, ..."""
    return chr(ord("A") + place % 26) * (1 + place // 26)


def area(name: str) -> str:
    """Returns an area of the curve by its name."""
    return AREAS.get(name, name.replace("_", " "))


def after(block: str) -> str:
    """Returns where the logit lens reads: "the embedding", "block 3"."""
    return "the embedding" if block == "embed" else f"block {block}"

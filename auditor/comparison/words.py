"""What a comparison says: sentences on what went in, how it was compared, what moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from auditor.comparison.records import FieldChange, FindingChange, How, RunComparison, RunSide
from auditor.records import Verdict
from auditor.report.gate.text import writable
from auditor.report.measures import quantity
from auditor.report.words import contrast_words, isolated

MOST_FIELDS = 8
"""Fields of one kind that are named; the rest are in the JSON."""
UNCHANGED = "no change detected"
_HOW = {
    How.SAME_PAIRS: "compared pair by pair, since both runs hold the same pairs",
    How.COMMON_PAIRS: "compared pair by pair on the pairs that both runs hold; each has others too",
    How.TWO_SAMPLES: "by joining the two intervals (MOVER), as of independent samples: where the "
    "same texts or people are behind both, the interval is wider than it need be",
    How.NONE: "not compared",
}
_READING = (
    f'"{UNCHANGED.capitalize()}" means that this data does not show one; it is not a sign that '
    "there is none. A verdict can change where no change was detected, and the other way round."
)
_HELD_OUT = "Pairs of held-out clusters alone were compared; groups of people have no such part."
_EVERY_CLUSTER = (
    "All clusters were compared. If the later model was repaired or tuned on what the earlier run "
    "showed, compare with --held-out: on the texts it was mended on it looks better than it is."
)


def lines_of(found: RunComparison) -> list[str]:
    """Returns the sentences of a comparison, those on what went in first."""
    return [
        writable(line)
        for line in (
            _side_line("Earlier", found.before),
            _side_line("Later", found.after),
            *_order(found),
            _weights(found),
            _fields("Plan", found.plan, same="the plans are the same in all that decides a result"),
            _fields("Data", found.inputs, same="the files of data and lexicons are the same"),
            _fields("Machine", found.environment, same="versions and machine are the same"),
            _HELD_OUT if found.held_out else _EVERY_CLUSTER,
            *_measured_by(found.judged),
            *_rests_on(found.judged),
            *_criteria(found.judged),
            *_lone(found),
            _verdicts(found.judged),
            *_family(found.judged),
            _READING,
        )
    ]


def _side_line(which: str, side: RunSide) -> str:
    return (
        f"{which} run: {side.run_id}, model {isolated(side.model_id)}. Verdict: "
        f"{side.overall.verdict}. {side.overall.reason}"
    )


def _order(found: RunComparison) -> list[str]:
    ends = found.before.finished_at, found.after.finished_at
    if None in ends or str(ends[0]) <= str(ends[1]):
        return []
    return ["The run given as the later one was finished first; differences are second less first."]


def _weights(found: RunComparison) -> str:
    if found.same_weights is None:
        return "Model: whether it is the same is not known, since not both runs have its files."
    if found.same_weights:
        return "Model: the files of both checkpoints are the same."
    return "Model: the checkpoints have other files."


def _fields(kind: str, changes: Sequence[FieldChange], *, same: str) -> str:
    if not changes:
        return f"{kind}: {same}."
    named = [f"{c.name} ({_value(c.before)} -> {_value(c.after)})" for c in changes[:MOST_FIELDS]]
    more = len(changes) - MOST_FIELDS
    return f"{kind} differs: {', '.join(named)}" + (f", and {more} more." if more > 0 else ".")


def _value(value: Any) -> str:
    if value is None:
        return "none"
    # Of a model its id will do.
    each = value if isinstance(value, list) else [value]
    text = ", ".join(str(x.get("id", x)) if isinstance(x, dict) else str(x) for x in each)
    return text if len(text) <= _LONGEST else f"{text[:_KEPT]}..."


_LONGEST, _KEPT = 48, 12
"""A digest is known by its first digits."""


def _measured_by(judged: Sequence[FindingChange]) -> list[str]:
    metrics = list(dict.fromkeys(change.metric for change in judged))
    return [f"Measure: {quantity(metrics[0]).rstrip(',')}."] if len(metrics) == 1 else []


def _rests_on(judged: Sequence[FindingChange]) -> list[str]:
    counts = Counter(change.how for change in judged)
    lines = [f"{_findings(counts[how])}: {words}." for how, words in _HOW.items() if counts[how]]
    return [*lines, *_bare(judged)]


def _bare(judged: Sequence[FindingChange]) -> list[str]:
    """Why there is no difference, or none with an interval; each reason once."""
    reasons: dict[str, list[str]] = {}
    for change in judged:
        if change.difference.reason:
            name = contrast_words(change.contrast)
            reasons.setdefault(change.difference.reason, []).append(name)
    return [f"{', '.join(names)}: {reason}." for reason, names in reasons.items()]


def _criteria(judged: Sequence[FindingChange]) -> list[str]:
    other = sum(change.criterion_differs for change in judged)
    if not other:
        return []
    return [
        f"{_findings(other)}: judged by another threshold in the later run, so that a verdict can "
        "differ by that alone."
    ]


def _lone(found: RunComparison) -> list[str]:
    each = {"Only in the later run": found.appeared, "Only in the earlier run": found.vanished}
    return [
        f"{which}: {', '.join(f'{lone.finding_id} ({lone.verdict})' for lone in lone_findings)}."
        for which, lone_findings in each.items()
        if lone_findings
    ]


def _verdicts(judged: Sequence[FindingChange]) -> str:
    moved = Counter(verdict_change(c) for c in judged if c.verdict_before != c.verdict_after)
    if not moved:
        return f"Verdicts: the same on all of {_findings(len(judged)).lower()} in both runs."
    return "Verdicts: " + "; ".join(f"{n} {words}" for words, n in moved.most_common()) + "."


def _family(judged: Sequence[FindingChange]) -> list[str]:
    tested = [change for change in judged if change.changed is not None]
    if not tested:
        return ["Change: nothing could be tested."]
    changed = sum(bool(change.changed) for change in tested)
    return [
        f"Change: {changed} of {_findings(len(tested)).lower()} changed, by tests of no difference "
        "that allow for all of them together (Holm)."
    ]


def _findings(count: int) -> str:
    return f"{count} judged finding{'' if count == 1 else 's'}"


def verdict_change(change: FindingChange) -> str:
    """Returns the verdicts of both runs: one where they agree."""
    before, after = change.verdict_before, change.verdict_after
    if before == after:
        return f"{after} in both"
    return f"{_word(before)} -> {_word(after)}"


def _word(verdict: Verdict | None) -> str:
    return "none" if verdict is None else verdict.value

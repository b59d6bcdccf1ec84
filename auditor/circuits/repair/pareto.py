"""Which repairs no other beats, and whether one of them can be recommended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auditor.records import Estimate
from auditor.records_circuits import RepairOption

BASELINES = ("embedding", "mask_term")
LOSS = 0.02
"""Of quality; a larger one must not be told from none."""
LEVEL = 0.05


def with_front(options: Sequence[RepairOption]) -> tuple[RepairOption, ...]:
    """Returns the options, those marked that no other beats.

    One beats another that is no worse in gap and quality, and better in one of them. Gaps count by
    their size: one that was turned round is no smaller.
    """
    return tuple(
        replace(each, on_front=_at(each) is not None and not any(_beats(o, each) for o in options))
        for each in options
    )


def recommend(options: Sequence[RepairOption], before: Estimate) -> tuple[int | None, str]:
    """Returns the index of the repair to recommend, or None, and why in one sentence.

    Recommended is the edit of a circuit that leaves the smallest gap among those that are on the
    front, leave less than the whole gap for certain, leave less than random sets of the same kind
    (p <= .05), and keep quality: a loss of at most .02, or within the interval of what is left.

    Args:
        options: with their front.
        before: quality of the model as it is.
    """
    edits = [i for i, each in enumerate(options) if each.kind not in BASELINES]
    by_gap = sorted(edits, key=lambda i: _size(options[i]))
    for i in by_gap:
        if why_not(options[i], options, before) is None:
            return i, _reason(options[i], before)
    if not by_gap:
        return None, "No repair is recommended: none edits the circuit."
    tested = [i for i in by_gap if options[i].p is not None]
    nearest = options[(tested or by_gap)[0]]
    return None, f"No repair is recommended. {_name(nearest)}: {why_not(nearest, options, before)}."


def why_not(option: RepairOption, options: Sequence[RepairOption], before: Estimate) -> str | None:
    """Returns why one of the options is not recommended; None: it is."""
    return (
        _gap(option)
        or _against_random(option)
        or _quality(option, before)
        or _front(option, options)
    )


def keeps_quality(quality: Estimate | None, before: Estimate) -> bool:
    """Returns whether the loss is at most .02, or within the interval of what is left."""
    if quality is None or quality.value is None or before.value is None:
        return False
    reach = quality.value if quality.high is None else quality.high
    return before.value - quality.value <= LOSS or before.value <= reach


def _gap(option: RepairOption) -> str | None:
    gap = option.remaining_gap
    if gap.value is None or gap.low is None or gap.high is None:
        return f"the gap that is left could not be bounded ({gap.reason})"
    if gap.low > -1 and gap.high < 1:
        return None
    return f"{_share(gap)} of the gap are left, which is not below the whole gap for certain"


def _against_random(option: RepairOption) -> str | None:
    if option.p is None or option.random is None:
        return "it stands beside no random set of the same kind"
    if option.p <= LEVEL:
        return None
    if 1 / (1 + option.random.n) > LEVEL:
        return (
            f"only {option.random.n} other sets of the same kind could be compared, too few to "
            f"tell it from them (p {option.p:.3f})"
        )
    return (
        f"random sets of the same kind leave as little: {_share(option.random)} of the gap, where "
        f"it leaves {_share(option.remaining_gap)} (p {option.p:.3f})"
    )


def _quality(option: RepairOption, before: Estimate) -> str | None:
    if keeps_quality(option.quality, before):
        return None
    if option.quality is None or option.quality.value is None:
        return "quality could not be measured"
    return f"quality falls from {_share(before)} to {_share(option.quality)}"


def _front(option: RepairOption, options: Sequence[RepairOption]) -> str | None:
    if option.on_front:
        return None
    better = min((each for each in options if _beats(each, option)), key=_size)
    name = _name(better)
    return (
        f"{name[0].lower()}{name[1:]} leaves {_share(better.remaining_gap)} of the gap at a "
        f"quality of {_share(better.quality)}, where it leaves {_share(option.remaining_gap)} at "
        f"{_share(option.quality)}"
    )


def _reason(option: RepairOption, before: Estimate) -> str:
    assert option.random is not None
    assert option.quality is not None
    return (
        f"{_name(option)}: {_share(option.remaining_gap)} of the gap are left, where random sets "
        f"of the same kind leave {_share(option.random)} (p {option.p:.3f}); quality is "
        f"{_share(option.quality)}, before {_share(before)}."
    )


def _name(option: RepairOption) -> str:
    if option.kind in BASELINES:
        return f"The baseline {option.kind}"
    strength = f" at strength {option.strength:g}" if option.kind == "scale" else ""
    return f"{option.kind.capitalize()}{strength} of {', '.join(option.components)}"


def _share(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return "an unknown share"
    if estimate.low is None or estimate.high is None:
        return _number(estimate.value)
    return f"{_number(estimate.value)} [{_number(estimate.low)}, {_number(estimate.high)}]"


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # a rounded -0 is 0


def _at(option: RepairOption) -> tuple[float, float] | None:
    """Returns gap and loss of quality, both the better the smaller."""
    if option.remaining_gap.value is None or option.quality is None or option.quality.value is None:
        return None
    return abs(option.remaining_gap.value), -option.quality.value


def _beats(one: RepairOption, other: RepairOption) -> bool:
    a, b = _at(one), _at(other)
    if a is None or b is None or a == b:
        return False
    return a[0] <= b[0] and a[1] <= b[1]


def _size(option: RepairOption) -> float:
    value = option.remaining_gap.value
    return float("inf") if value is None else abs(value)

"""Rows of the circuits page's tables: the numbers of a circuit's record. Nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.records import Estimate
from auditor.records_circuits import (
    CircuitRecord,
    CurvePoint,
    EdgeEffect,
    LensPoint,
    NodeEffect,
    RandomControl,
    Reinitialised,
    RepairOption,
    Stability,
)
from auditor.report.circuit_tables import CONTROLS, attended, loss_of, settings_of
from auditor.report.numbers import bracket, decimal, number, p_value
from auditor.report.parts_circuits import TracedRow
from auditor.report.words import shown
from auditor.report.words_circuits import CONTROLS as WORDS
from auditor.report.words_circuits import after, area, letter, repair_kind
from auditor.ui.tables import Row


def settings_line(record: CircuitRecord) -> str:
    """Returns the settings that decide the numbers, in one line."""
    if record.settings is None:
        return ""
    given = [(w, _short(getattr(record.settings, k))) for k, w in settings_of(record.settings)]
    shown_as = [f"{words} {value}" for words, value in given]
    return f"Settings: {', '.join(shown_as)}."


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def effect_line(record: CircuitRecord) -> str:
    """Returns the effect that was traced, and how large the model is."""
    if record.total_effect is None:
        return ""
    return (
        f"Effect on held-out pairs: {shown_estimate(record.total_effect)}. The model has "
        f"{record.heads:,} heads and {record.mlps:,} MLPs in {record.layers:,} layers, joined by "
        f"{record.edge_count:,} edges."
    )


def pairs_line(record: CircuitRecord, clusters: str) -> str:
    """Returns which pairs the circuit rests on. `clusters`: what these are in this audit."""
    if (pairs := record.pairs) is None:
        return ""
    return (
        f"Found on {pairs.discovery:,} pairs in {pairs.discovery_clusters:,} {clusters}, judged on "
        f"{pairs.held_out:,} others in {pairs.held_out_clusters:,}, of {pairs.of:,}. Of as many "
        f"tokens: {decimal(pairs.equal_length, signed=False)}; aligned by filler tokens: "
        f"{pairs.filled:,}, which moved the output by at most "
        f"{decimal(pairs.worst_alignment, signed=False)} of the effect; left out: "
        f"{pairs.dropped:,}."
    )


def component_row(traced: TracedRow, place: int) -> Row:
    """Returns the numbers of a component."""
    record = traced.record
    node = record.nodes[place]
    loss = loss_of(record, node.name)
    return {
        "component": node.name,
        "in the circuit": _yes(node),
        "score": shown_estimate(node.score),
        "exact effect": shown_estimate(node.exact),
        "necessity": shown_estimate(node.necessity),
        "p": _p(node.p),
        "found again": _plain(node.inclusion),
        "loss without it": "" if loss is None else shown_estimate(record.minimality[loss][1]),
    }


def edge_row(edge: EdgeEffect) -> Row:
    """Returns the numbers of an edge."""
    return {
        "from": edge.writer,
        "to": edge.reader,
        "in the circuit": _yes(edge),
        "score": shown_estimate(edge.score),
        "exact effect": shown_estimate(edge.exact),
        "p": _p(edge.p),
        "found again": _plain(edge.inclusion),
    }


def curve_row(point: CurvePoint) -> Row:
    """Returns what circuits of one size carry."""
    return {
        "of": {"node": "components", "edge": "edges"}.get(point.level, point.level),
        "size": point.size,
        "share of all": _plain(point.share),
        "faithfulness": _share(point.faithfulness),
        "random": _share(point.random),
        "left without them": _share(point.ablation),
    }


def control_rows(record: CircuitRecord) -> Iterator[Row]:
    """Yields what speaks for the circuit, and against it."""
    for name in CONTROLS:
        estimate: Estimate | None = getattr(record, name)
        if estimate is not None:
            yield _control(WORDS[name], _share(estimate))
    if record.random is not None:
        yield from _random(record.random)
    if record.reinitialised is not None:
        yield from _copy(record.reinitialised)
    if record.stability is not None:
        yield from _stability(record.stability)
    for each in record.across:
        yield _control(f"faithfulness on {each.domain} alone", _share(each.faithfulness))
    for name, value in record.areas:
        yield _control(area(name).lower(), decimal(value, signed=False))


def _random(control: RandomControl) -> Iterator[Row]:
    ends = bracket((control.low, control.high), signed=False)
    words = f"{WORDS['random']}: {control.count:,} of them"
    yield _control(words, f"{decimal(control.mean, signed=False)} {ends}")
    yield _control(f"{WORDS['random_p']}: p", p_value(control.p))


def _copy(copy: Reinitialised) -> Iterator[Row]:
    yield _control(WORDS["reinitialised"], _share(copy.faithfulness))
    yield _control(WORDS["copy_jaccard"], _plain(copy.jaccard))


def _stability(found: Stability) -> Iterator[Row]:
    yield _control(f"{WORDS['jaccard']}: {found.resamples:,} of them", _plain(found.jaccard))
    yield _control(WORDS["found_again"], _plain(found.found_again))


def attention_rows(record: CircuitRecord) -> Iterator[Row]:
    """Yields how much the circuit's heads look at the protected term, beside what they do."""
    heads = record.attention.heads if record.attention else ()
    for place in attended(record):
        name, weight, exact = heads[place]
        yield {
            "head": name,
            "mean attention to the term": decimal(weight, signed=False),
            "exact effect": "" if exact is None else decimal(exact),
        }


def lens_row(point: LensPoint) -> Row:
    """Returns the gap that can be read after a block."""
    return {"after": after(point.after), "gap": shown_estimate(point.gap)}


def repair_row(place: int, option: RepairOption, recommended: int | None) -> Row:
    """Returns what a repair leaves of the effect, and what it costs."""
    left = [f"{shown(name)} {decimal(value, signed=False)}" for name, value in option.other_gaps]
    return {
        "repair": f"{letter(place)}. {repair_kind(option.kind)}",
        "recommended": "● yes" if place == recommended else "",
        "strength": f"{option.strength:g}",
        "effect left": _share(option.remaining_gap),
        "random sets": _share(option.random),
        "p": _p(option.p),
        "quality": _share(option.quality),
        "other contrasts: effect left": "; ".join(left),
        "factual gender kept": _share(option.factual),
        "no other is better in both": "yes" if option.on_front else "",
        "at": ", ".join(option.components),
    }


def _control(words: str, value: str) -> Row:
    return {"measure": words[:1].upper() + words[1:], "value": value}


def _yes(row: NodeEffect | EdgeEffect) -> str:
    return "● yes" if row.in_circuit else "no"


def shown_estimate(estimate: Estimate, *, signed: bool = True) -> str:
    """Returns a number with its interval, or why there is none."""
    if estimate.value is None:
        return estimate.reason or ""
    return number(estimate, signed=signed)


def _share(estimate: Estimate | None) -> str:
    return "" if estimate is None else shown_estimate(estimate, signed=False)


def _plain(value: float | None) -> str:
    return "" if value is None else decimal(value, signed=False)


def _p(value: float | None) -> str:
    return "not tested" if value is None else p_value(value)

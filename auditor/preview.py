"""What can be looked at before anything is scored: swaps, a plan's inputs, what there is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.errors import AuditError, PlanError, collected
from auditor.pipeline import Inputs, model_ids, resolve
from auditor.plan import AuditPlan, DataPlan
from auditor.records import NAMES_SUFFIX, Pair, SourceText, text_id
from auditor.sources import open_texts
from auditor.swaps.swapper import Swapper, every_swapper

CHUNK = 1_000
"""Texts read at a time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which counterfactuals to show."""

    attributes: tuple[str, ...]
    to: str | None = None
    """Only to this group."""
    lexicons: tuple[Path, ...] = ()
    language: str = "en"
    arms: tuple[str, ...] = ()
    """What stands beside the swaps: see `SwapPlan.arms`."""

    def swapper(self) -> Swapper:
        return every_swapper(
            self.attributes,
            self.to,
            lexicons=self.lexicons,
            language=self.language,
            arms=self.arms,
        )

    def of(self, swapper: Swapper, text: SourceText) -> list[Pair]:
        return [p for p in swapper.pairs(text) if self.to in (None, p.group_to)]


def swap_text(text: str, wanted: Wanted) -> list[Pair]:
    """Returns every pair of one text, for each attribute and target group."""
    return wanted.of(wanted.swapper(), SourceText(row_id="text-0", text=text, cluster="text-0"))


def swap_file(
    path: Path, columns: Sequence[str], wanted: Wanted, *, jobs: int = 1
) -> Iterator[Pair]:
    """Yields every pair of a table's texts, in the table's order, without holding it in memory.

    Args:
        jobs: processes to share the work; the pairs and their order do not depend on it.
    """
    swapper = wanted.swapper()  # also here, so that what is refused is refused at once
    chunks = open_texts(DataPlan(path=str(path), text=tuple(columns))).chunks(CHUNK)
    if jobs == 1:
        for texts in chunks:
            for text in texts:
                yield from wanted.of(swapper, text)
        return
    with ProcessPoolExecutor(jobs, initializer=_prepare, initargs=(wanted,)) as pool:
        coming: deque[Future[list[Pair]]] = deque()
        for texts in chunks:
            coming.append(pool.submit(_swap_chunk, texts))
            if len(coming) > 2 * jobs:
                yield from coming.popleft().result()
        while coming:
            yield from coming.popleft().result()


_worker: list[tuple[Wanted, Swapper]] = []
"""What a process of `swap_file` has made ready for all its chunks."""


def _prepare(wanted: Wanted) -> None:
    _worker[:] = [(wanted, wanted.swapper())]


def _swap_chunk(texts: Sequence[SourceText]) -> list[Pair]:
    [(wanted, swapper)] = _worker
    return [pair for text in texts for pair in wanted.of(swapper, text)]


def pair_json(pair: Pair) -> dict[str, Any]:
    """Returns a pair as `auditor swap --json` prints it."""
    return {
        "text": pair.text,
        "counterfactual": pair.counterfactual,
        "attribute": pair.contrast.attribute,
        "group_from": pair.group_from,
        "group_to": pair.group_to,
        "terms": [pair.term_from, pair.term_to],
        "spans_from": [list(span) for span in pair.spans_from],
        "spans_to": [list(span) for span in pair.spans_to],
        "validity": pair.validity.value,
        "reason": pair.reason,
        "arm": pair.arm.value,
        "pair_id": pair.pair_id,
        "row_id": pair.row_id,
        "text_id": text_id(pair.text),
        "cluster": pair.cluster,
        "template_id": pair.template_id,
        "slots": dict(pair.slots),
        "contrast_id": pair.contrast.contrast_id,
        "group_a": pair.contrast.group_a,
        "group_b": pair.contrast.group_b,
        "term_from": pair.term_from,
        "term_to": pair.term_to,
        "n_edits": len(pair.spans_from),
        "frequency_from": pair.frequency_from,
        "frequency_to": pair.frequency_to,
        "label_true": pair.label_true,
        "weight": pair.weight,
        "input_kind": "text",
    }


def check_inputs(plan: AuditPlan) -> list[str]:
    """Returns what an audit of this plan would use, one line each.

    Raises:
        PlanError: with every problem of data, lexicons and models, one line each.
    """
    lines = [f"plan: {plan.name}, SHA-256 {plan.sha256}"]
    with collected("the plan cannot be run", PlanError) as problems:
        try:
            lines += _data_lines(resolve(plan))
        except AuditError as error:
            problems.add(str(error))
        for index in range(len(plan.models)):
            try:
                lines.append(_model_line(plan, index))
            except AuditError as error:
                problems.add(str(error))
    return lines


def _data_lines(inputs: Inputs) -> list[str]:
    lines = [f"input: {name}, SHA-256 {digest}" for name, digest in sorted(inputs.digests.items())]
    if inputs.texts is not None:
        first = next(inputs.texts.chunks(CHUNK), [])
        assert inputs.attributes is not None
        swapper = Swapper(inputs.attributes, inputs.plan.swaps)
        pairs = sum(len(swapper.pairs(text)) for text in first)
        lines.append(f"data: {pairs:,} pairs from the first {len(first):,} texts")
    return lines


def _model_line(plan: AuditPlan, index: int) -> str:
    from auditor.models import Outcome, load_model

    name = model_ids(plan)[index]
    model = load_model(plan.models[index], plan.scoring, model_id=name)
    Outcome.of(model.labels, model.kind, plan.scoring)
    return f"model: {name}, {model.kind}, labels {', '.join(model.labels)}"


def rows_of(listing: str) -> list[dict[str, Any]]:
    """Returns what there is of attributes, templates, packs and so on, one row each."""
    return {
        "attributes": _attributes,
        "declared": _declared,
        "templates": _templates,
        "metrics": _metrics,
        "methods": _methods,
        "models": _models,
        "packs": _packs,
    }[listing]()


def _attributes() -> list[dict[str, Any]]:
    from auditor.grammar import languages
    from auditor.swaps.attributes import BY_NAME, NAMED_GROUPS
    from auditor.swaps.lexicons import available_lexicons

    words = [
        {
            "attribute": name,
            "language": language,
            "groups": list(lexicon.groups),
            "reference": lexicon.reference,
            "by_request": list(lexicon.by_request),
        }
        for language in languages()
        for name, lexicon in available_lexicons(language).items()
    ]
    names = [
        {
            "attribute": f"{name}{NAMES_SUFFIX}",
            "language": "en",
            "groups": list(NAMED_GROUPS[name]),
            "reference": NAMED_GROUPS[name][0],
            "by_request": [],
        }
        for name in BY_NAME
    ]
    return [*words, *names]


def _templates() -> list[dict[str, Any]]:
    from auditor.sources.templates import template_sets

    return template_sets()


def _metrics() -> list[dict[str, Any]]:
    from auditor.metrics.counterfactual import METRICS

    return [{"metric": m.name, "unit": m.unit, "meaning": m.description} for m in METRICS.values()]


def _methods() -> list[dict[str, Any]]:
    from auditor.attributions.methods import METHODS
    from auditor.report.words_attributions import method_title

    return [
        {"method": m.name, "name": method_title(m.name), "meaning": m.meaning}
        for m in METHODS.values()
    ]


def _declared() -> list[dict[str, Any]]:
    from auditor.report.declared.listing import rows_of_facts

    return rows_of_facts()


def _models() -> list[dict[str, Any]]:
    from auditor.models import KINDS

    return [{"kind": kind, "meaning": meaning} for kind, meaning in KINDS.items()]


def _packs() -> list[dict[str, Any]]:
    from auditor.report.packs.pack import shipped_packs

    return [
        {
            "id": pack.id,
            "instrument": pack.instrument,
            "status": pack.status,
            "as_of": pack.as_of.isoformat(),
        }
        for pack in shipped_packs().values()
    ]

"""What an audit looked at: how many texts, mentions, pairs; what was cut off or left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from auditor.metrics.clusters import connect
from auditor.records import Contrast, Pair, SourceText

if TYPE_CHECKING:
    from auditor.swaps.swapper import Swapper


def part_notes(
    texts: Sequence[SourceText],
    pairs: Sequence[Pair],
    swapper: Swapper,
    counts: Mapping[str, int],
) -> dict[str, Any]:
    """Returns what is to be remembered of one part beside its rows.

    Texts without a mention leave no row, so they are counted here; `counts` are the engine's.
    """
    paired = {(pair.row_id, pair.contrast.attribute) for pair in pairs}
    mentions = Counter(
        attribute
        for text in texts
        for attribute in swapper.attributes_of(text)
        if (text.row_id, attribute) in paired or swapper.mentions(text.text, attribute)
    )
    return {"texts": len(texts), "mentions": dict(mentions), "counts": dict(counts)}


def coverage(pairs: str, notes: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Returns counts of texts, mentions, pairs by validity, and of what each model was asked.

    Args:
        pairs: DuckDB glob of the pairs.
        notes: model id -> the notes of its parts. All models see the same texts: the first's
            count.
    """
    first = next(iter(notes.values()), [])
    mentions = _summed(note["mentions"] for note in first)
    attributes: dict[str, Any] = {
        name: {"texts_with_mention": count, "pairs": 0, "by_validity": {}}
        for name, count in sorted(mentions.items())
    }
    for attribute, validity, count in _rows(_BY_VALIDITY, pairs, next(iter(notes), "")):
        entry = attributes.setdefault(
            attribute, {"texts_with_mention": None, "pairs": 0, "by_validity": {}}
        )
        entry["by_validity"][validity] = count
        entry["pairs"] += count
    clusters = _rows("SELECT count(DISTINCT cluster) FROM read_parquet('{}')", pairs)[0][0]
    return {
        "texts": sum(note["texts"] for note in first),
        "clusters": clusters,
        "attributes": attributes,
        "models": {name: _summed(note["counts"] for note in each) for name, each in notes.items()},
    }


def contrasts_in(pairs: str) -> list[Contrast]:
    """Returns the contrasts that stand in the pairs: of a file scored elsewhere."""
    sql = "SELECT DISTINCT attribute, group_a, group_b FROM read_parquet('{}') ORDER BY ALL"
    return [Contrast(*row) for row in _rows(sql, pairs)]


_BY_VALIDITY = """
    SELECT attribute, validity, count(*) FROM read_parquet('{}')
    WHERE model_id = ? GROUP BY ALL ORDER BY ALL
"""


def _rows(sql: str, pairs: str, *params: str) -> list[tuple[Any, ...]]:
    with connect() as db:
        rows: list[tuple[Any, ...]] = db.execute(sql.format(pairs), list(params)).fetchall()
    return rows


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)

"""What an audit looked at: how many texts, mentions, pairs; what was cut off or left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from auditor.metrics.counted import connect
from auditor.records import Arm

if TYPE_CHECKING:
    from auditor.swaps.swapper import Swapped


def part_notes(swapped: Sequence[Swapped], counts: Mapping[str, int]) -> dict[str, Any]:
    """Returns what is to be remembered of one part beside its rows.

    Texts without a mention leave no row, so they are counted here, and so is what looked like a
    mention and was left alone; `counts` are the engine's.
    """
    mentions: Counter[str] = Counter()
    skipped: dict[str, Counter[str]] = {}
    for each in swapped:
        for attribute, found in each.found.items():
            mentions[attribute] += found.speaks
            if found.skipped:
                skipped.setdefault(attribute, Counter()).update(found.skipped)
    return {
        "texts": len(swapped),
        "mentions": {name: count for name, count in mentions.items() if count},
        "skipped": {name: dict(each) for name, each in skipped.items()},
        "counts": dict(counts),
    }


def coverage(pairs: str, notes: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Returns counts of texts, mentions and pairs, and of what each model was asked.

    Args:
        pairs: DuckDB glob of the pairs.
        notes: model id -> the notes of its parts. All models see the same texts: the first's
            count.
    """
    first, model = next(iter(notes.values()), []), next(iter(notes), "")
    attributes = {
        name: _attribute(count)
        for name, count in sorted(_summed(note["mentions"] for note in first).items())
    }
    for attribute, arm, validity, count in _rows(_BY_ARM, pairs, model):
        entry = attributes.setdefault(attribute, _attribute(None))
        if arm != Arm.SWAP:
            entry["by_arm"][arm] = entry["by_arm"].get(arm, 0) + count
        else:
            entry["by_validity"][validity] = count
            entry["pairs"] += count
    for attribute, reason, count in _rows(_KEPT_OUT, pairs, model):
        attributes[attribute]["kept_out"][reason] = count
    for name, entry in attributes.items():
        entry["skipped"] = _summed(note.get("skipped", {}).get(name, {}) for note in first)
    clusters = _rows("SELECT count(DISTINCT cluster) FROM read_parquet('{}')", pairs)[0][0]
    return {
        "texts": sum(note["texts"] for note in first),
        "clusters": clusters,
        "attributes": attributes,
        "names": _names(pairs),
        "models": {name: _summed(note["counts"] for note in each) for name, each in notes.items()},
    }


def _attribute(mentions: int | None) -> dict[str, Any]:
    return {
        "texts_with_mention": mentions,
        "pairs": 0,
        "by_validity": {},
        "by_arm": {},
        "kept_out": {},
        "skipped": {},
    }


def _names(pairs: str) -> list[dict[str, Any]]:
    """Returns what may differ between groups of names besides the group, per model."""
    keys = ("model_id", "attribute", "group", "names", "mean_log_count", "mean_pieces")
    return [dict(zip(keys, row, strict=True)) for row in _rows(_NAMES, pairs)]


_BY_ARM = """
    SELECT attribute, arm, validity, count(*) FROM read_parquet('{}')
    WHERE model_id = ? GROUP BY ALL ORDER BY ALL
"""
REASONS = 8
"""Reasons shown per attribute: the commonest, a quoted term left out of each."""
_KEPT_OUT = f"""
    SELECT attribute, why, n FROM (
        SELECT attribute, regexp_replace(reason, '^(''.*?''|".*?") ', '') AS why, count(*) AS n,
            row_number() OVER (PARTITION BY attribute ORDER BY count(*) DESC, why) AS place
        FROM read_parquet('{{}}') WHERE model_id = ? AND arm = 'swap' AND validity != 'valid'
        GROUP BY attribute, why
    ) WHERE place <= {REASONS} ORDER BY attribute, place
"""
_NAMES = """
    SELECT model_id, attribute, name_group, count(*) AS names,
        round(avg(log10(greatest(f, 2.5))), 3), round(avg(pieces), 3)
    FROM (
        SELECT DISTINCT model_id, attribute, group_from AS name_group, term_from AS term,
            frequency_from AS f, term_pieces_from AS pieces
        FROM read_parquet('{0}') WHERE frequency_from IS NOT NULL AND arm = 'swap'
        UNION
        SELECT DISTINCT model_id, attribute, group_to, term_to, frequency_to, term_pieces_to
        FROM read_parquet('{0}') WHERE frequency_to IS NOT NULL AND arm = 'swap'
    ) GROUP BY ALL ORDER BY ALL
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

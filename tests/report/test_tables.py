"""Lists of numbers become tables of few columns, whose cells point back into their list."""

from __future__ import annotations

from pathlib import Path

from auditor.records import Contrast, Estimate, Finding, GroupMetric
from auditor.report import tables
from auditor.report.parts import FindingRow
from auditor.report.summarize import summarize
from tests.report import factory
from tests.report.beside import estimate
from tests.report.factory import MODELS

MISSING = Estimate.missing("no label", unit="rate")


def rows(tmp_path: Path, *findings: Finding) -> list[FindingRow]:
    """Returns described findings as the summary holds them."""
    given = factory.evidence(tmp_path)
    given.results = type(given.results)(given.overall, findings=findings, coverage=given.coverage)
    return summarize(given).described


def found(metric: str, group: str, value: Estimate) -> Finding:
    return Finding(Contrast("x", "a", group), metric, MODELS[0], value, None)


def test_measures_stand_in_their_family_and_unknown_ones_last(tmp_path: Path) -> None:
    listed = rows(
        tmp_path,
        found("of_my_own", "b", estimate(0.1)),
        found("mean_effect", "b", estimate(0.2)),
        found("flip_rate", "c", estimate(0.3)),
        found("flip_rate", "b", estimate(0.4)),
        found("gain_rate", "b", estimate(0.5)),
    )
    made = tables.by_family(listed)
    assert [(table.title, table.columns) for table in made] == [
        ("At the cut-off in use", ("gain_rate", "flip_rate")),
        ("Scores", ("mean_effect",)),
        ("Further measures", ("of_my_own",)),
    ]
    assert [dict(row.cells) for row in made[0].rows] == [
        {"flip_rate": 2},
        {"flip_rate": 3, "gain_rate": 4},
    ]


def test_what_no_row_has_is_said_once(tmp_path: Path) -> None:
    listed = rows(
        tmp_path,
        found("flip_rate", "b", MISSING),
        found("flip_rate", "c", MISSING),
        found("loss_rate", "b", MISSING),
    )
    [table] = tables.by_family(listed)
    assert (table.columns, table.rows) == ((), ())
    assert table.absent == {0: ("flip_rate", "loss_rate")}


def test_groups_are_rows_and_all_groups_stand_apart() -> None:
    listed = [
        GroupMetric("sex", "f", "count", estimate(4.0, "rows"), "m"),
        GroupMetric("sex", "f", "selection_rate", estimate(0.5, "rate"), "m"),
        GroupMetric("sex", "all groups", "omnibus_p", estimate(0.5, "p"), "m"),
    ]
    [rates] = tables.by_group(listed)
    [over_all] = tables.by_group(listed, over_all=True)
    assert [dict(row.cells) for row in rates.rows] == [{"selection_rate": 1}]
    assert [dict(row.cells) for row in over_all.rows] == [{"omnibus_p": 2}]


def test_levels_that_differ_are_not_said_for_all() -> None:
    assert tables.common_level([estimate(0.1), estimate(0.2)]) == 0.95
    assert tables.common_level([estimate(0.1), estimate(0.2, level=0.99)]) == 0
    assert tables.common_level([MISSING]) == 0
    assert tables.first_interval([MISSING, estimate(0.1)]) == 1


def test_a_row_says_its_n_once_where_all_cells_share_it(tmp_path: Path) -> None:
    listed = rows(
        tmp_path,
        found("flip_rate", "b", estimate(0.1)),
        found("gain_rate", "b", MISSING),
        found("flip_rate", "c", estimate(0.1)),
        found("gain_rate", "c", estimate(0.1, n=7)),
    )
    [table] = tables.by_family(listed)
    assert [tables.shared_n(listed, row) for row in table.rows] == [0, None]
    assert tables.any_shared_n(listed, table)


def test_why_there_is_no_interval_is_said_below(tmp_path: Path) -> None:
    bare = estimate(0.1, low=None, high=None, reason="all equal")
    listed = rows(tmp_path, found("flip_rate", "b", bare), found("flip_rate", "c", MISSING))
    [table] = tables.by_family(listed)
    assert tables.remarks(table, listed) == {0: ("flip_rate",), 1: ("flip_rate",)}
    assert tables.remarks(table, listed, unmeasured=False) == {0: ("flip_rate",)}

"""Findings: the verdict in words, each finding with its interval, and what was not tested."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from auditor.records import Arm, Basis, Contrast
from auditor.report.charts import checkpoint_dots, forest_plot
from auditor.report.parts import Coverage, FindingRow, Summary
from auditor.report.words import (
    ABSENCE,
    ARM_MEANING,
    ARM_TITLES,
    DESCRIPTIVE,
    FAIRNESS_GAP,
    HOLDS_IN,
    HOW_TO_READ,
    INTERVALS,
    MARKS,
    NEVER_A_VERDICT,
    NOISE_FLOOR,
    PEOPLE,
    SCOPE,
    SELF_TEST,
    SELF_TEST_READING,
    SYSTEMATIC,
    WINNERS_CURSE,
    shown,
)
from auditor.ui import tables
from auditor.ui.filters import show_only
from auditor.ui.state import summary
from auditor.ui.theme import draw

PAIRS = Path(__file__).with_name("pairs.py")


def show(run: Summary) -> None:
    """Draws the page."""
    verdict = run.verdict.value
    st.title(f"{MARKS[verdict]} {verdict.capitalize()}")
    st.text(run.verdict_reason)
    for criterion in run.criteria:
        st.text(tables.criterion_text(criterion))
    for panel in run.panels:
        draw(forest_plot(run.judged, panel), f"{panel.forest} And the table has each number.")
    _findings(run.judged)
    _not_tested(run.not_tested)
    _more(run)
    _coverage(run.coverage, run.standing_for)
    st.caption(f"{SCOPE} {ABSENCE}")


def _findings(judged: Sequence[FindingRow]) -> None:
    """Draws the findings that have a verdict, swaps apart from groups of people."""
    st.subheader("Findings")
    if not judged:
        st.text("No finding of this audit has a criterion.")
        return
    swaps = [finding for finding in judged if finding.basis is Basis.SWAPS]
    people = [finding for finding in judged if finding.basis is Basis.GROUPS]
    if swaps:
        _swaps(swaps)
        st.caption(INTERVALS["swaps"])
    if people:
        st.text("Groups of people: rows of one with rows of another.")
        _table(map(tables.judged_row, people))
        st.caption(INTERVALS["groups"])
    st.caption(f"{HOW_TO_READ} {HOLDS_IN} {NEVER_A_VERDICT}")


def _swaps(judged: Sequence[FindingRow]) -> None:
    """Draws the findings of swaps; a chosen row leads to its pairs."""
    event = st.dataframe(
        pd.DataFrame([tables.judged_row(finding) for finding in judged]),
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        key="findings",
    )
    chosen = [judged[i] for i in event["selection"]["rows"] if i < len(judged)]
    st.text(_said(chosen[0]) if chosen else "Choose a row to read on.")
    if st.button("Read its pairs", disabled=not chosen, icon=":material/compare_arrows:"):
        finding = chosen[0]
        contrast = Contrast(finding.attribute, finding.group_a, finding.group_b)
        show_only(contrast.attribute, contrast.contrast_id)
        st.switch_page(PAIRS)


def _said(finding: FindingRow) -> str:
    lines = [finding.sentence, f"{finding.verdict}: {finding.verdict_reason}"]
    return "\n".join([*lines, *([finding.settles] if finding.settles else [])])


def _not_tested(lines: Sequence[str]) -> None:
    with st.container(border=True):
        st.subheader("Not tested")
        st.text("\n".join(f"• {line}" for line in lines))


def _more(run: Summary) -> None:
    """Draws what no verdict rests on, a part each; parts that have nothing are left out."""
    parts: tuple[tuple[str, bool, Callable[[Summary], None]], ...] = (
        ("Each checkpoint", any(panel.checkpoints for panel in run.panels), _checkpoints),
        ("Other measures of the same pairs", bool(run.described), _described),
        ("Noise floor and other arms", bool(run.arms or run.systematic), _arms),
        ("Single terms", bool(run.terms or run.attribute_metrics), _terms),
        ("Groups of people", bool(run.groups or run.group_differences), _groups),
        ("Self-test", bool(run.self_test), _self_test),
        ("Notes on the data", bool(run.data_notes), _data_notes),
    )
    for title, there, draw_part in parts:
        if there:
            with st.expander(title, expanded=title == "Groups of people" and not run.described):
                draw_part(run)


def _checkpoints(run: Summary) -> None:
    for panel in run.panels:
        if panel.checkpoints:
            draw(checkpoint_dots(run.judged, panel), panel.checkpoints)


def _described(run: Summary) -> None:
    st.text("No verdict rests on them.")
    _table(map(tables.described_row, run.described))


def _arms(run: Summary) -> None:
    st.text(NOISE_FLOOR)
    for arm in Arm:
        findings = [finding for finding in run.arms if finding.arm is arm]
        if findings:
            st.text(f"{ARM_TITLES[arm.value]}. {ARM_MEANING[arm.value]}")
            _table(map(tables.described_row, findings))
    if run.systematic:
        st.text(f"Systematic effects. {SYSTEMATIC}")
        _table(map(tables.systematic_row, run.systematic))


def _terms(run: Summary) -> None:
    if run.attribute_metrics:
        st.text(FAIRNESS_GAP)
        _table(map(tables.gap_row, run.attribute_metrics))
    if run.terms:
        st.text(WINNERS_CURSE)
        _table(map(tables.term_row, run.terms))


def _groups(run: Summary) -> None:
    st.text(PEOPLE)
    if run.comparisons:
        st.text(f"Against a reference. {NEVER_A_VERDICT}")
        _table(map(tables.comparison_row, run.comparisons))
    if run.group_differences:
        st.text("Signed differences that do not decide.")
        _table(map(tables.described_row, run.group_differences))
    if run.groups:
        st.text(f"Outcomes by group. {DESCRIPTIVE}")
        _table(map(tables.group_row, run.groups))


def _self_test(run: Summary) -> None:
    test = run.self_test[0]
    st.text(f"{SELF_TEST} {test.relabellings:,} times. {SELF_TEST_READING}")
    _table(map(tables.self_test_row, run.self_test))


def _data_notes(run: Summary) -> None:
    st.text("\n".join(f"• {note}" for note in run.data_notes))


def _coverage(cover: Coverage, standing_for: int | None) -> None:
    st.subheader("What was looked at")
    if not cover.attributes:
        counted = f"{cover.texts:,} rows"
        if standing_for is not None:
            counted = f"{cover.texts:,} lines standing for {standing_for:,} rows"
        st.text(counted)
    else:
        st.text(f"{cover.texts:,} texts in {cover.clusters:,} clusters")
        _table(_attribute_row(*each) for each in cover.attributes.items())
    counts = [_model_row(*each) for each in cover.models.items() if each[1]]
    if counts:
        _table(counts)


def _attribute_row(name: str, counts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "attribute": shown(name),
        "texts with a mention": counts["texts_with_mention"],
        "pairs": counts["pairs"],
        **_worded(counts["by_validity"]),
        **_worded(counts["by_arm"]),
    }


def _model_row(name: str, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "model": name,
        "texts scored": counts["texts_scored"],
        "cut off at its window": counts["truncated"],
        "scored again in float32": counts["rescored"],
    }


def _worded(counts: Mapping[str, int]) -> dict[str, int]:
    return {shown(name): count for name, count in counts.items()}


def _table(rows: Iterable[Mapping[str, Any]]) -> None:
    st.dataframe(pd.DataFrame(list(rows)), hide_index=True, width="stretch")


show(summary())

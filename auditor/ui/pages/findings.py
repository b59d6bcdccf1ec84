"""Findings: the verdict in words, each finding with its interval, and what was not tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from auditor.records import Contrast, GroupMetric
from auditor.report.charts import checkpoint_dots, contrast_name, forest_plot
from auditor.report.summarize import Coverage, FindingRow, Summary
from auditor.report.words import ABSENCE, MARKS, QUANTITY, SCOPE, is_signed, number, shown
from auditor.ui.filters import show_only
from auditor.ui.state import evidence, summary
from auditor.ui.theme import draw

PAIRS = Path(__file__).with_name("pairs.py")


def show(run: Summary, groups: Sequence[GroupMetric]) -> None:
    """Draws the page."""
    verdict = run.verdict.value
    st.title(f"{MARKS[verdict]} {verdict.capitalize()}")
    st.text(run.verdict_reason)
    measured = [finding for finding in run.judged if finding.estimate.value is not None]
    if measured:
        _criterion(run)
        draw(forest_plot(measured, run.delta), "Effects with intervals; the table has each number.")
    _findings(run.judged)
    _not_tested(run.not_tested)
    _more(run, measured, groups)
    _coverage(run.coverage)
    st.caption(f"{SCOPE} {ABSENCE}")


def _criterion(run: Summary) -> None:
    origin = run.delta_origin or "NOT PROVIDED"
    st.text(f"Criterion: {QUANTITY[run.governing]} changes by at most ±{run.delta:g} ({origin}).")


def _findings(judged: Sequence[FindingRow]) -> None:
    """Draws the findings that have a verdict; a chosen row leads to its pairs."""
    st.subheader("Findings")
    if not judged:
        st.text("No finding of this audit has a criterion.")
        return
    event = st.dataframe(
        pd.DataFrame([_judged_row(finding) for finding in judged]),
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        key="findings",
    )
    chosen = [judged[i] for i in event["selection"]["rows"] if i < len(judged)]
    st.text(f"{chosen[0].sentence}\n{_why(chosen[0])}" if chosen else "Choose a row to read on.")
    if st.button("Read its pairs", disabled=not chosen, icon=":material/compare_arrows:"):
        finding = chosen[0]
        contrast = Contrast(finding.attribute, finding.group_a, finding.group_b)
        show_only(contrast.attribute, contrast.contrast_id)
        st.switch_page(PAIRS)


def _why(finding: FindingRow) -> str:
    return f"{finding.verdict}: {finding.verdict_reason}"


def _judged_row(finding: FindingRow) -> dict[str, Any]:
    assert finding.verdict is not None
    verdict = finding.verdict.value
    return {
        "verdict": f"{MARKS[verdict]} {verdict}",
        **_measured(finding),
        "holds in checkpoints": f"{finding.holds_in} of {len(finding.checkpoints)}",
        "why": finding.verdict_reason,
    }


def _measured(finding: FindingRow) -> dict[str, Any]:
    estimate = finding.estimate
    return {
        "contrast": contrast_name(finding),
        f"effect [{estimate.level:.0%}]": number(estimate, signed=is_signed(finding.metric)),
        "pairs": estimate.n,
        "clusters": estimate.clusters,
    }


def _not_tested(lines: Sequence[str]) -> None:
    with st.container(border=True):
        st.subheader("Not tested")
        st.text("\n".join(f"• {line}" for line in lines))


def _more(run: Summary, measured: Sequence[FindingRow], groups: Sequence[GroupMetric]) -> None:
    """Draws what no verdict rests on."""
    if measured and len(measured[0].checkpoints) > 1:
        with st.expander("Each checkpoint"):
            draw(checkpoint_dots(measured), "One mark per checkpoint and contrast.")
    if run.described:
        with st.expander("Other measures of the same pairs: no verdict rests on them"):
            _table([{"measure": shown(f.metric), **_measured(f)} for f in run.described])
    if groups:
        with st.expander("Outcomes by group", expanded=not run.judged):
            _table([_group_row(group) for group in groups])


def _group_row(group: GroupMetric) -> dict[str, Any]:
    estimate = group.estimate
    return {
        "column": group.column,
        "group": group.group,
        "measure": shown(group.metric),
        # A rate or a count has no direction.
        f"value [{estimate.level:.0%}]": number(estimate, signed=False),
        "rows": estimate.n,
        "note": estimate.reason or "",
        "model": group.model_id,
    }


def _coverage(cover: Coverage) -> None:
    st.subheader("What was looked at")
    if not cover.attributes:
        st.text(f"{cover.texts:,} rows")
    else:
        st.text(f"{cover.texts:,} texts in {cover.clusters:,} clusters")
        _table([_attribute_row(*each) for each in cover.attributes.items()])
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


def _table(rows: Sequence[Mapping[str, Any]]) -> None:
    st.dataframe(pd.DataFrame(list(rows)), hide_index=True, width="stretch")


show(summary(), evidence().group_metrics)

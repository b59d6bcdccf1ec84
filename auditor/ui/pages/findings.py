"""Findings: the verdict in words, each finding with its interval, what was not tested."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from auditor.report.charts import checkpoint_dots, contrast_name, forest_plot
from auditor.report.summarize import FindingRow, Summary, summarize
from auditor.report.words import ABSENCE, MARKS, QUANTITY, SCOPE, number, shown
from auditor.ui.state import evidence


def show(summary: Summary) -> None:
    """Draws the page."""
    verdict = summary.verdict.value
    st.title(f"{MARKS[verdict]} {verdict.capitalize()}")
    st.text(f"{summary.name}\n{summary.verdict_reason}")
    measured = [f for f in summary.judged if f.estimate.value is not None]
    if measured:
        quantity = QUANTITY[summary.governing]
        st.caption(f"Criterion: {quantity} changes by at most {summary.delta} either way.")
        st.altair_chart(forest_plot(measured, summary.delta), theme=None)
    _table("Findings", summary.judged)
    if measured and len(measured[0].checkpoints) > 1:
        with st.expander("Each checkpoint"):
            st.altair_chart(checkpoint_dots(measured), theme=None)
    with st.expander("Other measures of the same pairs"):
        _table("No verdict rests on these", summary.described)
    if summary.groups:
        _groups(summary)
    with st.container(border=True):
        st.subheader("Not tested")
        for line in summary.not_tested:
            st.text(f"• {line}")
    _coverage(summary)
    st.caption(f"{SCOPE} {ABSENCE}")


def _table(title: str, findings: list[FindingRow]) -> None:
    if findings:
        st.subheader(title)
        rows = [_row(finding) for finding in findings]
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


def _row(finding: FindingRow) -> dict[str, object]:
    estimate, verdict = finding.estimate, finding.verdict
    row: dict[str, object] = {
        "contrast": contrast_name(finding),
        "effect [95 %]": number(estimate),
        "pairs": estimate.n,
        "clusters": estimate.clusters,
    }
    if verdict is None:
        return {"measure": shown(finding.metric), **row}
    return {
        "verdict": f"{MARKS[verdict.value]} {verdict.value}",
        **row,
        "holds in": f"{finding.holds_in} of {len(finding.checkpoints)}",
        "why": finding.verdict_reason,
    }


def _groups(summary: Summary) -> None:
    st.subheader("Outcomes by group")
    rows = [
        {
            "column": group.column,
            "group": group.group,
            "measure": shown(group.metric),
            "value [95 %]": number(group.estimate),
            "rows": group.estimate.n,
        }
        for group in summary.groups
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


def _coverage(summary: Summary) -> None:
    st.subheader("What was looked at")
    cover = summary.coverage
    st.text(f"{cover.texts:,} texts in {cover.clusters:,} clusters")
    rows = [
        {
            "attribute": shown(name),
            "texts with a mention": each["texts_with_mention"],
            "pairs": each["pairs"],
            "valid": each["by_validity"].get("valid", 0),
        }
        for name, each in cover.attributes.items()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


show(summarize(evidence()))

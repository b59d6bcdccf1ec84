"""A real run folder, made by the pipeline on fakes with known answers, hostile texts in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

import auditor
from auditor.evidence.reader import Evidence
from auditor.records import SCHEMA_VERSION, to_plain
from tests.fakes import LABELS, Biased
from tests.report.factory import evidence
from tests.test_pipeline import PLACES

Open = Callable[..., AppTest]
"""Starts the app on run folders; `page` names the page, else the first."""

HOSTILE = {
    "markup": "The man wrote <script>alert(1)</script> and <img src=x onerror=alert(2)> in it.",
    "markdown": "The man put **bold** and [a link](https://example.org) and # here.",
    "emoji": "The man typed :smile: and :material/delete: and :red[red] there.",
    "latex": "The man owed $x^2$ and $$y$$ there.",
    "control": "The man left \0 and \x1b[31m there.",
    "right_to_left": "\u200fשלום the man عربي there.",
    "lines": "The man\n    said\n\n  this there.",
    "long": "The man " + "went on " * 6_250 + "there.",
}
"""Each is shown as text and nothing else."""


class Reader(HTMLParser):
    """Reads what a browser would show, and which tags it would make."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.shown, self.tags = "", set[str]()
        self.feed(body)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.shown += data


def make_run(folder: Path, places: int = len(PLACES)) -> Path:
    """Returns the folder of a run on two checkpoints: women score .43 lower, about half flip."""
    texts = [f"The man waited at the {place}." for place in PLACES[:places]]
    frame = pd.DataFrame({"t": [*texts, *HOSTILE.values()]})
    frame["sex"] = ["f" if i % 2 else "m" for i in range(len(frame))]
    model = Biased("woman", penalty=0.43, base=0.93, noise=0.05)
    auditor.audit(
        None, frame, models=[model, model], text="t", attributes=["gender"], labels=LABELS,
        favourable="positive", protected=["sex"], name="**Audit** <b>of</b> :smile:", out=folder,
    )  # fmt: skip
    return folder


def made_up_run(folder: Path, made: Evidence | None = None) -> Path:
    """Returns a run folder made from records: every part that a finding or a report can have.

    Args:
        made: other records than the report's, made in the same folder.
    """
    made = evidence(folder) if made is None else made
    files = {
        "run.json": made.record,
        "plan.json": {"plan": made.plan.model_dump(mode="json")},
        "findings.json": to_plain(made.results),
    }
    for name, values in files.items():
        whole = json.dumps({"schema_version": SCHEMA_VERSION, **values})
        (folder / "evidence" / name).write_text(whole, encoding="utf-8")
    return folder


def words(app: AppTest) -> str:
    """Returns every text of the page as a person reads it, and the HTML bodies as sent."""
    parts = (*app.title, *app.subheader, *app.error, *app.text, *app.caption, *app.code)
    return "\n".join([*(str(part.value) for part in parts), *html(app)])


def html(app: AppTest) -> list[str]:
    """Returns the body of every HTML element of the page."""
    return [str(element.proto.body) for element in app.get("html")]


def choose_row(app: AppTest, table: str, row: int) -> AppTest:
    """Selects a row of a table, as a click on its box does."""
    app.session_state[table] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return app.run()

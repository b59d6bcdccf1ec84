"""What the README shows in Python runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import auditor
from auditor.circuits.circuit import Circuit
from tests.conftest import ROOT
from tests.models.conftest import tiny, tokenizer

TEXT = (ROOT / "README.md").read_text("utf-8")


def shown(call: str) -> str:
    """Returns the block of Python in which something is called."""
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    [block] = [block for block in blocks if call in block]
    return str(block)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model that has the README's label."""
    folder = tmp_path_factory.mktemp("model")
    names = {0: "negative", 1: "positive"}
    tiny("bert", id2label=names, label2id={v: k for k, v in names.items()}).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def test_the_example_of_circuits_runs(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"auditor": auditor}
    exec(shown("find_circuit").replace("path-or-id", str(model)), names)  # noqa: S102 - our own
    circuit = names["circuit"]
    assert isinstance(circuit, Circuit)
    assert circuit.record.sentence in capsys.readouterr().out
    assert circuit.record.pairs is not None
    assert circuit.record.pairs.of == len(names["texts"]) == 24
    assert {"score", "exact", "low", "high", "p", "inclusion"} <= set(circuit.nodes.columns)
    assert circuit.record.metric == "log-odds of 'positive'"


def test_every_public_call_is_shown() -> None:
    calls = [name for name in auditor.__all__ if name.islower() and not name.startswith("_")]
    assert "token_contrast" in calls
    assert [name for name in calls if f"{name}(" not in TEXT] == []

"""The registry of methods: light to import, and true in what it says of each."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import numpy as np
import pytest

from auditor.attributions.methods import METHODS, MethodInfo, method
from auditor.errors import ModelError, PlanError
from auditor.models.callables import CallableModel
from auditor.plan import ScoringPlan
from auditor.plan_attributions import SecondOpinion
from tests.attributions.tiny_models import TEXTS, every_output, family, found
from tests.fakes import LABELS, constant

INFOS = pytest.mark.parametrize("info", METHODS.values(), ids=METHODS)


def test_the_methods_are_shaps_and_the_plans_second_opinions() -> None:
    assert tuple(METHODS) == ("owen", *get_args(SecondOpinion))
    assert [each.name for each in METHODS.values()] == list(METHODS)


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    assert method("owen") is METHODS["owen"]
    with pytest.raises(PlanError, match="no method 'lime'; the methods are owen, input_x_gradient"):
        method("lime")


def test_only_owen_is_called_shap() -> None:
    assert [name for name, info in METHODS.items() if "shap" in info.meaning.lower()] == ["owen"]


def test_the_registry_imports_neither_torch_nor_shap() -> None:
    code = (
        "import sys, auditor.attributions.methods\n"
        "print([name for name in ('torch', 'shap', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@INFOS
def test_what_is_said_of_a_method_holds(info: MethodInfo) -> None:
    model = family("bert")
    answers = found(info.call(model, TEXTS, every_output(model)))
    assert {each.method for each in answers} == {info.name}
    values = np.concatenate([each.values for each in answers])
    assert (values < 0).any() == info.signed
    residuals = np.array([each.residual for each in answers])
    assert (np.abs(residuals) < 0.01).all() if info.adds_up else np.isnan(residuals).all()


@INFOS
def test_only_methods_that_need_weights_refuse_a_function(info: MethodInfo) -> None:
    model = CallableModel(constant, ScoringPlan(labels=tuple(LABELS)), model_id="mine")
    if info.needs_weights:
        with pytest.raises(ModelError, match="no weights"):
            info.call(model, TEXTS, every_output(model))
    else:
        assert len(found(info.call(model, TEXTS, every_output(model)))) == len(TEXTS)

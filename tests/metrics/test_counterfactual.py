"""The registry of metrics, and one metric of one contrast."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from auditor.metrics.clusters import ClusterMeans
from auditor.metrics.counterfactual import METRICS, measure
from auditor.plan_metrics import MetricPlan

VALUES = np.linspace(-0.2, 0.3, 30)


def test_every_metric_says_what_it_is() -> None:
    for name, metric in METRICS.items():
        assert name == metric.name
        assert metric.description.endswith(".")
        assert metric.unit
        assert metric.neutral == 0


def test_every_metric_that_may_govern_is_signed() -> None:
    governing = MetricPlan.model_fields["governing"].annotation
    names = getattr(governing, "__args__", ())
    assert names
    assert all(METRICS[name].signed for name in names if name != "auto")


@pytest.mark.parametrize("name", list(METRICS))
def test_an_estimate_carries_unit_counts_and_method(name: str) -> None:
    values = VALUES if METRICS[name].signed else np.abs(VALUES)
    means = ClusterMeans("probability", {name: values}, {name: 90})
    found = measure(METRICS[name], "c", means, seed=0).estimate
    assert (found.n, found.clusters) == (90, 30)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert found.unit == METRICS[name].unit_in(means)
    assert found.method


@pytest.mark.parametrize("name", list(METRICS))
def test_a_value_is_that_of_numpy(name: str) -> None:
    values = VALUES if METRICS[name].signed else np.abs(VALUES)
    means = ClusterMeans("probability", {name: values}, {name: 90})
    found = measure(METRICS[name], "c", means, seed=0).estimate
    expected = {
        "root mean": values.mean() ** 0.5,
        "95th percentile": np.sort(values)[28],  # the 29th of 30: 95 % are no larger
    }.get(METRICS[name].kind, values.mean())
    assert found.value == pytest.approx(expected, abs=1e-15)


def test_an_unsigned_metric_never_has_a_negative_bound() -> None:
    name = "mean_absolute_effect"
    values = np.array([0.0] * 30 + [0.9])
    means = ClusterMeans("probability", {name: values}, {name: 31})
    found = measure(METRICS[name], "c", means, seed=0).estimate
    assert found.low == 0


def test_records_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        METRICS["flip_rate"].unit = "other"  # type: ignore[misc]
